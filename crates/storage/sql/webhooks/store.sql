-- Stores deliveries, due at once. Duplicates and disabled endpoints are skipped.
INSERT INTO webhook_deliveries (
    athlete_id, endpoint_id, delivery_id, event_id, event_type, body, traceparent, created_at_ms, due_at_ms
)
SELECT
    endpoint.athlete_id, endpoint.endpoint_id, value ->> 'delivery_id', value ->> 'event_id', value ->> 'event_type',
    value ->> 'body', value ->> 'traceparent', :now_ms, :now_ms
FROM json_each(:deliveries)
JOIN webhook_endpoints AS endpoint
    ON endpoint.athlete_id = value ->> 'athlete_id' AND endpoint.endpoint_id = value ->> 'endpoint_id'
    AND endpoint.status = 'enabled'
WHERE value ->> 'delivery_id' >= :oldest_kept
ON CONFLICT DO NOTHING
RETURNING athlete_id, endpoint_id, delivery_id, event_id, attempt
