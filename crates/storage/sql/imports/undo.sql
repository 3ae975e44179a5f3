-- Deletes workouts of an import that was taken back, as many as fit the bytes, and at least one. The window function
-- makes SQLite compute the positions of the changes before it changes a row.
UPDATE workouts SET
    revision = workouts.revision + 1, status = 'deleted', change_seq = removed.change_seq, changed_at_ms = :now_ms,
    due_at_ms = :due_at_ms, resends = 0, traceparent = :traceparent,
    imported = json_set(workouts.imported, '$.revision', workouts.revision + 1)
FROM (
    SELECT
        id, (SELECT max(change_seq) FROM workouts AS mine WHERE mine.athlete_id = :athlete_id)
            + row_number() OVER (ORDER BY workout_id) AS change_seq
    FROM (
        SELECT id, workout_id, bytes, sum(bytes) OVER (ORDER BY workout_id) AS total FROM (
            SELECT rowid AS id, workout_id, octet_length(document) + octet_length(own_exercises) AS bytes
            FROM workouts WHERE {created_and_unchanged}
            ORDER BY workout_id LIMIT :rows_max
        )
    )
    WHERE (total <= :bytes_max OR total = bytes) AND EXISTS (
        SELECT 1 FROM imports WHERE athlete_id = :athlete_id AND import_id = :import_id AND is_undoing = 1
    )
) AS removed
WHERE workouts.rowid = removed.id
RETURNING {workout_columns}
