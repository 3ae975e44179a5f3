SELECT
    athlete.athlete_id, athlete.units, athlete.landmarks, nullif(athlete.reported_week, '') AS reported_week,
    (
        SELECT json_group_array(DISTINCT date(local_date, 'weekday 0', '-6 days'))
        FROM workouts INDEXED BY workouts_due
        WHERE workouts.athlete_id = athlete.athlete_id AND due_at_ms IS NOT NULL AND aggregated_revision < revision
    ) AS pending,
    coalesce(
        (SELECT items FROM recommendations WHERE recommendations.athlete_id = athlete.athlete_id), '[]'
    ) AS recommended
FROM json_each(:athletes) AS asked
JOIN athletes AS athlete ON athlete.athlete_id = asked.value
