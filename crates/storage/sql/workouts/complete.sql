UPDATE workouts SET
    status = 'completed', document = :document, revision = revision + 1, completed_revision = revision + 1,
    changed_at_ms = :now_ms, due_at_ms = :due_at_ms, resends = 0, change_seq = {next_change}
WHERE athlete_id = :athlete_id AND workout_id = :workout_id AND revision = :revision AND status = 'in_progress'
RETURNING {workout_columns}
