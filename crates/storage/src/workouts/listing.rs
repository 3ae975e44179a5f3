//! Lists of an athlete's workouts: pages, and the changes since a point.

use super::{StoredWorkout, columns};
use crate::database::{Database, Param, Statement};
use crate::guard::Guarded;
use crate::keys::{KeyProof, rows_with_key, with_key};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared_kernel::WorkoutId;

/// A page of the list to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkoutQuery {
    /// The first local day; `None` is unbounded.
    pub from: Option<NaiveDate>,
    /// The last local day; `None` is unbounded.
    pub to: Option<NaiveDate>,
    pub after: Option<WorkoutPosition>,
    pub limit: i64,
}

/// The position of a workout in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkoutPosition {
    pub local_date: NaiveDate,
    pub started_at_ms: i64,
    pub workout_id: WorkoutId,
}

/// An item of the list with its position.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ListedWorkout {
    pub local_date: NaiveDate,
    pub started_at_ms: i64,
    #[serde(flatten)]
    pub workout: StoredWorkout,
}

impl ListedWorkout {
    /// Returns its position in the list.
    pub const fn position(&self) -> WorkoutPosition {
        WorkoutPosition {
            local_date: self.local_date,
            started_at_ms: self.started_at_ms,
            workout_id: self.workout.workout_id,
        }
    }
}

/// Returns a page of the athlete's workouts, newest first.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    page: &WorkoutQuery,
) -> Guarded<Vec<ListedWorkout>> {
    let after = page.after.as_ref();
    let select = proof.statement(
        concat!(
            "SELECT ",
            columns!(),
            ", local_date, started_at_ms FROM workouts \
             WHERE athlete_id = ?1 AND local_date BETWEEN coalesce(?4, '0000') \
             AND coalesce(?5, '9999') AND status <> 'deleted' \
             AND (?6 IS NULL OR (local_date, started_at_ms, workout_id) < (?6, ?7, ?8)) \
             ORDER BY local_date DESC, started_at_ms DESC, workout_id DESC LIMIT ?9"
        ),
        [
            page.from.map(|day| day.to_string()).as_deref().into(),
            page.to.map(|day| day.to_string()).as_deref().into(),
            after.map(|position| position.local_date.to_string()).as_deref().into(),
            after.map(|position| position.started_at_ms).into(),
            after.map(|position| position.workout_id.to_string()).as_deref().into(),
            page.limit.into(),
        ],
    );
    rows_with_key(database, proof, select).await
}

/// A changed workout with the `change_seq` of its last change.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ChangedWorkout {
    pub change_seq: i64,
    /// The current state; deleted workouts too.
    #[serde(flatten)]
    pub workout: StoredWorkout,
}

/// The point since which changes are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// After this `change_seq`.
    Change(i64),
    /// From this instant on, by the clock of the api, in milliseconds since 1970.
    Instant(i64),
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The newest state of each workout once, ordered by its last change.
    pub items: Vec<ChangedWorkout>,
    /// The highest `change_seq`; 0 if there are no workouts.
    pub last_seq: i64,
}

/// Returns the workouts changed since a point.
pub async fn changes(
    database: &dyn Database,
    proof: &KeyProof,
    since: Since,
    limit: i64,
) -> Guarded<Changes> {
    let (seq, instant_ms) = match since {
        Since::Change(seq) => (seq, 0),
        Since::Instant(ms) => (0, ms),
    };
    let select = proof.statement(
        concat!(
            "SELECT ",
            columns!(),
            ", change_seq FROM workouts INDEXED BY workouts_by_change \
             WHERE athlete_id = ?1 AND change_seq > ?4 AND changed_at_ms >= ?5 \
             ORDER BY change_seq LIMIT ?6"
        ),
        [seq.into(), instant_ms.into(), limit.into()],
    );
    let last = Statement::new(
        "SELECT coalesce(max(change_seq), 0) AS last_seq \
         FROM workouts INDEXED BY workouts_by_change WHERE athlete_id = ?1",
        [Param::text(proof.athlete_id)],
    );
    let mut results = with_key(database, proof, vec![select, last]).await?;
    Ok(Changes { items: results.rows()?, last_seq: results.value()?.unwrap_or(0) })
}
