-- A slice that is counted has no workouts any more. It waits until its import is finished with it.
UPDATE import_slices SET
    workouts = '[]', imported = :imported, updated = :updated, duplicates = :duplicates, conflicts = :conflicts
WHERE athlete_id = :athlete_id AND import_id = :import_id AND slice = :slice AND state = 'waiting'
