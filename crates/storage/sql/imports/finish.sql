UPDATE imports SET finished_at_ms = coalesce(finished_at_ms, :now_ms)
WHERE athlete_id = :athlete_id AND import_id = :import_id AND NOT EXISTS (
    SELECT 1 FROM import_slices WHERE athlete_id = :athlete_id AND import_id = :import_id AND state = 'waiting'
)
RETURNING
    import_id, format, report, created_at_ms, finished_at_ms, traceparent, 0 AS waiting,
    (SELECT count(*) {slices_of_import} AND state = 'held') AS held,
    (SELECT count(*) {slices_of_import} AND state = 'done') AS done,
    (SELECT coalesce(sum(imported), 0) {slices_of_import}) AS imported,
    (SELECT coalesce(sum(duplicates), 0) {slices_of_import}) AS duplicates
