INSERT INTO import_slices (athlete_id, import_id, slice, state, workouts, resend_at_ms)
SELECT :athlete_id, :import_id, value ->> 0, value ->> 1, value -> 2, :resend_at_ms FROM json_each(:slices)
WHERE {import_is_stored} AND {live_key}
