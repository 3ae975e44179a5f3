-- The longest due first, as many as fit the bytes, and at least one.
UPDATE workouts SET
    resends = resends + 1,
    due_at_ms = :now_ms + min(60000 << min(resends, 11), 86400000)
WHERE rowid IN (
    SELECT id FROM (
        SELECT id, bytes, sum(bytes) OVER (ORDER BY due_at_ms, id) AS total FROM (
            SELECT rowid AS id, due_at_ms, octet_length(document) + octet_length(own_exercises) AS bytes
            FROM workouts INDEXED BY workouts_due
            WHERE due_at_ms <= :now_ms AND {condition}
            ORDER BY due_at_ms LIMIT :rows_max
        )
    )
    WHERE total <= :bytes_max OR total = bytes
)
RETURNING {workout_columns}
