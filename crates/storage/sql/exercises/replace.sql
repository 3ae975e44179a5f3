UPDATE exercises SET definition = :definition
WHERE athlete_id = :athlete_id AND slug = :slug AND {same_exercises} AND {live_key}
RETURNING slug
