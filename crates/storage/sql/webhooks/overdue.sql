-- SQLite takes the columns next to min() from the same row.
SELECT
    delivery.athlete_id, delivery.endpoint_id, delivery.delivery_id, delivery.event_id, delivery.attempt,
    min(delivery.due_at_ms) AS due_at_ms
FROM webhook_deliveries AS delivery INDEXED BY webhook_deliveries_due
JOIN webhook_endpoints AS endpoint
    ON endpoint.athlete_id = delivery.athlete_id AND endpoint.endpoint_id = delivery.endpoint_id
    AND endpoint.status = 'enabled' AND endpoint.leased_until_ms <= :now_ms
WHERE delivery.status = 'waiting' AND delivery.due_at_ms <= :now_ms
GROUP BY delivery.athlete_id, delivery.endpoint_id
ORDER BY due_at_ms LIMIT :limit
