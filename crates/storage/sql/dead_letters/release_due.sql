-- Those without a time can never be sent, and are left to an operator.
UPDATE dead_letters SET
    status = iif(:due_at_ms IS NULL, 'open', status), due_at_ms = :due_at_ms, claimed_until_ms = 0
WHERE dead_letter_id IN (SELECT value FROM json_each(:ids)) AND claim_id = :claim_id AND claimed_until_ms > 0
