//! Personal records: the highest value of each kind in the ledger; among equals, the one of the
//! earliest day.
//!
//! An athlete's records are one row, a function of the ledger only, updated within the transaction
//! that changes the ledger. The cost of a change does not grow with the history: candidates are
//! compared with the current record. The athlete's ledger is only searched if the holder of a
//! record is corrected, moved or deleted.

use crate::database::{Database, DatabaseError, Param, Statement};
use crate::guard::Guarded;
use crate::keys::{KeyProof, rows_with_key};
use chrono::NaiveDate;
use serde::Deserialize;
use shared_kernel::{AthleteId, WorkoutId};

/// Updates the records that the entries of parameter 1 affect, *before* the entries are written to
/// the ledger.
///
/// - `changed`: the entries newer than the ledger, with their previous candidates;
/// - `claim`: their candidates; `touched`: the keys of their candidates, new and previous;
/// - `held`: the current record of each touched key. The row is read once: a lookup for each key
///   would read all of it each time, and it grows with the history;
/// - `lost`: records with a changed holder that no longer reaches the value: for these the rest of
///   the ledger is searched (`again`);
/// - the winner is the highest of the candidates, the current record and the search result. It
///   stores the value that it has beaten, so that the notification can be created after a crash.
pub(crate) const SETTLE_RECORDS: &str = "\
WITH changed AS MATERIALIZED (\
    SELECT entry.value ->> 'athlete_id' AS athlete_id, entry.value ->> 'workout_id' AS workout_id, \
        entry.value ->> 'local_date' AS local_date, entry.value -> 'bests' AS bests, \
        ledger.bests AS old_bests \
    FROM json_each(?1) AS entry LEFT JOIN volume_ledger AS ledger \
    ON ledger.athlete_id = entry.value ->> 'athlete_id' \
    AND ledger.workout_id = entry.value ->> 'workout_id' \
    WHERE ledger.revision IS NULL OR entry.value ->> 'revision' > ledger.revision), \
claim AS MATERIALIZED (\
    SELECT athlete_id, best.key AS key, best.value AS value, local_date, workout_id \
    FROM changed, json_each(changed.bests) AS best), \
touched AS MATERIALIZED (\
    SELECT athlete_id, key FROM claim \
    UNION SELECT athlete_id, old.key FROM changed, json_each(changed.old_bests) AS old), \
entry AS MATERIALIZED (\
    SELECT record.athlete_id, entry.key, entry.value FROM personal_records AS record \
    JOIN json_each(record.document) AS entry \
    WHERE record.athlete_id IN (SELECT athlete_id FROM changed) \
    AND (record.athlete_id, entry.key) IN (SELECT athlete_id, key FROM touched)), \
held AS MATERIALIZED (\
    SELECT touched.athlete_id, touched.key, entry.value AS entry, entry.value ->> 0 AS value, \
        entry.value ->> 1 AS local_date, entry.value ->> 2 AS workout_id, \
        entry.value ->> 3 AS beaten \
    FROM touched LEFT JOIN entry \
    ON entry.athlete_id = touched.athlete_id AND entry.key = touched.key), \
standing AS (\
    SELECT athlete_id, key, value, local_date, workout_id FROM held \
    WHERE value IS NOT NULL AND (athlete_id, workout_id) NOT IN \
        (SELECT athlete_id, workout_id FROM changed)), \
lost AS (\
    SELECT athlete_id, key FROM held \
    WHERE value IS NOT NULL AND (athlete_id, workout_id) IN \
        (SELECT athlete_id, workout_id FROM changed) \
    AND NOT EXISTS (SELECT 1 FROM claim WHERE claim.athlete_id = held.athlete_id \
        AND claim.key = held.key AND claim.workout_id = held.workout_id \
        AND (claim.value > held.value \
            OR claim.value = held.value AND claim.local_date <= held.local_date))), \
again AS (\
    SELECT lost.athlete_id, lost.key, ledger.bests ->> lost.key AS value, ledger.local_date, \
        ledger.workout_id \
    FROM lost CROSS JOIN volume_ledger AS ledger ON ledger.athlete_id = lost.athlete_id \
    WHERE ledger.bests ->> lost.key IS NOT NULL AND (ledger.athlete_id, ledger.workout_id) NOT IN \
        (SELECT athlete_id, workout_id FROM changed)), \
winner AS (\
    SELECT athlete_id, key, value, local_date, workout_id, row_number() OVER (\
        PARTITION BY athlete_id, key ORDER BY value DESC, local_date, workout_id) AS place \
    FROM (SELECT * FROM claim UNION ALL SELECT * FROM standing UNION ALL SELECT * FROM again)), \
settled AS (\
    SELECT held.athlete_id, held.key, held.entry AS before, \
        iif(winner.value IS NULL, NULL, json_array(winner.value, winner.local_date, \
            winner.workout_id, CASE WHEN winner.workout_id = held.workout_id THEN held.beaten \
            WHEN winner.value > held.value THEN held.value END)) AS entry \
    FROM held LEFT JOIN winner ON winner.athlete_id = held.athlete_id \
    AND winner.key = held.key AND winner.place = 1) \
INSERT INTO personal_records (athlete_id, document) \
SELECT athlete_id, json_patch(coalesce((SELECT document FROM personal_records AS record \
    WHERE record.athlete_id = settled.athlete_id), '{}'), json_group_object(key, json(entry))) \
FROM settled WHERE entry IS NOT before GROUP BY athlete_id \
ON CONFLICT (athlete_id) DO UPDATE SET document = excluded.document";

/// A record that a workout holds. It is broken if it has beaten another one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HeldRecord {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// A [`training::RecordKey`] as text.
    pub key: String,
    /// Grams, or repetitions.
    pub value: i64,
    /// The previous best, as far as it was known when this one was stored; `None` for a first value.
    pub beaten: Option<i64>,
    /// The current name of a custom exercise.
    pub custom_name: Option<String>,
}

/// Selects the records that these workouts hold.
pub(crate) fn held_statement(
    workouts: &[(AthleteId, WorkoutId)],
) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(
        "WITH best AS MATERIALIZED (SELECT ledger.athlete_id, ledger.workout_id, best.key \
         FROM json_each(?1) AS asked JOIN volume_ledger AS ledger \
         ON ledger.athlete_id = asked.value ->> 0 AND ledger.workout_id = asked.value ->> 1 \
         JOIN json_each(ledger.bests) AS best), \
         entry AS MATERIALIZED (SELECT record.athlete_id, entry.key, entry.value \
         FROM personal_records AS record JOIN json_each(record.document) AS entry \
         WHERE record.athlete_id IN (SELECT athlete_id FROM best) \
         AND (record.athlete_id, entry.key) IN (SELECT athlete_id, key FROM best)) \
         SELECT best.athlete_id, best.workout_id, best.key, entry.value ->> 0 AS value, \
         entry.value ->> 3 AS beaten, (SELECT definition ->> 'name' FROM exercises \
         WHERE exercises.athlete_id = best.athlete_id \
         AND slug = substr(best.key, 1, instr(best.key, '/') - 1)) AS custom_name \
         FROM best JOIN entry USING (athlete_id, key) \
         WHERE entry.value ->> 2 = best.workout_id \
         ORDER BY best.athlete_id, best.workout_id, best.key",
        [Param::json(&workouts)?],
    ))
}

/// A record of an athlete.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Record {
    /// A [`training::RecordKey`] as text.
    pub key: String,
    /// Grams, or repetitions.
    pub value: i64,
    pub local_date: NaiveDate,
    pub workout_id: WorkoutId,
}

/// Returns all records of the key's athlete, by record key.
pub async fn list(database: &dyn Database, proof: &KeyProof) -> Guarded<Vec<Record>> {
    let select = Statement::new(
        "SELECT entry.key AS key, entry.value ->> 0 AS value, entry.value ->> 1 AS local_date, \
         entry.value ->> 2 AS workout_id \
         FROM personal_records AS record JOIN json_each(record.document) AS entry \
         WHERE record.athlete_id = ?1 ORDER BY entry.key",
        [Param::text(proof.athlete_id)],
    );
    rows_with_key(database, proof, select).await
}
