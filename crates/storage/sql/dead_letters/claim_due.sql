-- Claims the dead letters that have been due the longest for a sweep.
UPDATE dead_letters SET claim_id = :claim_id, claimed_until_ms = :claimed_until_ms
WHERE dead_letter_id IN (
    SELECT id FROM (
        WITH page AS (
            SELECT dead_letter_id AS id, octet_length(coalesce(edited_body, body)) AS bytes
            FROM dead_letters INDEXED BY dead_letters_due
            WHERE due_at_ms <= :now_ms AND status = 'waiting' AND claimed_until_ms <= :now_ms
            ORDER BY due_at_ms, dead_letter_id LIMIT :limit
        )
        {that_fit}
    )
)
RETURNING dead_letter_id, queue, failed_at_ms, coalesce(edited_body, body) AS body
