-- True of a workout that the import created, and that only the import has changed since.
athlete_id = :athlete_id AND workout_id BETWEEN :first_id AND :last_id AND status <> 'deleted'
AND imported ->> 'revision' = revision AND imported ->> 'row' BETWEEN :first_id AND :last_id
