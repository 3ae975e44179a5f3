-- The workouts that are unchanged since they were read. The window function makes SQLite compute the positions
-- of the changes before it changes a row.
UPDATE workouts SET
    status = 'completed', document = read.document, revision = workouts.revision + 1,
    completed_revision = workouts.revision + 1, changed_at_ms = :now_ms, due_at_ms = :due_at_ms, resends = 0,
    change_seq = read.change_seq
FROM (
    SELECT
        stored.rowid AS id, entry.value ->> 'document' AS document,
        (SELECT max(change_seq) FROM workouts AS mine WHERE mine.athlete_id = stored.athlete_id)
            + row_number() OVER (PARTITION BY stored.athlete_id ORDER BY entry.key) AS change_seq
    FROM json_each(:completed) AS entry
    CROSS JOIN workouts AS stored
        ON stored.athlete_id = entry.value ->> 'athlete_id' AND stored.workout_id = entry.value ->> 'workout_id'
        AND stored.revision = entry.value ->> 'revision'
    WHERE stored.status = 'in_progress'
) AS read
WHERE workouts.rowid = read.id
RETURNING athlete_id, workout_id
