UPDATE import_slices SET
    state = 'done', workouts = '[]', imported = :imported, updated = :updated, duplicates = :duplicates,
    conflicts = :conflicts
WHERE athlete_id = :athlete_id AND import_id = :import_id AND slice = :slice AND state = 'waiting'
