SELECT count(*) AS open, count(*) FILTER (WHERE is_taken) AS matched FROM (
    SELECT {not_looping} AS is_taken FROM dead_letters WHERE {open} LIMIT :counted_max
)
