-- Of the newest :scanned_max dead letters of these statuses.
SELECT
    queue, event_type, reason_group, count(*) AS count, min(failed_at_ms) AS first_failed_at_ms,
    max(failed_at_ms) AS last_failed_at_ms
FROM dead_letters
WHERE dead_letter_id IN (
        SELECT dead_letter_id FROM dead_letters INDEXED BY dead_letters_by_status
        WHERE status IN (SELECT value FROM json_each(:statuses)) ORDER BY failed_at_ms DESC LIMIT :scanned_max
    )
    AND {matches_filter}
GROUP BY queue, event_type, reason_group
ORDER BY count DESC, last_failed_at_ms DESC LIMIT :limit
