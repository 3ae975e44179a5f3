SELECT count(*) AS total FROM (SELECT 1 FROM dead_letters WHERE {matches_filter} LIMIT :counted_max)
