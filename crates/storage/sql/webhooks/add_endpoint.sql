INSERT INTO webhook_endpoints (
    athlete_id, endpoint_id, url, description, event_types, form, version, signing_keys, created_at_ms
)
SELECT
    :athlete_id, :endpoint_id, :url, :description, :event_types, :form, :version, :signing_keys, :now_ms
WHERE {live_key} AND (SELECT count(*) FROM webhook_endpoints WHERE athlete_id = :athlete_id) < :endpoints_max
