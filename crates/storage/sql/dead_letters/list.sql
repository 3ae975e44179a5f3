SELECT {dead_letter_columns}, found FROM (
    WITH page AS (
        SELECT
            dead_letter_id AS id,
            octet_length(reason) + octet_length(reason_group) + octet_length(queue) + coalesce(octet_length(event_id), 0)
                + coalesce(octet_length(event_type), 0) + coalesce(octet_length(athlete_id), 0)
                + coalesce(octet_length(traceparent), 0) + coalesce(octet_length(note), 0) AS bytes
        FROM dead_letters
        WHERE {matches_filter}
            AND (:after_ms IS NULL OR (failed_at_ms, dead_letter_id) < (:after_ms, :after_id))
        ORDER BY failed_at_ms DESC, dead_letter_id DESC LIMIT :limit + 1
    )
    {that_fit}
) AS fit
CROSS JOIN dead_letters ON dead_letter_id = fit.id
ORDER BY place
