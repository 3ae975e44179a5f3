-- The slugs that are neither custom exercises of the athlete nor in the workout.
{unknown_slugs}
AND NOT EXISTS (
    SELECT 1 FROM workouts
    WHERE athlete_id = :athlete_id AND workout_id = :workout_id AND own_exercises -> named.value IS NOT NULL
)
