UPDATE dead_letters SET
    status = 'discarded', due_at_ms = NULL, claimed_until_ms = 0, note = :note, history = {history_with_entry}
WHERE dead_letter_id IN (
    SELECT dead_letter_id FROM dead_letters
    WHERE {open}
    ORDER BY failed_at_ms, dead_letter_id LIMIT :limit
)
RETURNING dead_letter_id
