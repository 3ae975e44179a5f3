-- Stores those of the workouts that the athlete does not have. Returns those of an earlier attempt too, if they are
-- unchanged.
INSERT INTO workouts (
    athlete_id, workout_id, revision, completed_revision, status, change_seq, local_date, started_at_ms, created_at_ms,
    changed_at_ms, due_at_ms, body_weight_grams, traceparent, own_exercises, document
)
SELECT
    :athlete_id, row.value ->> 'workout_id', 1, row.value ->> 'status' = 'completed', row.value ->> 'status',
    (SELECT coalesce(max(change_seq), 0) FROM workouts WHERE athlete_id = :athlete_id)
        + row_number() OVER (ORDER BY row.key),
    row.value ->> 'local_date', row.value ->> 'started_at_ms', :now_ms, :now_ms, :due_at_ms, {body_weight}, :traceparent,
    row.value -> 'own_exercises', row.value ->> 'document'
FROM json_each(:rows) AS row
WHERE NOT {duplicate}
ON CONFLICT (athlete_id, workout_id) DO UPDATE SET revision = revision WHERE revision = 1
RETURNING workout_id, body_weight_grams
