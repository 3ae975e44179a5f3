-- The ids of an endpoint's deliveries that failed, and of those that wait for a retry that is not soon: the oldest first,
-- read in an index alone.
SELECT delivery_id FROM webhook_deliveries INDEXED BY webhook_deliveries_lane
WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND created_at_ms >= :since_ms
    AND status IN ('failed', 'waiting') AND (status = 'failed' OR due_at_ms > :soon_ms)
ORDER BY delivery_id LIMIT :retried_max
