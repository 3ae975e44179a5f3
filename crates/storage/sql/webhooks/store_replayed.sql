-- Stores replayed deliveries of one endpoint, due at once. A failed delivery of the same event starts over, with the
-- new body; any other one stays as it is.
INSERT INTO webhook_deliveries (
    athlete_id, endpoint_id, delivery_id, event_id, event_type, body, traceparent, created_at_ms, due_at_ms
)
SELECT
    endpoint.athlete_id, endpoint.endpoint_id, value ->> 'delivery_id', value ->> 'event_id', value ->> 'event_type',
    value ->> 'body', value ->> 'traceparent', :now_ms, :now_ms
FROM json_each(:deliveries)
JOIN webhook_endpoints AS endpoint
    ON endpoint.athlete_id = :athlete_id AND endpoint.endpoint_id = :endpoint_id AND endpoint.status = 'enabled'
WHERE {waiting_deliveries} < :waiting_max AND {live_key}
ON CONFLICT (athlete_id, endpoint_id, event_id) DO UPDATE SET
    status = 'waiting', attempt = 0, due_at_ms = excluded.due_at_ms, body = excluded.body
WHERE webhook_deliveries.status = 'failed'
RETURNING event_id
