-- The days of workouts, and the Mondays of the weeks from which they were moved since these were last published.
WITH mine AS (
    SELECT ledger.athlete_id, ledger.local_date, ledger.moved_from
    FROM json_each(:workouts) AS entry
    JOIN volume_ledger AS ledger
        ON ledger.athlete_id = entry.value ->> 0 AND ledger.workout_id = entry.value ->> 1
),
days AS (
    SELECT athlete_id, local_date FROM mine
    UNION
    SELECT athlete_id, day.value FROM mine, json_each('["' || replace(moved_from, ' ', '","') || '"]') AS day
    WHERE moved_from IS NOT NULL
),
