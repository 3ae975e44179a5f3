SELECT landmarks, (
    SELECT count(*) FROM workouts INDEXED BY workouts_due
    WHERE athlete_id = :athlete_id AND {pending}
) AS pending
FROM athletes WHERE athlete_id = :athlete_id
