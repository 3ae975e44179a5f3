SELECT {workout_columns}, change_seq FROM workouts INDEXED BY workouts_by_change
WHERE athlete_id = :athlete_id AND change_seq > :seq AND changed_at_ms >= :instant_ms
ORDER BY change_seq LIMIT :limit
