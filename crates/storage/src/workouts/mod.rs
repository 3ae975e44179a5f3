//! Workouts. A row is its own outbox: `aggregated_revision < revision` means "not yet aggregated".

mod change;
mod create;
mod document;
mod listing;
mod sweep;

pub use change::{Change, change, delete};
pub use create::{create, create_in_time_zone, time_zone};
pub use document::Document;
pub use listing::{
    ChangedWorkout, Changes, ListedWorkout, Since, WorkoutPosition, WorkoutQuery, changes, list,
};
pub use sweep::{PageMax, complete, take_left_open, take_overdue};

pub use crate::idempotency::{Creation, Idempotency};

use crate::database::{Database, DatabaseError, Param, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::idempotency::SetKey;
use crate::json_text;
use crate::keys::{KeyProof, with_key};
use crate::sql::query;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared_kernel::payload::WorkoutSnapshot;
use shared_kernel::{AthleteId, TraceContext, WorkoutId};
use std::collections::{BTreeMap, BTreeSet};
use training::calendar::local_date;
use training::{CustomExercises, Exercise, Grams, Workout};

/// The sweep resends the event of a workout this long after a change. With the minute between two
/// sweeps, a lost event is resent within two minutes.
pub(crate) const RESEND_AFTER_MS: i64 = 45_000;
/// The sweep sends the event of a workout in progress this long after the first change that is not yet
/// aggregated. With the minute between two sweeps and the time in the queue, the volume of an open workout
/// is at most ten minutes old.
pub(crate) const DEBOUNCE_MS: i64 = 8 * 60_000;
/// The time without a call after which an open workout is completed: its athlete forgot to. By the server's
/// clock: the clock of a phone can be days off.
pub(crate) const IDLE_MAX_MS: i64 = 24 * 3_600_000;

/// The state of a workout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkoutStatus {
    InProgress,
    Completed,
    /// It no longer counts. The row stays, so that its deletion reaches every consumer.
    Deleted,
}

impl WorkoutStatus {
    /// Returns the stored and wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Deleted => "deleted",
        }
    }
}

/// A stored workout.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StoredWorkout {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// 1 when posted, one more with each change.
    pub revision: i64,
    /// The revision that completed it; 0 while it is in progress.
    pub completed_revision: i64,
    pub status: WorkoutStatus,
    /// The workout as entered.
    pub document: Document,
    /// The definitions that were current when it was saved.
    #[serde(deserialize_with = "json_text::or_default")]
    pub own_exercises: CustomExercises,
    pub body_weight_grams: Option<Grams>,
    pub changed_at_ms: i64,
    /// When the sweep next handles it.
    pub due_at_ms: Option<i64>,
    pub traceparent: TraceContext,
}

impl StoredWorkout {
    /// Returns the workout as entered; an error if the stored form is invalid.
    pub fn document(&self) -> Result<&Workout, serde_json::Error> {
        self.document.get()
    }

    /// Returns the snapshot that an event carries.
    pub fn snapshot(&self) -> Result<WorkoutSnapshot, serde_json::Error> {
        let workout = self.document()?;
        Ok(WorkoutSnapshot {
            athlete_id: self.athlete_id,
            workout_id: self.workout_id,
            revision: self.revision,
            started_at: workout.started_at,
            body_weight_grams: self.body_weight_grams,
            exercises: workout.performed_exercises(&self.own_exercises),
        })
    }
}

/// The content of a workout as its row stores it.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub status: WorkoutStatus,
    pub local_date: NaiveDate,
    pub started_at_ms: i64,
    workout: Workout,
    /// The stored form of the workout.
    pub(crate) document: String,
    /// The slugs that are not in the catalogue: all of them must be the athlete's own.
    pub own_slugs: BTreeSet<String>,
    /// The body weight entered with it; `None` uses the one of its day.
    pub body_weight_grams: Option<Grams>,
    /// Whether the definitions of its custom exercises stay those that counted.
    keeps_exercises: bool,
    /// Whether its body weight stays the one that counted.
    keeps_body_weight: bool,
}

impl Content {
    /// Converts a workout. It is completed if it has an end.
    pub fn of(workout: &Workout) -> Result<Self, serde_json::Error> {
        let ended = workout.ended_at.is_some();
        let slugs = workout.exercises.iter().map(|exercise| &exercise.exercise);
        Ok(Self {
            status: if ended { WorkoutStatus::Completed } else { WorkoutStatus::InProgress },
            local_date: local_date(workout.started_at),
            started_at_ms: workout.started_at.timestamp_millis(),
            workout: workout.clone(),
            document: document::encode(workout)?,
            own_slugs: slugs.filter(|slug| Exercise::find(slug).is_none()).cloned().collect(),
            body_weight_grams: workout.body_weight(),
            keeps_exercises: false,
            keeps_body_weight: false,
        })
    }

    /// Converts a workout that replaces `current`. The definitions and the body weight that counted
    /// stay, until its sets change; the body weight also until the one entered with it changes.
    pub fn replacing(workout: &Workout, current: &Workout) -> Result<Self, serde_json::Error> {
        let keeps_exercises = workout.has_sets_of(current);
        let same_weight = workout.body_weight() == current.body_weight();
        let keeps_body_weight = keeps_exercises && same_weight;
        Ok(Self { keeps_exercises, keeps_body_weight, ..Self::of(workout)? })
    }
}

/// The request that makes a change.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub idempotency: Option<&'a Idempotency>,
    pub trace: TraceContext,
    pub now_ms: i64,
}

/// Returns one workout.
pub async fn get(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
) -> Guarded<StoredWorkout> {
    let select = select(proof, workout_id)?;
    with_key(database, proof, vec![select]).await?.first()?.ok_or(Rejection::NotFound)
}

fn select(proof: &KeyProof, workout_id: WorkoutId) -> Result<Statement, DatabaseError> {
    query!("workouts/get.sql").bind(named(proof, workout_id))
}

fn named(proof: &KeyProof, workout_id: WorkoutId) -> impl Iterator<Item = (&'static str, Param)> {
    proof.named().into_iter().chain([("workout_id", Param::text(workout_id))])
}

/// A workout to which a set is added.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkoutForEdit {
    pub workout: StoredWorkout,
    /// The set that the same request with the Idempotency-Key added before.
    pub replayed_set_id: Option<u32>,
}

#[derive(Deserialize)]
struct EditRow {
    #[serde(flatten)]
    workout: StoredWorkout,
    #[serde(with = "json_text")]
    set_keys: BTreeMap<String, (u32, String)>,
}

/// Returns one workout, and the set that the same request with the Idempotency-Key added before.
pub async fn get_for_edit(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    idempotency: Option<&Idempotency>,
) -> Guarded<WorkoutForEdit> {
    let select = query!("workouts/get_for_edit.sql").bind(named(proof, workout_id))?;
    let row: Option<EditRow> = with_key(database, proof, vec![select]).await?.first()?;
    let Some(EditRow { workout, set_keys }) = row else { return Err(Rejection::NotFound) };
    let key = idempotency.map(SetKey::of);
    let first = key.as_ref().and_then(|key| set_keys.get(&key.key));
    let replayed_set_id = match (first, &key) {
        (Some((set_id, request)), Some(key)) if *request == key.request => Some(*set_id),
        (Some(_), _) => return Err(Conflict::IdempotencyKeyReused.into()),
        (None, _) => None,
    };
    match (workout.status, replayed_set_id) {
        (WorkoutStatus::InProgress | WorkoutStatus::Completed, replayed_set_id) => {
            Ok(WorkoutForEdit { workout, replayed_set_id })
        }
        (WorkoutStatus::Deleted, Some(_)) => Err(Conflict::WorkoutDeleted.into()),
        (WorkoutStatus::Deleted, None) => Err(Rejection::NotFound),
    }
}
