-- The weeks from which a workout was moved are published too; those of a newer revision are not.
UPDATE volume_ledger SET moved_from = NULL
FROM (
    SELECT value ->> 0 AS athlete_id, value ->> 1 AS workout_id, value ->> 2 AS revision FROM json_each(:marks)
) AS mark
WHERE volume_ledger.athlete_id = mark.athlete_id AND volume_ledger.workout_id = mark.workout_id
    AND volume_ledger.revision = mark.revision AND moved_from IS NOT NULL
