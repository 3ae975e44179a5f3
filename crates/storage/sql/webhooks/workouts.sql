SELECT {workout_columns} FROM workouts
WHERE (athlete_id, workout_id) IN (SELECT value ->> 0, value ->> 1 FROM json_each(:keys))
    AND status <> 'deleted' AND length(document) <= :document_chars_max
