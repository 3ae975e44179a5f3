//! The workouts that the sweep handles, of all athletes of a database: overdue events, and workouts
//! left open.

use super::{IDLE_MAX_MS, RESEND_AFTER_MS, StoredWorkout, WorkoutStatus, document};
use crate::database::{Database, DatabaseError, Param, Results};
use crate::sql::query;
use serde::Deserialize;
use serde_json::json;
use shared_kernel::{AthleteId, WorkoutId};
use std::collections::BTreeMap;
use training::Workout;

/// The size of a result, at most. The bytes are those of the stored documents and exercises; one row is always
/// within them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageMax {
    pub rows: i64,
    pub bytes: i64,
}

/// Returns the workouts with an overdue event, the longest overdue first, and postpones their next
/// resend: by 1, 2, 4 … minutes, at most a day, so that an event that always fails causes little
/// load.
pub async fn take_overdue(
    database: &dyn Database,
    now_ms: i64,
    max: PageMax,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let take = query!("workouts/take_due.sql", condition = "aggregated_revision < revision");
    take_due(database, take.bind(named(now_ms, max))?).await
}

/// Returns the workouts in progress that are due and had no call for 24 hours, and postpones them as
/// [`take_overdue`] does, so that one that cannot be completed delays no other.
pub async fn take_left_open(
    database: &dyn Database,
    now_ms: i64,
    max: PageMax,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let take = query!(
        "workouts/take_due.sql",
        condition = "status = 'in_progress' AND changed_at_ms < :idle_since_ms",
    );
    let idle_since = ("idle_since_ms", (now_ms - IDLE_MAX_MS).into());
    take_due(database, take.bind(named(now_ms, max).into_iter().chain([idle_since]))?).await
}

fn named(now_ms: i64, max: PageMax) -> [(&'static str, Param); 3] {
    [("now_ms", now_ms.into()), ("limit", max.rows.into()), ("bytes_max", max.bytes.into())]
}

async fn take_due(
    database: &dyn Database,
    take: crate::Statement,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    Results::new(database.batch(vec![take]).await?).rows()
}

#[derive(Deserialize)]
struct CompletedRow {
    athlete_id: AthleteId,
    workout_id: WorkoutId,
}

/// Completes workouts that were left open, each if it is unchanged since it was read, in one statement.
/// Returns the completed ones.
pub async fn complete(
    database: &dyn Database,
    completed: Vec<(StoredWorkout, Workout)>,
    now_ms: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let row = |(stored, workout): &(StoredWorkout, Workout)| {
        Ok(json!({
            "athlete_id": stored.athlete_id,
            "workout_id": stored.workout_id,
            "revision": stored.revision,
            "document": document::encode(workout).map_err(DatabaseError::Row)?,
        }))
    };
    let rows = completed.iter().map(row).collect::<Result<Vec<_>, DatabaseError>>()?;
    let due_at_ms = now_ms + RESEND_AFTER_MS;
    let update = query!("workouts/complete.sql").bind([
        ("completed", Param::json(&rows)?),
        ("now_ms", now_ms.into()),
        ("due_at_ms", due_at_ms.into()),
    ])?;
    drop(rows);
    let mut workouts: BTreeMap<_, _> = completed
        .into_iter()
        .map(|(stored, workout)| ((stored.athlete_id, stored.workout_id), (stored, workout)))
        .collect();
    let rows: Vec<CompletedRow> = Results::new(database.batch(vec![update]).await?).rows()?;
    let completed = rows.iter().filter_map(|row| {
        let (stored, workout) = workouts.remove(&(row.athlete_id, row.workout_id))?;
        let revision = stored.revision + 1;
        Some(StoredWorkout {
            revision,
            completed_revision: revision,
            status: WorkoutStatus::Completed,
            document: workout.into(),
            changed_at_ms: now_ms,
            due_at_ms: Some(due_at_ms),
            ..stored
        })
    });
    Ok(completed.collect())
}
