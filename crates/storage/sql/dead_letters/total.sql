SELECT count(*) AS total FROM dead_letters WHERE {matches_filter}
