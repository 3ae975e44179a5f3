-- The workouts of the first slices that fit the bytes, and of at least one.
SELECT
    athlete_id, import_id, slice, state, (
        SELECT format FROM imports AS import
        WHERE import.athlete_id = sized.athlete_id AND import.import_id = sized.import_id
    ) AS format,
    CASE WHEN bytes = 0 THEN '[]' WHEN total <= :bytes_max OR total = bytes THEN (
        SELECT workouts FROM import_slices AS long
        WHERE long.athlete_id = sized.athlete_id AND long.import_id = sized.import_id AND long.slice = sized.slice
    ) END AS workouts
FROM (
    SELECT
        slice.athlete_id, slice.import_id, slice.slice, state, iif(state = 'waiting', octet_length(workouts), 0) AS bytes,
        sum(iif(state = 'waiting', octet_length(workouts), 0)) OVER (ORDER BY asked.key) AS total
    FROM json_each(:keys) AS asked
    CROSS JOIN import_slices AS slice
        ON slice.athlete_id = asked.value ->> 'athlete_id' AND slice.import_id = asked.value ->> 'import_id'
        AND slice.slice = asked.value ->> 'slice'
) AS sized
