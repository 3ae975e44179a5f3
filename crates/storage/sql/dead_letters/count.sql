SELECT count(*) AS open, count(*) FILTER (WHERE {not_looping}) AS matched FROM dead_letters WHERE {open}
