-- True of a stored workout that may be the session of a workout of a file: it starts less than a minute before or after
-- it, or their times overlap. Workouts last at most a day. The workouts of one file are different sessions: their ids
-- begin with the same 18 characters.
stored.athlete_id = :athlete_id AND stored.status <> 'deleted'
AND stored.started_at_ms BETWEEN ({start_ms}) - 86400000 AND max(({start_ms}) + 59999, {end_ms})
AND substr(stored.workout_id, 1, 18) <> substr({row_id}, 1, 18)
AND (
    stored.started_at_ms > ({start_ms}) - 60000
    OR unixepoch(stored.document ->> '$.ended_at') * 1000 >= ({start_ms}) / 1000 * 1000
)
