-- The records that workouts hold, [[athlete, workout, exercise], ...], and that are not announced yet: those of a revision
-- of which no event is published. Records of a workout in progress are announced with its completion. Most workouts hold
-- none: their id is searched for before anything is parsed.
SELECT
    record.athlete_id, asked.value ->> 1 AS workout_id, record.exercise || '/' || entry.key AS key,
    entry.value ->> 0 AS value, entry.value ->> 3 AS beaten,
    max(entry.value ->> 4, coalesce(workout.completed_revision, 0)) AS revision,
    (
        SELECT definition ->> 'name' FROM exercises
        WHERE exercises.athlete_id = record.athlete_id AND slug = record.exercise
    ) AS custom_name,
    iif(
        entry.key LIKE 'most_reps@%'
        AND EXISTS (
            SELECT 1 FROM json_each(record.records) AS heavier
            WHERE heavier.key LIKE 'most_reps@%'
                AND CAST(substr(heavier.key, 11) AS INTEGER) > CAST(substr(entry.key, 11) AS INTEGER)
                AND heavier.value ->> 0 >= entry.value ->> 0
        ), 'true', 'false'
    ) AS is_dominated,
    (SELECT units FROM athletes WHERE athletes.athlete_id = record.athlete_id) AS units
FROM json_each(:lifts) AS asked
JOIN personal_records AS record
    ON record.athlete_id = asked.value ->> 0 AND record.exercise = asked.value ->> 2
    AND instr(record.records, asked.value ->> 1) > 0
JOIN json_each(record.records) AS entry ON entry.value ->> 2 = asked.value ->> 1 AND entry.value ->> 4 > 0
LEFT JOIN workouts AS workout
    ON workout.athlete_id = record.athlete_id AND workout.workout_id = asked.value ->> 1
WHERE workout.workout_id IS NULL OR workout.aggregated_revision < max(workout.completed_revision, entry.value ->> 4)
ORDER BY record.athlete_id, workout_id, key
