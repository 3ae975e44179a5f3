-- The records set in weeks, [[athlete, first day], ...], and still standing.
SELECT
    record.athlete_id, record.exercise || '/' || entry.key AS key, entry.value ->> 0 AS value,
    entry.value ->> 1 AS local_date, entry.value ->> 2 AS workout_id
FROM json_each(:weeks) AS asked
JOIN personal_records AS record ON record.athlete_id = asked.value ->> 0
JOIN json_each(record.records) AS entry
WHERE entry.value ->> 1 BETWEEN asked.value ->> 1 AND date(asked.value ->> 1, '+6 days')
ORDER BY record.athlete_id, key
