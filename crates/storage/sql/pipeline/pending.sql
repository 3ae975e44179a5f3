SELECT count(*) AS workouts, min(changed_at_ms) AS oldest_ms FROM workouts INDEXED BY workouts_due WHERE {pending}
