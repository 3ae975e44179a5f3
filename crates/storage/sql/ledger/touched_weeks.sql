{days} {weeks}
SELECT
    week.athlete_id, week.week_start, week.workouts, week.sets, week.tonnage_grams, week.hard_half_sets, week.muscles,
    week.version, week.announced, athlete.landmarks
FROM weeks AS t
JOIN weekly_volume AS week ON week.athlete_id = t.athlete_id AND week.week_start = t.week_start
JOIN athletes AS athlete ON athlete.athlete_id = t.athlete_id
ORDER BY week.athlete_id, week.week_start
