INSERT INTO volume_ledger (
    athlete_id, workout_id, revision, local_date, started_at_ms, workouts, sets, tonnage_grams, hard_half_sets, muscles,
    lifts
)
SELECT
    value ->> 'athlete_id', value ->> 'workout_id', value ->> 'revision', value ->> 'local_date',
    value ->> 'started_at_ms', value ->> 'workouts', value ->> 'sets', value ->> 'tonnage_grams',
    value ->> 'hard_half_sets', value -> 'muscles', value -> 'lifts'
FROM json_each(:entries) WHERE true
ON CONFLICT (athlete_id, workout_id) DO UPDATE SET
    moved_from = CASE
        WHEN {monday} = date(excluded.local_date, 'weekday 0', '-6 days') OR instr(moved_from, {monday}) THEN moved_from
        ELSE coalesce(moved_from || ' ', '') || {monday}
    END,
    revision = excluded.revision, local_date = excluded.local_date, started_at_ms = excluded.started_at_ms,
    workouts = excluded.workouts, sets = excluded.sets, tonnage_grams = excluded.tonnage_grams,
    hard_half_sets = excluded.hard_half_sets, muscles = excluded.muscles, lifts = excluded.lifts,
    peaks = CASE
        WHEN excluded.workouts = 0 THEN NULL
        WHEN excluded.lifts = volume_ledger.lifts THEN peaks
        ELSE {peaks}
    END
WHERE excluded.revision > volume_ledger.revision
