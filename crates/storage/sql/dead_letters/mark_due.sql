-- The claim of a sweep is gone where an operator acted meanwhile, or where the event has failed again.
UPDATE dead_letters SET status = 'redriven', due_at_ms = NULL, claimed_until_ms = 0, history = {history_with_entry}
WHERE dead_letter_id IN (SELECT value FROM json_each(:ids)) AND claim_id = :claim_id AND claimed_until_ms > 0
