-- Fails the waiting deliveries of an endpoint that was just disabled; its owner can retry them.
UPDATE webhook_deliveries INDEXED BY webhook_deliveries_lane SET status = 'failed', attempts = {log_with_entry}
FROM (
    SELECT endpoint.athlete_id, endpoint.endpoint_id
    FROM json_each(:list)
    JOIN webhook_endpoints AS endpoint
        ON endpoint.athlete_id = value ->> 'athlete_id' AND endpoint.endpoint_id = value ->> 'endpoint_id'
        AND endpoint.generation = value ->> 'generation' AND endpoint.status = 'disabled'
    WHERE value ->> 'disabled_reason' IS NOT NULL
) AS disabled
WHERE webhook_deliveries.athlete_id = disabled.athlete_id AND webhook_deliveries.endpoint_id = disabled.endpoint_id
    AND webhook_deliveries.status = 'waiting'
