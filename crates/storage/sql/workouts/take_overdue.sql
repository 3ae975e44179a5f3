UPDATE workouts SET
    resends = resends + 1,
    due_at_ms = :now_ms + min(60000 << min(resends, 11), 86400000)
WHERE (athlete_id, workout_id) IN (
    SELECT athlete_id, workout_id FROM workouts INDEXED BY workouts_due
    WHERE due_at_ms <= :now_ms AND aggregated_revision < revision
    ORDER BY due_at_ms LIMIT :limit
)
RETURNING {workout_columns}
