-- Finishes imports of which no slice waits any more.
UPDATE imports SET finished_at_ms = coalesce(finished_at_ms, :now_ms)
WHERE (athlete_id, import_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(:imports))
    AND undone_at_ms IS NULL
    AND NOT EXISTS (
        SELECT 1 FROM import_slices AS slice
        WHERE slice.athlete_id = imports.athlete_id AND slice.import_id = imports.import_id AND slice.state = 'waiting'
    )
RETURNING
    athlete_id, import_id,
    (SELECT count(*) {slices_of_import} AND state = 'held') AS held,
    (SELECT count(*) {slices_of_import} AND state = 'done') AS done,
    (SELECT coalesce(sum(imported), 0) {slices_of_import}) AS imported,
    (SELECT coalesce(sum(updated), 0) {slices_of_import}) AS updated,
    (SELECT coalesce(sum(duplicates), 0) {slices_of_import}) AS duplicates,
    (SELECT coalesce(sum(json_array_length(conflicts)), 0) {slices_of_import}) AS conflicts
