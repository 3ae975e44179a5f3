-- The deliveries that wait at the endpoints of a list that were just disabled.
json_each(:list)
JOIN webhook_endpoints AS endpoint
    ON endpoint.athlete_id = value ->> 'athlete_id' AND endpoint.endpoint_id = value ->> 'endpoint_id'
    AND endpoint.generation = value ->> 'generation' AND endpoint.status = 'disabled'
JOIN webhook_deliveries AS waiting INDEXED BY webhook_deliveries_lane
    ON waiting.athlete_id = endpoint.athlete_id AND waiting.endpoint_id = endpoint.endpoint_id
    AND waiting.status = 'waiting'
WHERE value ->> 'disabled_reason' IS NOT NULL
