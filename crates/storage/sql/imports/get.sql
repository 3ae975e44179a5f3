-- Imports with their progress.
SELECT
    import.import_id, format, {report} AS report, created_at_ms, finished_at_ms, undone_at_ms,
    is_undoing IS NOT NULL AS is_undoing, removed, kept,
    coalesce(sum(state = 'waiting'), 0) AS waiting, coalesce(sum(state = 'held'), 0) AS held,
    coalesce(sum(state = 'done'), 0) AS done, coalesce(sum(imported), 0) AS imported,
    coalesce(sum(updated), 0) AS updated, coalesce(sum(duplicates), 0) AS duplicates,
    coalesce(sum(json_array_length(slice.conflicts)), 0) AS conflicts_total, {conflicts} AS conflicts
FROM imports AS import
LEFT JOIN import_slices AS slice
    ON slice.athlete_id = import.athlete_id AND slice.import_id = import.import_id
WHERE import.athlete_id = :athlete_id AND {condition}
GROUP BY import.athlete_id, import.import_id
ORDER BY import.import_id DESC LIMIT {limit}
