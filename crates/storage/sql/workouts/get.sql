SELECT {workout_columns} FROM workouts
WHERE athlete_id = :athlete_id AND workout_id = :workout_id AND status <> 'deleted'
