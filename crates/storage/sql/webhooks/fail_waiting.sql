-- Fails waiting deliveries of disabled endpoints; their owners can retry them. The sweep fails those above the limit.
UPDATE webhook_deliveries SET status = 'failed', attempts = {log_with_entry}
WHERE (athlete_id, endpoint_id, delivery_id) IN (
    SELECT waiting.athlete_id, waiting.endpoint_id, waiting.delivery_id FROM {waiting} LIMIT :failed_max
)
RETURNING delivery_id
