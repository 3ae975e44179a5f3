//! Compares the workouts of a file with the stored ones, and writes what they add.

use super::sessions::{
    ImportCounts, SessionWrite, SlicePlan, StoredSession, WrittenSession, decide,
};
use super::{ImportedWorkout, SliceKey};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::Guarded;
use crate::keys::{KeyProof, rows_with_key};
use crate::sql::query;
use crate::workouts::Content;
use serde::Deserialize;
use serde_json::{Value, json};
use shared_kernel::{AthleteId, TraceContext, WorkoutId};
use std::collections::BTreeMap;
use training::Grams;

/// The stored workouts that one of a file is compared with, at most. No two sessions are at one time, but an athlete
/// may store what they like; a project default.
const SESSIONS_MAX: usize = 4;
/// The bytes of a page of stored workouts, at most, but for the last one; a project default.
const PAGE_BYTES_MAX: i64 = 1_000_000;
/// The workouts of a file that one statement looks for, at most: with 90 bytes each below D1's limit for a value.
const SOUGHT_MAX: usize = 10_000;
/// The sweep resends the event of an imported workout after this time. Before that it resends its
/// slice, which creates no notifications about old workouts.
const IMPORTED_RESEND_AFTER_MS: i64 = 24 * 3_600_000;

const MAY_BE_SAME: &str = include_str!("../../sql/imports/may_be_same.sql");

#[derive(Deserialize)]
struct SessionRow {
    /// The index of the workout of the file.
    place: usize,
    /// The bytes up to this row.
    total: i64,
    #[serde(flatten)]
    stored: StoredSession,
}

/// The pages of stored workouts that an invocation may still read.
#[derive(Debug)]
pub struct PagesLeft(pub usize);

/// Decides about the workouts of a slice, in one round trip or a few for large workouts. `None` if it would take more
/// pages than are left.
pub async fn plan_slice(
    database: &dyn Database,
    athlete_id: AthleteId,
    format: &str,
    workouts: &[ImportedWorkout],
    pages: &mut PagesLeft,
) -> Result<Option<SlicePlan>, DatabaseError> {
    let mut plan = SlicePlan::default();
    let mut rest = workouts;
    while !rest.is_empty() {
        let select = same_sessions(athlete_id, rest)?;
        let rows = Results::new(database.batch(vec![select]).await?).rows()?;
        rest = visit(rows, rest, |row, stored, is_complete| {
            plan.add(row, format, stored, is_complete);
        });
        if !rest.is_empty() {
            let Some(left) = pages.0.checked_sub(1) else { return Ok(None) };
            pages.0 = left;
        }
    }
    Ok(Some(plan))
}

/// Counts what an import of workouts would do now, in a few round trips.
pub async fn preview(
    database: &dyn Database,
    proof: &KeyProof,
    format: &str,
    workouts: &[ImportedWorkout],
) -> Guarded<ImportCounts> {
    let mut counts = ImportCounts::default();
    let mut rest = workouts;
    while !rest.is_empty() {
        let select = same_sessions(proof.athlete_id, rest)?;
        let rows = rows_with_key(database, proof, select).await?;
        rest = visit(rows, rest, |row, stored, _| counts.count(row, &decide(row, format, stored)));
    }
    Ok(counts)
}

/// Selects the stored workouts that the first of `workouts` are compared with.
fn same_sessions(
    athlete_id: AthleteId,
    workouts: &[ImportedWorkout],
) -> Result<Statement, DatabaseError> {
    let sought = workouts.iter().take(SOUGHT_MAX).map(|row| {
        (row.workout_id, row.workout.started_at.timestamp_millis(), end_ms(&row.workout))
    });
    let sessions_max = i64::try_from(SESSIONS_MAX).unwrap_or(i64::MAX);
    query!(
        "imports/same_sessions.sql",
        may_be_same = MAY_BE_SAME,
        row_id = "sought.value ->> 0",
        start_ms = "sought.value ->> 1",
        end_ms = "sought.value ->> 2",
    )
    .bind([
        ("athlete_id", Param::text(athlete_id)),
        ("sought", Param::json(&sought.collect::<Vec<_>>())?),
        ("sessions_max", sessions_max.into()),
        ("bytes_max", PAGE_BYTES_MAX.into()),
    ])
}

fn end_ms(workout: &training::Workout) -> i64 {
    workout.ended_at.unwrap_or(workout.started_at).timestamp_millis()
}

/// Calls `visit` with the first of `workouts`, each with its stored ones, and whether these are all. Returns the others:
/// their stored workouts did not fit.
fn visit(
    rows: Vec<SessionRow>,
    workouts: &[ImportedWorkout],
    mut visit: impl FnMut(&ImportedWorkout, &[StoredSession], bool),
) -> &[ImportedWorkout] {
    let cut = rows.last().filter(|row| row.total > PAGE_BYTES_MAX).map(|row| row.place);
    let mut stored: BTreeMap<usize, Vec<StoredSession>> = BTreeMap::new();
    for row in rows {
        stored.entry(row.place).or_default().push(row.stored);
    }
    let asked = workouts.len().min(SOUGHT_MAX);
    let (visited, rest) = workouts.split_at(cut.map_or(asked, |cut| cut.clamp(1, asked)));
    for (index, row) in visited.iter().enumerate() {
        let stored = stored.get(&index).map_or(&[][..], Vec::as_slice);
        visit(row, stored, stored.len() < SESSIONS_MAX && cut != Some(index));
    }
    rest
}

#[derive(Deserialize)]
struct WrittenRow {
    workout_id: WorkoutId,
    body_weight_grams: Option<Grams>,
}

/// Writes workouts, in one statement, those that are still as they were compared. Returns them; the others have changed
/// meanwhile, or their import was taken back.
pub async fn write_workouts(
    database: &dyn Database,
    key: SliceKey,
    writes: Vec<SessionWrite>,
    trace: TraceContext,
    now_ms: i64,
) -> Result<Vec<WrittenSession>, DatabaseError> {
    let rows = writes.iter().map(row).collect::<Result<Vec<_>, _>>().map_err(DatabaseError::Row)?;
    let write = query!(
        "imports/write_workouts.sql",
        may_be_same = MAY_BE_SAME,
        row_id = "row.value ->> 'row'",
        start_ms = "row.value ->> 'started_at_ms'",
        end_ms = "row.value ->> 'ended_at_ms'",
        entered_body_weight = "row.value ->> 'body_weight_grams'",
        body_weight_day = "row.value ->> 'local_date'",
    )
    .bind([
        ("athlete_id", Param::text(key.athlete_id)),
        ("import_id", Param::text(key.import_id)),
        ("rows", Param::json(&rows)?),
        ("now_ms", now_ms.into()),
        ("due_at_ms", (now_ms + IMPORTED_RESEND_AFTER_MS).into()),
        ("traceparent", Param::text(trace)),
    ])?;
    drop(rows);
    let written: Vec<WrittenRow> = Results::new(database.batch(vec![write]).await?).rows()?;
    let written: BTreeMap<_, _> =
        written.into_iter().map(|row| (row.workout_id, row.body_weight_grams)).collect();
    let sessions = writes.into_iter().filter_map(|write| {
        let body_weight_grams = *written.get(&write.session.workout_id)?;
        Some(WrittenSession { body_weight_grams, ..write.session })
    });
    Ok(sessions.collect())
}

fn row(write: &SessionWrite) -> Result<Value, serde_json::Error> {
    let session = &write.session;
    let content = Content::of(&session.workout)?;
    Ok(json!({
        "workout_id": session.workout_id,
        "row": write.stamp.row,
        "revision": session.revision,
        "status": content.status,
        "local_date": content.local_date,
        "started_at_ms": content.started_at_ms,
        "ended_at_ms": end_ms(&session.workout),
        "document": content.document,
        "own_exercises": session.own_exercises,
        "body_weight_grams": content.body_weight_grams,
        "imported": write.stamp,
        "compared": write.compared,
    }))
}
