-- The records that changed workouts affect, before the workouts are in the ledger.
-- changed: the entries newer than the ledger, with the lifts that it has;
-- previous: the values of these lifts;
-- claim: the candidates of the entries, each with the revision if the workout never reached the value before;
-- touched: the kinds of candidates, new and previous;
-- held: the current record of each of these;
-- lost: records with a changed holder that no longer reaches the value: for these the rest of the ledger is searched
--     (again);
-- the winner is the highest of the candidates, the current record and the search result. It stores the value that it
--     has beaten, so that the notification can be created after a crash.
INSERT INTO personal_records (athlete_id, exercise, records)
WITH changed AS MATERIALIZED (
    SELECT
        entry.value ->> 'athlete_id' AS athlete_id, entry.value ->> 'workout_id' AS workout_id,
        entry.value ->> 'local_date' AS local_date, entry.value ->> 'started_at_ms' AS started_at_ms,
        entry.value ->> 'revision' AS revision, entry.value -> 'bests' AS bests, ledger.lifts, ledger.peaks
    FROM json_each(:entries) AS entry
    LEFT JOIN volume_ledger AS ledger
        ON ledger.athlete_id = entry.value ->> 'athlete_id' AND ledger.workout_id = entry.value ->> 'workout_id'
    WHERE ledger.revision IS NULL OR entry.value ->> 'revision' > ledger.revision
),
previous AS MATERIALIZED (
    SELECT athlete_id, workout_id, lift.key AS exercise, 'most_volume' AS kind, lift.value ->> 1 AS value
    FROM changed, json_each(changed.lifts) AS lift
    UNION ALL
    SELECT athlete_id, workout_id, lift.key, 'best_e1rm', lift.value ->> 2
    FROM changed, json_each(changed.lifts) AS lift
    UNION ALL
    SELECT athlete_id, workout_id, lift.key, 'heaviest_weight', lift.value ->> 3
    FROM changed, json_each(changed.lifts) AS lift
    UNION ALL
    SELECT athlete_id, workout_id, lift.key, 'most_reps@' || reps.key, reps.value
    FROM changed, json_each(changed.lifts) AS lift, json_each(lift.value, '$[4]') AS reps
),
claim AS MATERIALIZED (
    SELECT
        candidate.athlete_id, candidate.exercise, candidate.kind, candidate.value, local_date, started_at_ms,
        candidate.workout_id, iif(candidate.value > max(coalesce(previous.value, 0), peak), revision, 0) AS revision
    FROM (
        SELECT
            athlete_id, workout_id, lift.key AS exercise, best.key AS kind, best.value AS value, local_date,
            started_at_ms, revision, coalesce(peaks ->> (lift.key || '/' || best.key), 0) AS peak
        FROM changed, json_each(changed.bests) AS lift, json_each(lift.value) AS best
    ) AS candidate
    LEFT JOIN previous USING (athlete_id, workout_id, exercise, kind)
),
touched AS MATERIALIZED (
    SELECT athlete_id, exercise, kind FROM claim
    UNION
    SELECT athlete_id, exercise, kind FROM previous
),
held AS MATERIALIZED (
    SELECT
        athlete_id, exercise, kind, entry, entry ->> 0 AS value, entry ->> 1 AS local_date, entry ->> 2 AS workout_id,
        entry ->> 3 AS beaten, entry ->> 4 AS revision, entry ->> 5 AS started_at_ms
    FROM (
        SELECT touched.athlete_id, touched.exercise, touched.kind, record.records -> touched.kind AS entry
        FROM touched
        LEFT JOIN personal_records AS record
            ON record.athlete_id = touched.athlete_id AND record.exercise = touched.exercise
    )
),
standing AS (
    SELECT athlete_id, exercise, kind, value, local_date, started_at_ms, workout_id, 0 AS revision FROM held
    WHERE value IS NOT NULL AND (athlete_id, workout_id) NOT IN (SELECT athlete_id, workout_id FROM changed)
),
lost AS (
    SELECT athlete_id, exercise, kind FROM held
    WHERE value IS NOT NULL AND (athlete_id, workout_id) IN (SELECT athlete_id, workout_id FROM changed)
        AND NOT EXISTS (
            SELECT 1 FROM claim
            WHERE claim.athlete_id = held.athlete_id AND claim.exercise = held.exercise AND claim.kind = held.kind
                AND claim.workout_id = held.workout_id
                AND (claim.value > held.value OR claim.value = held.value AND claim.started_at_ms <= held.started_at_ms)
        )
),
again AS (
    SELECT * FROM (
        SELECT
            lost.athlete_id, lost.exercise, lost.kind,
            CASE lost.kind
                WHEN 'most_volume' THEN nullif(ledger.lifts -> lost.exercise ->> 1, 0)
                WHEN 'best_e1rm' THEN ledger.lifts -> lost.exercise ->> 2
                WHEN 'heaviest_weight' THEN ledger.lifts -> lost.exercise ->> 3
                ELSE ledger.lifts -> lost.exercise ->> ('$[4]."' || substr(lost.kind, 11) || '"')
            END AS value,
            ledger.local_date, ledger.started_at_ms, ledger.workout_id, 0 AS revision
        FROM lost CROSS JOIN volume_ledger AS ledger ON ledger.athlete_id = lost.athlete_id
        WHERE (ledger.athlete_id, ledger.workout_id) NOT IN (SELECT athlete_id, workout_id FROM changed)
    )
    WHERE value IS NOT NULL
),
winner AS (
    SELECT
        athlete_id, exercise, kind, value, local_date, started_at_ms, workout_id, revision,
        row_number() OVER (
            PARTITION BY athlete_id, exercise, kind ORDER BY value DESC, started_at_ms, workout_id
        ) AS place
    FROM (
        SELECT athlete_id, exercise, kind, value, local_date, started_at_ms, workout_id, revision FROM claim
        UNION ALL SELECT * FROM standing
        UNION ALL SELECT * FROM again
    )
),
settled AS (
    SELECT
        held.athlete_id, held.exercise, held.kind, held.entry AS before,
        iif(winner.value IS NULL, NULL, json_array(
            winner.value, winner.local_date, winner.workout_id,
            CASE
                WHEN winner.workout_id = held.workout_id THEN held.beaten
                WHEN winner.value > held.value THEN held.value
            END,
            max(winner.revision, iif(winner.workout_id = held.workout_id, held.revision, 0)), winner.started_at_ms
        )) AS entry
    FROM held
    LEFT JOIN winner
        ON winner.athlete_id = held.athlete_id AND winner.exercise = held.exercise AND winner.kind = held.kind
        AND winner.place = 1
)
SELECT
    athlete_id, exercise,
    json_patch(
        coalesce((
            SELECT records FROM personal_records AS record
            WHERE record.athlete_id = settled.athlete_id AND record.exercise = settled.exercise
        ), '{}'),
        json_group_object(kind, json(entry))
    )
FROM settled
WHERE entry IS NOT before
GROUP BY athlete_id, exercise
ON CONFLICT (athlete_id, exercise) DO UPDATE SET records = excluded.records
