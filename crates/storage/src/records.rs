//! Personal records: the highest value of each kind in the ledger; among equals, the one of the
//! workout that started first.
//!
//! The records of an exercise are one row, a function of the ledger only, updated within the transaction
//! that changes the ledger. The cost of a change does not grow with the history: candidates are
//! compared with the current record. The athlete's ledger is only searched if the holder of a
//! record is corrected, moved or deleted.
//!
//! A record has the revision of its workout that raised the workout's own value to it. The records of a
//! revision are announced until `workouts.aggregated_revision` says that its events are published: an edit
//! announces only what it raised, and not what a workout had before (docs/adr/0040-ids-from-causes.md).

use crate::database::{Database, DatabaseError, Param, Statement};
use crate::guard::Guarded;
use crate::json_text;
use crate::keys::{KeyProof, rows_with_key};
use crate::ledger_entry::LedgerEntry;
use crate::lifts;
use crate::sql::query;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use shared_kernel::{AthleteId, WorkoutId};
use std::collections::BTreeMap;
use training::Units;

/// Updates the records that entries affect, *before* the entries are written to the ledger. For the new
/// workouts of athletes with one entry it is enough to compare their candidates with the current records.
pub(crate) fn settle(entries: &[LedgerEntry]) -> Result<Vec<Statement>, DatabaseError> {
    let mut counts = BTreeMap::<AthleteId, usize>::new();
    for entry in entries {
        *counts.entry(entry.athlete_id).or_default() += 1;
    }
    let is_alone = |entry: &&LedgerEntry| {
        entry.revision == 1 && counts.get(&entry.athlete_id).is_some_and(|count| *count == 1)
    };
    let (new, others): (Vec<_>, Vec<_>) = entries.iter().partition(is_alone);
    let mut statements = Vec::new();
    for (query, part) in
        [(query!("records/settle_new.sql"), new), (query!("records/settle.sql"), others)]
    {
        if !part.is_empty() {
            let rows: Vec<_> = part.into_iter().map(candidates).collect();
            statements.push(query.bind([("entries", Param::json(&rows)?)])?);
        }
    }
    Ok(statements)
}

fn candidates(entry: &LedgerEntry) -> serde_json::Value {
    json!({
        "athlete_id": entry.athlete_id,
        "workout_id": entry.workout_id,
        "revision": entry.revision,
        "local_date": entry.local_date,
        "started_at_ms": entry.started_at_ms,
        "bests": lifts::bests(entry),
    })
}

/// A record that a workout holds, and that is not announced yet. It is broken if it has beaten another one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HeldRecord {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// The revision that set it, or the one that completed the workout if that is later.
    pub revision: i64,
    /// A [`training::RecordKey`] as text.
    pub key: String,
    /// Grams, or repetitions.
    pub value: i64,
    /// The previous best, as far as it was known when this one was stored; `None` for a first value.
    pub beaten: Option<i64>,
    /// The current name of a custom exercise.
    pub custom_name: Option<String>,
    /// Whether it is a number of repetitions that the athlete has also done with a heavier weight.
    #[serde(with = "json_text")]
    pub is_dominated: bool,
    pub units: Option<Units>,
}

/// Selects the records that those of the entries in `workouts` hold and that are not announced yet.
pub(crate) fn held(
    entries: &[LedgerEntry],
    workouts: &[(AthleteId, WorkoutId)],
) -> Result<Statement, DatabaseError> {
    let asked =
        entries.iter().filter(|entry| workouts.contains(&(entry.athlete_id, entry.workout_id)));
    let lifts: Vec<_> = asked
        .flat_map(|entry| {
            let exercises = entry.performances.keys();
            exercises.map(|exercise| (entry.athlete_id, entry.workout_id, exercise))
        })
        .collect();
    query!("records/held.sql").bind([("lifts", Param::json(&lifts)?)])
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
    let select = query!("records/list.sql").bind(proof.named())?;
    rows_with_key(database, proof, select).await
}
