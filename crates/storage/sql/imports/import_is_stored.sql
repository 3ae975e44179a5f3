EXISTS (SELECT 1 FROM imports WHERE athlete_id = :athlete_id AND import_id = :import_id)
