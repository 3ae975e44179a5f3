SELECT
    record.exercise || '/' || entry.key AS key, entry.value ->> 0 AS value, entry.value ->> 1 AS local_date,
    entry.value ->> 2 AS workout_id
FROM personal_records AS record
JOIN json_each(record.records) AS entry
WHERE record.athlete_id = :athlete_id
ORDER BY key
