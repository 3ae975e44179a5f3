-- The current definitions of the custom exercises in a workout: {"slug": definition}.
(
    SELECT json_group_object(own.slug, json(own.definition)) FROM json_each(:slugs) AS named
    JOIN exercises AS own ON own.athlete_id = :athlete_id AND own.slug = named.value
)
