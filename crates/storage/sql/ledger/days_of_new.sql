-- The days of workouts that were never changed: they have never been moved.
WITH days AS (
    SELECT DISTINCT value ->> 0 AS athlete_id, value ->> 2 AS local_date FROM json_each(:workouts)
),
