UPDATE import_slices SET
    state = mapped.value ->> 1, workouts = mapped.value -> 2, resend_at_ms = :resend_at_ms, resends = 0
FROM json_each(:slices) AS mapped
WHERE athlete_id = :athlete_id AND import_id = :import_id AND slice = mapped.value ->> 0 AND state = 'held'
    AND {live_key}
