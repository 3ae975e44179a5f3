UPDATE weekly_volume SET announced = announced | mark.bits
FROM (
    SELECT value ->> 0 AS athlete_id, value ->> 1 AS week_start, value ->> 2 AS bits FROM json_each(:marks)
) AS mark
WHERE weekly_volume.athlete_id = mark.athlete_id AND weekly_volume.week_start = mark.week_start
