NOT EXISTS ({unknown_slugs})
AND (:in_zone IS NULL OR :in_zone = (SELECT coalesce(time_zone, 'UTC') FROM athletes WHERE athlete_id = :athlete_id))
