-- The records of new workouts, before they are in the ledger: at most one workout of an athlete. Each candidate is
-- compared with the current record; nothing else can change.
INSERT INTO personal_records (athlete_id, exercise, records)
WITH claim AS (
    SELECT
        entry.value ->> 'athlete_id' AS athlete_id, entry.value ->> 'workout_id' AS workout_id,
        entry.value ->> 'local_date' AS local_date, entry.value ->> 'started_at_ms' AS started_at_ms, lift.key AS exercise, best.key AS kind, best.value AS value
    FROM json_each(:entries) AS entry, json_each(entry.value, '$.bests') AS lift, json_each(lift.value) AS best
    WHERE NOT EXISTS (
        SELECT 1 FROM volume_ledger AS ledger
        WHERE ledger.athlete_id = entry.value ->> 'athlete_id' AND ledger.workout_id = entry.value ->> 'workout_id'
    )
)
SELECT
    claim.athlete_id, claim.exercise,
    json_patch(coalesce(record.records, '{}'), json_group_object(claim.kind, json_array(
        claim.value, claim.local_date, claim.workout_id,
        iif(claim.value > record.records -> claim.kind ->> 0, record.records -> claim.kind ->> 0, NULL), 1,
        claim.started_at_ms
    )))
FROM claim
LEFT JOIN personal_records AS record
    ON record.athlete_id = claim.athlete_id AND record.exercise = claim.exercise
WHERE record.records -> claim.kind IS NULL OR (-claim.value, claim.started_at_ms, claim.workout_id)
    < (-(record.records -> claim.kind ->> 0), record.records -> claim.kind ->> 5, record.records -> claim.kind ->> 2)
GROUP BY claim.athlete_id, claim.exercise
ON CONFLICT (athlete_id, exercise) DO UPDATE SET records = excluded.records
