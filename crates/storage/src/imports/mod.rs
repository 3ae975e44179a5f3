//! Imports: training logs of other apps, cut into slices. A slice is its own outbox, as a workout
//! is: it waits until aggregation has counted it, and the sweep resends its event after a while.

mod create;
mod sessions;
mod slices;
mod store;
mod undo;

pub use create::{NewImport, create};
pub use sessions::{
    Decision, ImportCounts, SessionWrite, SlicePlan, Stamp, StoredConflict, StoredSession,
    WrittenSession, decide, workout_id,
};
pub use slices::{
    FinishedImport, HeldSlice, OverdueSlice, Slice, SliceKey, count_slice, finish, held_slices,
    release, slices, take_overdue,
};
pub use store::{PagesLeft, plan_slice, preview, write_workouts};
pub use undo::{ImportKey, begin_undo, undo, undoing};

use crate::database::{Database, DatabaseError, Param, Statement};
use crate::guard::{Guarded, Rejection};
use crate::json_text;
use crate::keys::{KeyProof, rows_with_key};
use crate::page::Page;
use crate::sql::query;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared_kernel::{AthleteId, WorkoutId};
use std::collections::BTreeMap;
use training::{CustomExercises, Workout};
use uuid::Uuid;

/// A workout of an imported log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportedWorkout {
    /// Derived from the import and the position in it: a repeat has the same id.
    pub workout_id: WorkoutId,
    pub workout: Workout,
    #[serde(default, skip_serializing_if = "CustomExercises::is_empty")]
    pub own_exercises: CustomExercises,
    /// Unknown exercise names by the index of the exercise, which has no slug yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unmatched: BTreeMap<usize, String>,
    /// Whether the import has another one with the same id, without the exercises that were unknown: this one
    /// completes it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub completes: bool,
}

/// The state of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SliceState {
    Waiting,
    /// It names unknown exercises and waits for a mapping.
    Held,
    Done,
}

/// The bytes of a list that is one parameter, at most: half of D1's limit for a value.
const LIST_BYTES_MAX: usize = 1_000_000;

/// An import with its progress.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Import {
    pub import_id: Uuid,
    pub format: String,
    #[serde(with = "json_text")]
    pub report: Value,
    pub created_at_ms: i64,
    /// When its last countable slice was counted.
    pub finished_at_ms: Option<i64>,
    /// When it was taken back.
    pub undone_at_ms: Option<i64>,
    /// 1 while its workouts are being removed.
    pub is_undoing: i64,
    pub removed: i64,
    pub kept: i64,
    pub waiting: i64,
    pub held: i64,
    pub done: i64,
    pub imported: i64,
    pub updated: i64,
    pub duplicates: i64,
    pub conflicts_total: i64,
    /// The first conflicts; none in a list.
    #[serde(with = "json_text")]
    pub conflicts: Vec<StoredConflict>,
}

/// Returns an import.
pub async fn get(database: &dyn Database, proof: &KeyProof, import_id: Uuid) -> Guarded<Import> {
    let select = select(proof.athlete_id, import_id)?;
    let rows = rows_with_key(database, proof, select).await?;
    rows.into_iter().next().ok_or(Rejection::NotFound)
}

const CONFLICTS: &str = include_str!("../../sql/imports/conflicts.sql");

fn select(athlete_id: AthleteId, import_id: Uuid) -> Result<Statement, DatabaseError> {
    query!(
        "imports/get.sql",
        report = "report",
        conflicts = CONFLICTS,
        condition = "import.import_id = :import_id",
        limit = "1",
    )
    .bind([("athlete_id", Param::text(athlete_id)), ("import_id", Param::text(import_id))])
}

/// Returns the athlete's imports before one, the newest first: without their errors, unknown names and conflicts, which
/// may be long.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    before: Option<Uuid>,
    limit: usize,
) -> Guarded<Page<Import>> {
    let before = before.map_or_else(|| "~".to_owned(), |import_id| import_id.to_string());
    let select = query!(
        "imports/get.sql",
        report = "json_set(report, '$.errors', json('[]'), '$.unmatched', json('[]'))",
        conflicts = "'[]'",
        condition = "import.import_id < :before",
        limit = ":limit",
    )
    .bind([
        ("athlete_id", Param::text(proof.athlete_id)),
        ("before", Param::Text(before)),
        ("limit", i64::try_from(limit + 1).unwrap_or(i64::MAX).into()),
    ])?;
    let mut items: Vec<_> = rows_with_key(database, proof, select).await?;
    let has_more = items.len() > limit;
    items.truncate(limit);
    Ok(Page { items, has_more })
}

/// Encodes items as JSON lists of at most [`LIST_BYTES_MAX`] bytes, or of one item: the parameters of as many
/// statements.
fn json_lists(items: impl Iterator<Item = impl Serialize>) -> Result<Vec<Param>, DatabaseError> {
    let mut lists: Vec<String> = Vec::new();
    for item in items {
        let item = serde_json::to_string(&item).map_err(DatabaseError::Row)?;
        match lists.last_mut() {
            Some(list) if list.len() + item.len() < LIST_BYTES_MAX => {
                list.push(',');
                list.push_str(&item);
            }
            Some(_) | None => lists.push(format!("[{item}")),
        }
    }
    Ok(lists.into_iter().map(|list| Param::Text(list + "]")).collect())
}
