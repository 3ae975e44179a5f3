-- The inner limit keeps a backlog of thousands from being read for three.
UPDATE webhook_deliveries SET attempt = attempt + 1, due_at_ms = :until_ms
WHERE (athlete_id, endpoint_id, delivery_id) IN (
    SELECT athlete_id, endpoint_id, delivery_id
    FROM (
        SELECT
            due.athlete_id, due.endpoint_id, due.delivery_id, asked.value ->> 1 AS wanted,
            row_number() OVER (
                PARTITION BY due.athlete_id, due.endpoint_id ORDER BY due.due_at_ms, due.delivery_id
            ) AS place
        FROM json_each(:list) AS asked
        JOIN webhook_endpoints AS endpoint
            ON endpoint.athlete_id = asked.value ->> '$[0].athlete_id'
            AND endpoint.endpoint_id = asked.value ->> '$[0].endpoint_id'
            AND endpoint.lease_id = :lease_id AND endpoint.status = 'enabled'
        JOIN webhook_deliveries AS due
            ON due.athlete_id = endpoint.athlete_id AND due.endpoint_id = endpoint.endpoint_id
            AND due.delivery_id IN (
                SELECT delivery_id FROM webhook_deliveries AS first
                WHERE first.athlete_id = endpoint.athlete_id AND first.endpoint_id = endpoint.endpoint_id
                    AND first.status = 'waiting' AND first.due_at_ms <= :now_ms
                ORDER BY first.due_at_ms, first.delivery_id LIMIT :in_flight_max
            )
    )
    WHERE place <= wanted
)
RETURNING
    athlete_id, endpoint_id, delivery_id, event_id, event_type, body, traceparent, attempt, due_at_ms, created_at_ms
