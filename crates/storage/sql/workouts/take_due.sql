-- The longest due first.
UPDATE workouts SET
    resends = resends + 1,
    due_at_ms = :now_ms + min(60000 << min(resends, 11), 86400000)
WHERE rowid IN (
    SELECT id FROM (
        WITH page AS (
            SELECT rowid AS id, octet_length(document) + octet_length(own_exercises) AS bytes
            FROM workouts INDEXED BY workouts_due
            WHERE due_at_ms <= :now_ms AND {condition}
            ORDER BY due_at_ms, id LIMIT :limit
        )
        {that_fit}
    )
)
RETURNING {workout_columns}
