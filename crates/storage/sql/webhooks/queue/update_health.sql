-- Skips an endpoint that its owner has changed.
UPDATE webhook_endpoints SET
    failing_since_ms = standing.failing_since_ms,
    unsigned_since_ms = standing.unsigned_since_ms,
    status = iif(standing.disabled_reason IS NULL, status, 'disabled'),
    disabled_reason = coalesce(standing.disabled_reason, webhook_endpoints.disabled_reason)
FROM (
    SELECT
        value ->> 'athlete_id' AS athlete_id, value ->> 'endpoint_id' AS endpoint_id,
        value ->> 'generation' AS generation, value ->> 'failing_since_ms' AS failing_since_ms,
        value ->> 'unsigned_since_ms' AS unsigned_since_ms, value ->> 'disabled_reason' AS disabled_reason
    FROM json_each(:list)
) AS standing
WHERE webhook_endpoints.athlete_id = standing.athlete_id AND webhook_endpoints.endpoint_id = standing.endpoint_id
    AND webhook_endpoints.generation = standing.generation AND status = 'enabled'
