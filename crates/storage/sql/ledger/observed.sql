-- The workouts whose athlete has an enabled endpoint for changes of workouts. For others, which are most, no workout is
-- read.
SELECT workout.athlete_id, workout.workout_id, workout.aggregated_revision, workout.completed_revision
FROM json_each(:workouts) AS entry
CROSS JOIN workouts AS workout
    ON workout.athlete_id = entry.value ->> 0 AND workout.workout_id = entry.value ->> 1
WHERE EXISTS (
    SELECT 1 FROM webhook_endpoints AS endpoint
    WHERE endpoint.athlete_id = entry.value ->> 0 AND endpoint.status = 'enabled'
        AND (endpoint.event_types = '[]' OR instr(endpoint.event_types, '"workout.') > 0)
)
