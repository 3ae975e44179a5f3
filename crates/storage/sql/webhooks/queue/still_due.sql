SELECT due.athlete_id, due.endpoint_id, due.delivery_id, due.event_id, due.attempt
FROM json_each(:list) AS asked
JOIN webhook_endpoints AS endpoint
    ON endpoint.athlete_id = asked.value ->> 'athlete_id' AND endpoint.endpoint_id = asked.value ->> 'endpoint_id'
    AND endpoint.lease_id = :lease_id AND endpoint.status = 'enabled' AND asked.value ->> 'rest_until_ms' <= :now_ms
JOIN webhook_deliveries AS due
    ON due.athlete_id = endpoint.athlete_id AND due.endpoint_id = endpoint.endpoint_id
    AND due.delivery_id = (
        SELECT delivery_id FROM webhook_deliveries AS first
        WHERE first.athlete_id = endpoint.athlete_id AND first.endpoint_id = endpoint.endpoint_id
            AND first.status = 'waiting' AND first.due_at_ms <= :now_ms
        ORDER BY first.due_at_ms, first.delivery_id LIMIT 1
    )
