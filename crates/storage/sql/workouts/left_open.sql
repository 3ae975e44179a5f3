SELECT {workout_columns} FROM workouts INDEXED BY workouts_due
WHERE due_at_ms <= :now_ms AND status = 'in_progress' AND changed_at_ms < :idle_since_ms
ORDER BY changed_at_ms LIMIT :limit
