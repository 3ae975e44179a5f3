INSERT INTO exercises (athlete_id, slug, definition, created_at_ms)
SELECT :athlete_id, :slug, :definition, :now_ms
WHERE {same_exercises} AND {unused_key} AND {live_key}
ON CONFLICT DO NOTHING
RETURNING slug
