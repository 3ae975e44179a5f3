-- True if the athlete has a workout that starts in the same second and has the same title. Other apps export start
-- times to the second. The workouts of one file are no duplicates of each other: their ids begin with the same 18
-- characters.
EXISTS (
    SELECT 1 FROM workouts AS twin INDEXED BY workouts_by_start
    WHERE twin.athlete_id = :athlete_id AND twin.status <> 'deleted'
        AND twin.started_at_ms BETWEEN ({row}.value ->> 'started_at_ms') / 1000 * 1000
            AND ({row}.value ->> 'started_at_ms') / 1000 * 1000 + 999
        AND twin.document ->> '$.title' IS {row}.value ->> 'title'
        AND substr(twin.workout_id, 1, 18) IS NOT substr({row}.value ->> 'workout_id', 1, 18)
)
