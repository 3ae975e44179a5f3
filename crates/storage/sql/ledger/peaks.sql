-- The highest values that a workout had before, where its new ones are lower. Bounded, however often it is edited.
(
    SELECT nullif(json_group_object(key, value), '{}') FROM (
        SELECT key, max(value) AS value FROM (
            SELECT key, value FROM json_each(volume_ledger.peaks)
            UNION ALL
            SELECT lift.key || '/most_volume', lift.value ->> 1 FROM json_each(volume_ledger.lifts) AS lift
            WHERE lift.value ->> 1 > coalesce(excluded.lifts -> lift.key ->> 1, 0)
            UNION ALL
            SELECT lift.key || '/best_e1rm', lift.value ->> 2 FROM json_each(volume_ledger.lifts) AS lift
            WHERE lift.value ->> 2 > coalesce(excluded.lifts -> lift.key ->> 2, 0)
            UNION ALL
            SELECT lift.key || '/heaviest_weight', lift.value ->> 3 FROM json_each(volume_ledger.lifts) AS lift
            WHERE lift.value ->> 3 > coalesce(excluded.lifts -> lift.key ->> 3, 0)
            UNION ALL
            SELECT lift.key || '/most_reps@' || reps.key, reps.value
            FROM json_each(volume_ledger.lifts) AS lift, json_each(lift.value, '$[4]') AS reps
            WHERE reps.value > coalesce(excluded.lifts -> lift.key -> 4 ->> reps.key, 0)
        ) GROUP BY key LIMIT 500
    )
)
