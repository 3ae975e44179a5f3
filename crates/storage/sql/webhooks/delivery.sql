SELECT {columns} FROM webhook_deliveries
WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND delivery_id = :delivery_id
