-- Stores an Idempotency-Key for an exercise, if it was just added: the list of this revision did not have it.
INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, created, resource_id, created_at_ms)
SELECT athlete_id, :idempotency_key, :request_hash, :created, slug, :now_ms
FROM exercises
WHERE athlete_id = :athlete_id AND slug = :slug AND {same_exercises} AND {live_key}
ON CONFLICT DO NOTHING
