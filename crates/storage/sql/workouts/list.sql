SELECT {workout_columns}, started_at_ms, found FROM (
    WITH page AS (
        SELECT rowid AS id, octet_length(document) + octet_length(own_exercises) AS bytes
        FROM workouts INDEXED BY workouts_by_start
        WHERE athlete_id = :athlete_id AND started_at_ms >= :first_ms
            AND (started_at_ms, workout_id) < (:before_ms, :before_id)
            AND local_date BETWEEN coalesce(:from_date, '0000') AND coalesce(:to_date, '9999') AND status <> 'deleted'
        ORDER BY started_at_ms DESC, workout_id DESC LIMIT :limit + 1
    )
    {that_fit}
) AS fit
CROSS JOIN workouts ON workouts.rowid = fit.id
ORDER BY place
