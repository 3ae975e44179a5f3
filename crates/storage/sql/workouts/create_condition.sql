NOT EXISTS ({unknown_slugs})
AND (:in_zone IS NULL OR :in_zone = (SELECT time_zone FROM athletes WHERE athlete_id = :athlete_id))
