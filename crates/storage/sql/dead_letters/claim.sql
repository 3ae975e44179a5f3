-- Claims the oldest dead letters for an operator. A repeat does not claim one twice. The outages of before count no more.
UPDATE dead_letters SET
    claim_id = :action_id, claimed_until_ms = :claimed_until_ms, redrives = redrives + 1, failures = 0,
    history = {history_with_entry}, edited_body = coalesce(:edited_body, edited_body)
WHERE dead_letter_id IN (
    SELECT id FROM (
        WITH page AS (
            SELECT dead_letter_id AS id, octet_length(coalesce(edited_body, body)) AS bytes FROM dead_letters
            WHERE {open} AND claim_id <> :action_id AND {not_looping}
            ORDER BY failed_at_ms, dead_letter_id LIMIT :limit
        )
        {that_fit}
    )
)
RETURNING dead_letter_id, queue, failed_at_ms, coalesce(edited_body, body) AS body
