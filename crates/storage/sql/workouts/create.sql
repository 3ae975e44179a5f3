-- Stores a workout if the key is live, no exercise is unknown, and no workout has its id: one with an Idempotency-Key
-- has an id that is derived from it.
INSERT INTO workouts (
    athlete_id, workout_id, revision, completed_revision, status, change_seq, local_date, started_at_ms, created_at_ms,
    changed_at_ms, due_at_ms, body_weight_grams, traceparent, request_hash, own_exercises, document
)
SELECT
    :athlete_id, :workout_id, 1, :completed_revision, :status, {next_change}, :local_date, :started_at_ms, :now_ms,
    :now_ms, :due_at_ms, {body_weight}, :traceparent, :request_hash, {own_exercises}, :document
FROM api_keys AS key
WHERE {key_is_live} AND {condition}
ON CONFLICT (athlete_id, workout_id) DO NOTHING
RETURNING nullif(own_exercises, '{}') AS own_exercises, body_weight_grams
