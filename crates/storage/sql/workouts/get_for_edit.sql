-- Deleted workouts too: a replay of a set in one is told apart from an unknown workout.
SELECT {workout_columns}, set_keys FROM workouts
WHERE athlete_id = :athlete_id AND workout_id = :workout_id
