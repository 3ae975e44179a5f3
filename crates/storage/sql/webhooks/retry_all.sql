-- Makes deliveries due now, at the beginning of their schedules; their logs stay.
UPDATE webhook_deliveries SET status = 'waiting', attempt = 0, due_at_ms = :now_ms
WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND delivery_id IN ({retryable_deliveries})
    AND EXISTS (
        SELECT 1 FROM webhook_endpoints
        WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND status = 'enabled'
    )
    AND {live_key}
