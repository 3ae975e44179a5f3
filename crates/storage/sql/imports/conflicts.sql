-- The first conflicts of an import.
(
    SELECT json_group_array(json(first.value)) FROM (
        SELECT conflict.value AS value
        FROM import_slices AS part, json_each(part.conflicts) AS conflict
        WHERE part.athlete_id = import.athlete_id AND part.import_id = import.import_id
        ORDER BY part.slice, conflict.key LIMIT 100
    ) AS first
)
