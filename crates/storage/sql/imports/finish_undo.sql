-- Counts what an import that was taken back has left, when nothing of it is to be removed any more. Of its deleted
-- workouts it removed those that have the revision of the import.
UPDATE imports SET
    is_undoing = NULL,
    removed = (
        SELECT count(*) FROM workouts
        WHERE athlete_id = :athlete_id AND workout_id BETWEEN :first_id AND :last_id AND status = 'deleted'
            AND imported ->> 'revision' = revision
    ),
    kept = (
        SELECT count(*) FROM workouts
        WHERE athlete_id = :athlete_id AND workout_id BETWEEN :first_id AND :last_id AND status <> 'deleted'
    )
WHERE athlete_id = :athlete_id AND import_id = :import_id AND is_undoing = 1
    AND NOT EXISTS (SELECT 1 FROM workouts WHERE {created_and_unchanged})
