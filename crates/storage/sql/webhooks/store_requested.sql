-- Stores a delivery that the owner of the endpoint requested, due at once.
INSERT INTO webhook_deliveries (
    athlete_id, endpoint_id, delivery_id, event_id, event_type, body, traceparent, created_at_ms, due_at_ms
)
SELECT athlete_id, endpoint_id, :delivery_id, :event_id, :event_type, :body, :traceparent, :now_ms, :now_ms
FROM webhook_endpoints
WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND status = 'enabled'
    AND {waiting_deliveries} < :waiting_max AND {live_key}
RETURNING delivery_id
