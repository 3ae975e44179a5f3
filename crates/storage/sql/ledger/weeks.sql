weeks AS (
    SELECT DISTINCT athlete_id, date(local_date, 'weekday 0', '-6 days') AS week_start FROM days
)
