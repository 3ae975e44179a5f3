-- The number of deliveries that wait at an endpoint.
(
    SELECT count(*) FROM webhook_deliveries AS waiting
    WHERE waiting.athlete_id = :athlete_id AND waiting.endpoint_id = :endpoint_id AND waiting.status = 'waiting'
)
