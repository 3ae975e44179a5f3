-- Write transactions run one after the other, so it increases in the order of commits.
(SELECT coalesce(max(change_seq), 0) + 1 FROM workouts WHERE athlete_id = :athlete_id)
