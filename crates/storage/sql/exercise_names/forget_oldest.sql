DELETE FROM exercise_names WHERE athlete_id = :athlete_id AND {live_key} AND name IN (
    SELECT name FROM exercise_names WHERE athlete_id = :athlete_id
    ORDER BY mapped_at_ms DESC, name LIMIT -1 OFFSET :names_max
)
