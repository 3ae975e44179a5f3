-- The workout of an Idempotency-Key, deleted or not.
SELECT {workout_columns}, request_hash FROM workouts WHERE athlete_id = :athlete_id AND workout_id = :workout_id
