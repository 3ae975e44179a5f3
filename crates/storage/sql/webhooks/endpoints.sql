-- The counts only read an index.
SELECT
    endpoint.endpoint_id, endpoint.url, endpoint.description, endpoint.event_types, endpoint.form, endpoint.version,
    endpoint.signing_keys ->> '$[0].signature' AS signature, endpoint.status, endpoint.disabled_reason,
    endpoint.created_at_ms, endpoint.failing_since_ms,
    (
        SELECT count(*) FROM webhook_deliveries AS log
        WHERE log.athlete_id = endpoint.athlete_id AND log.endpoint_id = endpoint.endpoint_id
            AND log.status = 'waiting'
    ) AS waiting,
    (
        SELECT count(*) FROM webhook_deliveries AS log
        WHERE log.athlete_id = endpoint.athlete_id AND log.endpoint_id = endpoint.endpoint_id
            AND log.status = 'delivered'
    ) AS delivered,
    (
        SELECT count(*) FROM webhook_deliveries AS log
        WHERE log.athlete_id = endpoint.athlete_id AND log.endpoint_id = endpoint.endpoint_id
            AND log.status = 'failed'
    ) AS failed
FROM webhook_endpoints AS endpoint
WHERE endpoint.athlete_id = :athlete_id {rest}
