-- A StoredWorkout.
athlete_id, workout_id, revision, completed_revision, status, document, nullif(own_exercises, '{}') AS own_exercises,
body_weight_grams, changed_at_ms, due_at_ms, traceparent
