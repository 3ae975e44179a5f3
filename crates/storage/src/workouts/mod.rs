//! Workouts. A row is its own outbox: `aggregated_revision < revision` means "not yet aggregated".

mod change;
mod create;
mod listing;
mod sweep;

pub use change::{Change, change, delete};
pub use create::{create, create_in_time_zone, time_zone};
pub use listing::{
    ChangedWorkout, Changes, ListedWorkout, Since, WorkoutPosition, WorkoutQuery, changes, list,
};
pub use sweep::{complete, left_open, take_overdue};

pub use crate::idempotency::{Creation, Idempotency};

use crate::database::{Database, Param, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::idempotency::{self, Created, FirstRequest};
use crate::json_text;
use crate::keys::{KeyProof, with_key};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared_kernel::payload::WorkoutSnapshot;
use shared_kernel::{AthleteId, TraceContext, WorkoutId};
use std::collections::BTreeSet;
use training::calendar::local_date;
use training::{CustomExercises, Exercise, Grams, Workout};

/// The sweep resends the event of a workout this long after a change. With the minute between two
/// sweeps, a lost event is resent within two minutes.
pub(crate) const RESEND_AFTER_MS: i64 = 45_000;

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
    /// The JSON document as entered.
    pub document: String,
    /// The definitions that were current when it was saved.
    #[serde(with = "json_text")]
    pub own_exercises: CustomExercises,
    pub body_weight_grams: Option<Grams>,
    pub changed_at_ms: i64,
    pub traceparent: TraceContext,
}

impl StoredWorkout {
    /// Parses the document.
    pub fn document(&self) -> Result<Workout, serde_json::Error> {
        serde_json::from_str(&self.document)
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

macro_rules! columns {
    () => {
        "athlete_id, workout_id, revision, completed_revision, status, document, own_exercises, \
         body_weight_grams, changed_at_ms, traceparent"
    };
}

/// The content of a workout as its row stores it; `document` is its JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    pub status: WorkoutStatus,
    pub local_date: NaiveDate,
    pub started_at_ms: i64,
    pub document: String,
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
            document: serde_json::to_string(workout)?,
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

/// The definitions of the athlete's custom exercises among `$slugs`: `{"slug": definition}`.
macro_rules! own_exercises {
    ($slugs:literal) => {
        concat!(
            "(SELECT json_group_object(own.slug, json(own.definition)) FROM json_each(",
            $slugs,
            ") AS named JOIN exercises AS own \
             ON own.athlete_id = ?1 AND own.slug = named.value)"
        )
    };
}

/// The slugs that are not custom exercises of the athlete.
macro_rules! unknown_slugs {
    ($slugs:literal) => {
        concat!(
            "SELECT named.value AS slug FROM json_each(",
            $slugs,
            ") AS named WHERE NOT EXISTS (SELECT 1 FROM exercises \
             WHERE athlete_id = ?1 AND slug = named.value)"
        )
    };
}

/// The body weight that counts: the one entered with the workout (`$entered`), else the last one
/// known on its day (`$day`), else the first one known.
macro_rules! body_weight {
    ($entered:literal, $day:literal) => {
        concat!(
            "coalesce(",
            $entered,
            ", iif(EXISTS (SELECT 1 FROM body_weights WHERE athlete_id = ?1 AND day <= ",
            $day,
            "), (SELECT grams FROM body_weights WHERE athlete_id = ?1 AND day <= ",
            $day,
            " ORDER BY day DESC LIMIT 1), \
             (SELECT grams FROM body_weights WHERE athlete_id = ?1 ORDER BY day LIMIT 1)))"
        )
    };
}

/// The next `change_seq` of the athlete's workouts. Write transactions run one after the other, so
/// it increases in the order of commits.
macro_rules! next_change {
    () => {
        "(SELECT coalesce(max(change_seq), 0) + 1 FROM workouts WHERE athlete_id = ?1)"
    };
}

pub(crate) use {body_weight, columns, next_change, own_exercises, unknown_slugs};

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
    let mut results = with_key(database, proof, vec![select(proof, workout_id)]).await?;
    results.first()?.ok_or(Rejection::NotFound)
}

fn select(proof: &KeyProof, workout_id: WorkoutId) -> Statement {
    proof.statement(
        concat!(
            "SELECT ",
            columns!(),
            " FROM workouts WHERE athlete_id = ?1 AND workout_id = ?4 AND status <> 'deleted'"
        ),
        [Param::text(workout_id)],
    )
}

/// A workout to which a set is added.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkoutForEdit {
    pub workout: StoredWorkout,
    /// The set that the same request with the Idempotency-Key added before.
    pub replayed_set_id: Option<u32>,
}

/// Returns one workout, and the set that the same request with the Idempotency-Key added before.
pub async fn get_for_edit(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    idempotency: Option<&Idempotency>,
) -> Guarded<WorkoutForEdit> {
    let mut statements = vec![select(proof, workout_id)];
    statements.extend(idempotency.map(|key| idempotency::select_first(proof, key)));
    let mut results = with_key(database, proof, statements).await?;
    let workout = results.first()?;
    let mut replayed_set_id = None;
    if let Some(idempotency) = idempotency
        && let Some(first) = results.first::<FirstRequest>()?
    {
        first.check_is_replayed_by(idempotency, Created::Set)?;
        replayed_set_id = first.set_id;
    }
    match (workout, replayed_set_id) {
        (Some(workout), replayed_set_id) => Ok(WorkoutForEdit { workout, replayed_set_id }),
        (None, Some(_)) => Err(Conflict::WorkoutDeleted.into()),
        (None, None) => Err(Rejection::NotFound),
    }
}
