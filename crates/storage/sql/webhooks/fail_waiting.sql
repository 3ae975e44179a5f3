-- Fails the waiting deliveries of an endpoint that its owner disables.
UPDATE webhook_deliveries INDEXED BY webhook_deliveries_lane SET status = 'failed', attempts = {log_with_entry}
WHERE athlete_id = :athlete_id AND endpoint_id = :endpoint_id AND status = 'waiting' AND {live_key}
