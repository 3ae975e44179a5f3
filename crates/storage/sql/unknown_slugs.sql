SELECT named.value AS slug FROM json_each(:slugs) AS named
WHERE NOT EXISTS (SELECT 1 FROM exercises WHERE athlete_id = :athlete_id AND slug = named.value)
