-- True of a dead letter without a current claim of an operator. The claim of a sweep yields to an operator.
(claimed_until_ms <= :now_ms OR claim_id LIKE 'sweep %')
