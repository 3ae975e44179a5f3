SELECT
    matched,
    (
        SELECT event_id FROM webhook_deliveries
        WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND delivery_id = first_id
    ) AS event_id
FROM (SELECT count(*) AS matched, min(delivery_id) AS first_id FROM ({retryable_deliveries}))
