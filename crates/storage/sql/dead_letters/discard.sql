UPDATE dead_letters SET
    status = 'discarded', note = :note, history = json_insert(history, '$[#]', json(:entry))
WHERE dead_letter_id IN (
    SELECT dead_letter_id FROM dead_letters
    WHERE {open}
    ORDER BY failed_at_ms, dead_letter_id LIMIT :limit
)
RETURNING dead_letter_id
