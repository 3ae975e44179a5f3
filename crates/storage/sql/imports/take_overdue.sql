UPDATE import_slices SET
    resends = resends + 1,
    resend_at_ms = :now_ms + min(60000 << min(resends, 11), 86400000)
WHERE (athlete_id, import_id, slice) IN (
    SELECT athlete_id, import_id, slice FROM import_slices
    WHERE state = 'waiting' AND resend_at_ms <= :now_ms
    ORDER BY resend_at_ms LIMIT :limit
)
RETURNING
    athlete_id, import_id, slice,
    (
        SELECT traceparent FROM imports
        WHERE imports.athlete_id = import_slices.athlete_id AND imports.import_id = import_slices.import_id
    ) AS traceparent
