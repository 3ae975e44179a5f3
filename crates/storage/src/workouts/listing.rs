//! Lists of an athlete's workouts: pages, and the changes since a point.

use super::StoredWorkout;
use crate::database::{Database, Param, Statement};
use crate::guard::{Guarded, Rejection};
use crate::keys::{KeyProof, page_with_key, with_key};
use crate::page::{Page, fitting};
use crate::sql::query;
use chrono::{NaiveDate, NaiveTime};
use serde::{Deserialize, Serialize};
use shared_kernel::WorkoutId;

/// More than any offset from UTC.
const DAY_MS: i64 = 24 * 3_600_000;
/// An instant after all workouts.
const INSTANT_MAX_MS: i64 = (1 << 53) - 1;
/// The time that a position by instant reaches back: the clocks of concurrent requests differ by less
/// from the order of their commits.
const OVERLAP_MS: i64 = 60_000;

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
    pub started_at_ms: i64,
    pub workout_id: WorkoutId,
}

/// An item of the list with its position.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ListedWorkout {
    pub started_at_ms: i64,
    #[serde(flatten)]
    pub workout: StoredWorkout,
}

impl ListedWorkout {
    /// Returns its position in the list.
    pub const fn position(&self) -> WorkoutPosition {
        WorkoutPosition { started_at_ms: self.started_at_ms, workout_id: self.workout.workout_id }
    }
}

/// Returns a page of the athlete's workouts, newest first: by the instant of their start, wherever it was.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    page: &WorkoutQuery,
) -> Guarded<Page<ListedWorkout>> {
    let (first_ms, end_ms) = bounds_ms(page);
    let after = page.after.as_ref();
    let after_id = after.map(|position| position.workout_id.to_string()).unwrap_or_default();
    let day = |day: Option<NaiveDate>| Param::from(day.map(|day| day.to_string()).as_deref());
    let select = query!("workouts/list.sql").bind(
        proof.named().into_iter().chain(fitting(page.limit)).chain([
            ("first_ms", first_ms.into()),
            (
                "before_ms",
                after.map_or(end_ms, |position| position.started_at_ms.min(end_ms)).into(),
            ),
            ("before_id", Param::Text(after_id)),
            ("from_date", day(page.from)),
            ("to_date", day(page.to)),
        ]),
    )?;
    page_with_key(database, proof, select).await
}

/// The first instant of the local days of a page, and the one after the last, wherever they are: the
/// range that the index is searched for.
fn bounds_ms(page: &WorkoutQuery) -> (i64, i64) {
    let start_ms = |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().timestamp_millis();
    let first = page.from.map_or(0, |day| start_ms(day) - DAY_MS);
    let end = page.to.map_or(INSTANT_MAX_MS, |day| start_ms(day) + 2 * DAY_MS);
    (first, end)
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

impl Since {
    /// Converts an instant of a client's clock: one in the future is the present, so that workouts
    /// posted until then are not skipped.
    pub const fn client_instant(instant_ms: i64, now_ms: i64) -> Self {
        let instant_ms = if instant_ms < now_ms { instant_ms } else { now_ms };
        Self::Instant(instant_ms - OVERLAP_MS)
    }
}

/// A page of changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The newest state of each workout once, ordered by its last change.
    pub page: Page<ChangedWorkout>,
    /// The highest `change_seq`; 0 if there are no workouts.
    pub last_seq: i64,
}

/// Returns the workouts changed since a point; [`Rejection::UnknownPosition`] for a `change_seq` that no
/// change has had yet.
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
    let select = query!("workouts/changes.sql").bind(
        proof
            .named()
            .into_iter()
            .chain(fitting(limit))
            .chain([("seq", seq.into()), ("instant_ms", instant_ms.into())]),
    )?;
    let last = Statement::new(
        "SELECT coalesce(max(change_seq), 0) AS last_seq \
         FROM workouts INDEXED BY workouts_by_change WHERE athlete_id = ?1",
        [Param::text(proof.athlete_id)],
    );
    let mut results = with_key(database, proof, vec![select, last]).await?;
    let changes = Changes { page: results.page()?, last_seq: results.value()?.unwrap_or(0) };
    if seq > changes.last_seq {
        return Err(Rejection::UnknownPosition);
    }
    Ok(changes)
}
