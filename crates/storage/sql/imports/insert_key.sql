INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, created, resource_id, created_at_ms)
SELECT :athlete_id, :idempotency_key, :request_hash, :created, :import_id, :now_ms
WHERE {import_is_stored} AND {live_key}
