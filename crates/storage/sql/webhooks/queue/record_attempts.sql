-- Records nothing for a delivery with another claim. If the endpoint was disabled in the meantime, records only that
-- the delivery arrived.
UPDATE webhook_deliveries SET
    status = done.status, attempt = done.attempt, due_at_ms = done.due_at_ms, attempts = {log_with_entry}
FROM (
    SELECT
        value ->> 'athlete_id' AS athlete_id, value ->> 'endpoint_id' AS endpoint_id,
        value ->> 'delivery_id' AS delivery_id, value ->> 'taken_until_ms' AS taken_until_ms,
        value ->> 'attempt' AS attempt, value ->> 'status' AS status, value ->> 'due_at_ms' AS due_at_ms,
        value -> 'entry' AS entry
    FROM json_each(:list)
) AS done
WHERE webhook_deliveries.athlete_id = done.athlete_id AND webhook_deliveries.endpoint_id = done.endpoint_id
    AND webhook_deliveries.delivery_id = done.delivery_id AND webhook_deliveries.due_at_ms = done.taken_until_ms
    AND (
        webhook_deliveries.status = 'waiting'
        OR webhook_deliveries.status = 'failed' AND done.status = 'delivered'
    )
