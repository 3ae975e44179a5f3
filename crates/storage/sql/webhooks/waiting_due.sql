-- The due deliveries that wait at any disabled endpoint.
webhook_deliveries AS waiting INDEXED BY webhook_deliveries_due
JOIN webhook_endpoints AS endpoint
    ON endpoint.athlete_id = waiting.athlete_id AND endpoint.endpoint_id = waiting.endpoint_id
    AND endpoint.status = 'disabled'
WHERE waiting.status = 'waiting' AND waiting.due_at_ms <= :now_ms
