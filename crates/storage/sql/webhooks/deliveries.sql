SELECT {delivery_columns} FROM webhook_deliveries
WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND (:status IS NULL OR status = :status)
    AND (:before_id IS NULL OR delivery_id < :before_id)
ORDER BY delivery_id DESC LIMIT :limit
