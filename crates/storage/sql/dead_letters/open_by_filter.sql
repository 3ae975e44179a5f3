-- True of an open dead letter of a filter, without a current claim or a failure after :now_ms.
{matches_filter} AND status = 'open' AND claimed_until_ms <= :now_ms AND failed_at_ms <= :now_ms
