-- The stored workouts that may be the sessions of a file: for each of its workouts the one with its id, and the nearest
-- ones of its time. As many as fit the bytes, and one more.
WITH found AS (
    SELECT sought.key AS place, stored.rowid AS id, -1 AS apart_ms
    FROM json_each(:sought) AS sought
    CROSS JOIN workouts AS stored ON stored.athlete_id = :athlete_id AND stored.workout_id = sought.value ->> 0
    UNION ALL
    SELECT sought.key, stored.rowid, abs(stored.started_at_ms - (sought.value ->> 1))
    FROM json_each(:sought) AS sought
    CROSS JOIN workouts AS stored INDEXED BY workouts_by_start ON {may_be_same}
),
ranked AS (
    SELECT place, id, row_number() OVER (PARTITION BY place ORDER BY apart_ms, id) AS rank FROM found
),
sized AS (
    SELECT place, rank, id, bytes, sum(bytes) OVER (ORDER BY place, rank) AS total FROM (
        SELECT place, rank, id, octet_length(document) + octet_length(own_exercises) + 200 AS bytes
        FROM ranked CROSS JOIN workouts ON workouts.rowid = ranked.id
        WHERE rank <= :sessions_max
    )
)
SELECT
    place, total, workout_id, revision, status, imported, body_weight_grams,
    nullif(own_exercises, '{}') AS own_exercises, document
FROM sized CROSS JOIN workouts ON workouts.rowid = sized.id
WHERE total - bytes <= :bytes_max
ORDER BY place, rank
