INSERT INTO exercises (athlete_id, slug, definition, created_at_ms)
SELECT :athlete_id, value ->> 0, value -> 1, :now_ms FROM json_each(:exercises)
WHERE {import_is_stored} AND {live_key}
ON CONFLICT DO NOTHING
