INSERT INTO import_slices (athlete_id, import_id, slice, state, workouts, resend_at_ms)
SELECT :athlete_id, :import_id, :slice, :state, :workouts, :resend_at_ms
WHERE {import_is_stored} AND {live_key}
