//! The slices of an import. A slice is its own outbox, as a workout is.

use super::sessions::ImportCounts;
use super::{ImportedWorkout, SliceState, json_lists};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::exercise_names::{self, ExerciseNameMapping};
use crate::guard::Guarded;
use crate::json_text;
use crate::keys::{KeyProof, live_key, rows_with_key, with_key};
use crate::ledger::{self, LedgerMarks};
use crate::sql::query;
use crate::workouts::RESEND_AFTER_MS;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared_kernel::{AthleteId, TraceContext};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The key of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SliceKey {
    pub athlete_id: AthleteId,
    pub import_id: Uuid,
    /// The index, from 0.
    pub slice: i64,
}

/// A slice of an import.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Slice {
    #[serde(flatten)]
    pub key: SliceKey,
    pub state: SliceState,
    /// The format of the file.
    pub format: String,
    /// Empty when it is done. `None` if it was not loaded.
    #[serde(deserialize_with = "json_text::optional")]
    pub workouts: Option<Vec<ImportedWorkout>>,
}

/// A slice that waits for a mapping.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct HeldSlice {
    pub slice: i64,
    #[serde(with = "json_text")]
    pub workouts: Vec<ImportedWorkout>,
}

/// Returns the slices of an import that wait for a mapping.
pub async fn held_slices(
    database: &dyn Database,
    proof: &KeyProof,
    import_id: Uuid,
) -> Guarded<Vec<HeldSlice>> {
    let select = proof.statement(
        "SELECT slice, workouts FROM import_slices \
         WHERE athlete_id = ?1 AND import_id = ?4 AND state = 'held' ORDER BY slice",
        [Param::text(import_id)],
    );
    rows_with_key(database, proof, select).await
}

/// Stores mapped slices and remembers the mapping, in one round trip. A slice that is no longer held stays as it is, and
/// so does an import without one: another request has released it.
pub async fn release(
    database: &dyn Database,
    proof: &KeyProof,
    import_id: Uuid,
    slices: &[(i64, Vec<ImportedWorkout>)],
    (report, mapping): (&Value, &ExerciseNameMapping),
    now_ms: i64,
) -> Guarded<()> {
    let named = proof.named().into_iter().chain([("import_id", Param::text(import_id))]);
    let rows = slices.iter().map(|(slice, workouts)| (slice, SliceState::Waiting, workouts));
    let mut statements = exercise_names::remember(proof, mapping, now_ms)?;
    statements.push(proof.statement(
        concat!(
            "UPDATE imports SET report = ?5, finished_at_ms = NULL \
             WHERE athlete_id = ?1 AND import_id = ?4 AND undone_at_ms IS NULL AND EXISTS (\
             SELECT 1 FROM import_slices AS slice WHERE slice.athlete_id = ?1 AND slice.import_id = ?4 \
             AND slice.state = 'held') AND ",
            live_key!()
        ),
        [Param::text(import_id), Param::json(report)?],
    ));
    for slices in json_lists(rows)? {
        statements.push(
            query!("imports/release.sql").bind(named.clone().chain([
                ("slices", slices),
                ("resend_at_ms", (now_ms + RESEND_AFTER_MS).into()),
            ]))?,
        );
    }
    with_key(database, proof, statements).await.map(drop)
}

/// Returns slices by key, in one round trip. The first of them are loaded: as many as fit the bytes, and at least
/// one.
pub async fn slices(
    database: &dyn Database,
    keys: &[SliceKey],
    bytes_max: i64,
) -> Result<BTreeMap<SliceKey, Slice>, DatabaseError> {
    let select = query!("imports/slices.sql")
        .bind([("keys", Param::json(&keys)?), ("bytes_max", bytes_max.into())])?;
    let rows = Results::new(database.batch(vec![select]).await?).rows::<Slice>()?;
    Ok(rows.into_iter().map(|slice| (slice.key, slice)).collect())
}

/// Marks the workouts of a slice as aggregated, stores its counts and deletes its workouts from its row, in one round
/// trip. A repeat changes nothing. The slice waits until [`finish`], so that the sweep resends its event until then.
pub async fn count_slice(
    database: &dyn Database,
    key: SliceKey,
    counts: &ImportCounts,
    marks: &LedgerMarks,
) -> Result<(), DatabaseError> {
    let mut statements = ledger::marks_of_imported(marks)?;
    statements.push(query!("imports/count_slice.sql").bind([
        ("athlete_id", Param::text(key.athlete_id)),
        ("import_id", Param::text(key.import_id)),
        ("slice", key.slice.into()),
        ("imported", counts.imported.into()),
        ("updated", counts.updated.into()),
        ("duplicates", counts.duplicates.into()),
        ("conflicts", Param::json(&counts.conflicts)?),
    ])?);
    database.batch_repeatable(statements).await.map(drop)
}

/// The counts of an import of which no slice waits.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct FinishedImport {
    pub athlete_id: AthleteId,
    pub import_id: Uuid,
    /// Slices that wait for a mapping.
    pub held: i64,
    /// Finished slices.
    pub done: i64,
    pub imported: i64,
    pub updated: i64,
    pub duplicates: i64,
    pub conflicts: i64,
}

/// Marks counted slices as done, and finishes their imports of which no slice waits any more, in one round trip. Returns
/// these imports. A repeat changes nothing, and returns them too.
pub async fn finish(
    database: &dyn Database,
    slices: &[SliceKey],
    now_ms: i64,
) -> Result<Vec<FinishedImport>, DatabaseError> {
    let imports: BTreeSet<_> = slices.iter().map(|key| (key.athlete_id, key.import_id)).collect();
    let finish = query!(
        "imports/finish.sql",
        slices_of_import = "FROM import_slices AS slice WHERE slice.athlete_id = imports.athlete_id \
             AND slice.import_id = imports.import_id",
    )
    .bind([("imports", Param::json(&imports)?), ("now_ms", now_ms.into())])?;
    let done = Statement::new(
        "UPDATE import_slices SET state = 'done' \
         WHERE state = 'waiting' AND workouts = '[]' AND (athlete_id, import_id, slice) IN (\
         SELECT value ->> 'athlete_id', value ->> 'import_id', value ->> 'slice' FROM json_each(?1))",
        [Param::json(&slices)?],
    );
    let mut results = Results::new(database.batch_repeatable(vec![done, finish]).await?);
    results.skip(1);
    results.rows()
}

/// A slice with an overdue event.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct OverdueSlice {
    #[serde(flatten)]
    pub key: SliceKey,
    #[serde(rename = "traceparent")]
    pub trace: TraceContext,
}

/// Returns the slices with an overdue event, and postpones their next resend, as
/// [`crate::workouts::take_overdue`] does.
pub async fn take_overdue(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<OverdueSlice>, DatabaseError> {
    let take = query!("imports/take_overdue.sql")
        .bind([("now_ms", now_ms.into()), ("limit", limit.into())])?;
    Results::new(database.batch(vec![take]).await?).rows()
}
