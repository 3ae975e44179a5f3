-- A completed workout is due no more, unless it has changed since. An open one is due when it has been idle for long, or
-- for the sets that were added since.
UPDATE workouts SET
    aggregated_revision = mark.revision,
    resends = iif(status = 'in_progress', 0, resends),
    due_at_ms = CASE
        WHEN mark.revision = workouts.revision
            THEN iif(status = 'in_progress', changed_at_ms + :idle_max_ms, NULL)
        WHEN status = 'in_progress' THEN max(due_at_ms, changed_at_ms + :debounce_ms)
        ELSE due_at_ms
    END
FROM (
    SELECT value ->> 0 AS athlete_id, value ->> 1 AS workout_id, value ->> 2 AS revision FROM json_each(:marks)
) AS mark
WHERE workouts.athlete_id = mark.athlete_id AND workouts.workout_id = mark.workout_id
    AND workouts.aggregated_revision < mark.revision AND mark.revision <= workouts.revision
