-- An import with its progress.
SELECT
    import.import_id, format, report, created_at_ms, finished_at_ms, traceparent,
    coalesce(sum(state = 'waiting'), 0) AS waiting, coalesce(sum(state = 'held'), 0) AS held,
    coalesce(sum(state = 'done'), 0) AS done, coalesce(sum(imported), 0) AS imported,
    coalesce(sum(duplicates), 0) AS duplicates
FROM imports AS import
LEFT JOIN import_slices AS slice
    ON slice.athlete_id = import.athlete_id AND slice.import_id = import.import_id
WHERE import.athlete_id = :athlete_id AND import.import_id = {import_id}
GROUP BY import.athlete_id, import.import_id
