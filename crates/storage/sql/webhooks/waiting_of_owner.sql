-- The deliveries that wait at an endpoint of the caller.
webhook_deliveries AS waiting INDEXED BY webhook_deliveries_lane
WHERE waiting.athlete_id = :athlete_id AND waiting.endpoint_id = :endpoint_id AND waiting.status = 'waiting'
    AND {live_key}
