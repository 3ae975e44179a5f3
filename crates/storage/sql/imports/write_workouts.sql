-- Stores new workouts, and changes stored ones that still have the revision that was read. A new one is not stored if
-- there is a workout of its time that was not compared with it. Start and day stay as they are. Returns what was written.
INSERT INTO workouts (
    athlete_id, workout_id, revision, completed_revision, status, change_seq, local_date, started_at_ms, created_at_ms,
    changed_at_ms, due_at_ms, body_weight_grams, traceparent, imported, own_exercises, document
)
SELECT
    :athlete_id, row.value ->> 'workout_id', row.value ->> 'revision', row.value ->> 'status' = 'completed',
    row.value ->> 'status',
    (SELECT coalesce(max(change_seq), 0) FROM workouts WHERE athlete_id = :athlete_id)
        + row_number() OVER (ORDER BY row.key),
    row.value ->> 'local_date', row.value ->> 'started_at_ms', :now_ms, :now_ms, :due_at_ms, {body_weight}, :traceparent,
    row.value -> 'imported', row.value -> 'own_exercises', row.value ->> 'document'
FROM json_each(:rows) AS row
WHERE NOT EXISTS (
    SELECT 1 FROM imports WHERE athlete_id = :athlete_id AND import_id = :import_id AND undone_at_ms IS NOT NULL
) AND CASE WHEN row.value ->> 'revision' > 1
    THEN EXISTS (
        SELECT 1 FROM workouts AS read
        WHERE read.athlete_id = :athlete_id AND read.workout_id = row.value ->> 'workout_id'
            AND read.revision = (row.value ->> 'revision') - 1
    )
    ELSE row.value ->> 'compared' IS NULL OR NOT EXISTS (
        SELECT 1 FROM workouts AS stored INDEXED BY workouts_by_start
        WHERE {may_be_same}
            AND stored.workout_id NOT IN (SELECT compared.value FROM json_each(row.value, '$.compared') AS compared)
    )
END
ON CONFLICT (athlete_id, workout_id) DO UPDATE SET
    revision = excluded.revision, change_seq = excluded.change_seq, changed_at_ms = excluded.changed_at_ms,
    due_at_ms = excluded.due_at_ms, resends = 0, body_weight_grams = excluded.body_weight_grams,
    traceparent = excluded.traceparent, imported = excluded.imported, own_exercises = excluded.own_exercises,
    document = excluded.document
WHERE workouts.revision = excluded.revision - 1 AND workouts.status = 'completed'
RETURNING workout_id, body_weight_grams
