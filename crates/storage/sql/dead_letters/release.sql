UPDATE dead_letters SET claimed_until_ms = 0, redrives = redrives - 1, history = {history_with_entry}
WHERE dead_letter_id IN (SELECT value FROM json_each(:ids)) AND claim_id = :action_id AND claimed_until_ms > 0
