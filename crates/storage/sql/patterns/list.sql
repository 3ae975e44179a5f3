SELECT pattern.*, found FROM (
    WITH page AS (
        SELECT pattern_id AS id, octet_length(evidence) + octet_length(title) + octet_length(recommendation) AS bytes
        FROM patterns
        WHERE athlete_id = :athlete_id AND (:status IS NULL OR status = :status)
        ORDER BY detected_at_ms DESC, pattern_id LIMIT :limit + 1
    )
    {that_fit}
) AS fit
CROSS JOIN patterns AS pattern ON pattern.athlete_id = :athlete_id AND pattern.pattern_id = fit.id
ORDER BY place
