INSERT INTO imports (athlete_id, import_id, format, report, created_at_ms, traceparent)
SELECT :athlete_id, :import_id, :format, :report, :now_ms, :traceparent
WHERE {same_exercises} AND {unused_key} AND {live_key}
