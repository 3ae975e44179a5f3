-- A delivery that this step claimed is due when its lease ends, and keeps its endpoint leased.
UPDATE webhook_endpoints SET lease_id = '', leased_until_ms = 0
WHERE (athlete_id, endpoint_id) IN (
    SELECT value ->> 'athlete_id', value ->> 'endpoint_id' FROM json_each(:list)
)
    AND lease_id = :lease_id
    AND NOT EXISTS (
        SELECT 1 FROM webhook_deliveries AS due
        WHERE due.athlete_id = webhook_endpoints.athlete_id AND due.endpoint_id = webhook_endpoints.endpoint_id
            AND due.status = 'waiting' AND (due.due_at_ms <= :now_ms OR due.due_at_ms = :until_ms)
    )
RETURNING athlete_id, endpoint_id
