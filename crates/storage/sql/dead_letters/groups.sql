SELECT
    queue, event_type, reason_group, count(*) AS count, min(failed_at_ms) AS first_failed_at_ms,
    max(failed_at_ms) AS last_failed_at_ms
FROM dead_letters
WHERE {matches_filter}
GROUP BY queue, event_type, reason_group
ORDER BY count DESC, last_failed_at_ms DESC LIMIT :limit
