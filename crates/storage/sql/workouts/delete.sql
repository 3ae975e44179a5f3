-- Deletes a workout. The row stays with the next revision, so that consumers remove its contribution, and that a replay
-- of the request that created it is recognized.
UPDATE workouts SET
    revision = revision + 1, status = 'deleted', change_seq = {next_change}, changed_at_ms = :now_ms,
    due_at_ms = :due_at_ms, resends = 0, traceparent = :traceparent
WHERE athlete_id = :athlete_id AND workout_id = :workout_id AND status <> 'deleted'
    AND (:revision IS NULL OR revision = :revision) AND {live_key}
RETURNING {workout_columns}
