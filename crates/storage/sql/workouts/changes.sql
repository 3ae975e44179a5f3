SELECT {workout_columns}, change_seq, found FROM (
    WITH page AS (
        SELECT rowid AS id, octet_length(document) + octet_length(own_exercises) AS bytes
        FROM workouts INDEXED BY workouts_by_change
        WHERE athlete_id = :athlete_id AND change_seq > :seq AND changed_at_ms >= :instant_ms
        ORDER BY change_seq LIMIT :limit + 1
    )
    {that_fit}
) AS fit
CROSS JOIN workouts ON workouts.rowid = fit.id
ORDER BY place
