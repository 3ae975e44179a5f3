-- INDEXED BY: without it SQLite may read all of an athlete's workouts for one week, and the 10,000th workout would cost
-- more than the 10th. A plan that cannot use the index, that of the primary key, is an error.
INSERT INTO weekly_volume (athlete_id, week_start, workouts, sets, tonnage_grams, hard_half_sets, muscles, version)
{days} {weeks}
SELECT
    t.athlete_id, t.week_start, coalesce(sum(ledger.workouts), 0), coalesce(sum(ledger.sets), 0),
    coalesce(sum(ledger.tonnage_grams), 0), coalesce(sum(ledger.hard_half_sets), 0), (
        SELECT json_group_object(muscle, json_array(direct, indirect, grams)) FROM (
            SELECT part.key AS muscle, sum(part.value ->> 0) AS direct, sum(part.value ->> 1) AS indirect,
                sum(part.value ->> 2) AS grams
            FROM volume_ledger AS part_of INDEXED BY sqlite_autoindex_volume_ledger_1, json_each(part_of.muscles) AS part
            WHERE part_of.athlete_id = t.athlete_id AND part_of.local_date BETWEEN t.week_start AND date(t.week_start, '+6 days')
            GROUP BY part.key
        )
    ),
    coalesce(sum(ledger.revision), 0)
FROM weeks AS t
LEFT JOIN volume_ledger AS ledger INDEXED BY sqlite_autoindex_volume_ledger_1
    ON ledger.athlete_id = t.athlete_id AND ledger.local_date BETWEEN t.week_start AND date(t.week_start, '+6 days')
WHERE true
GROUP BY t.athlete_id, t.week_start
ON CONFLICT (athlete_id, week_start) DO UPDATE SET
    workouts = excluded.workouts, sets = excluded.sets, tonnage_grams = excluded.tonnage_grams,
    hard_half_sets = excluded.hard_half_sets, muscles = excluded.muscles, version = excluded.version
WHERE (excluded.version, excluded.workouts, excluded.sets, excluded.tonnage_grams, excluded.hard_half_sets,
        excluded.muscles)
    <> (weekly_volume.version, weekly_volume.workouts, weekly_volume.sets, weekly_volume.tonnage_grams,
        weekly_volume.hard_half_sets, weekly_volume.muscles)
