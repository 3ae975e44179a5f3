SELECT {delivery_columns}, found FROM (
    WITH page AS (
        SELECT delivery_id AS id, octet_length(attempts) AS bytes FROM webhook_deliveries
        WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND (:status IS NULL OR status = :status)
            AND (:before_id IS NULL OR delivery_id < :before_id)
        ORDER BY delivery_id DESC LIMIT :limit + 1
    )
    {that_fit}
) AS fit
CROSS JOIN webhook_deliveries
    ON athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND delivery_id = fit.id
ORDER BY place
