//! Workouts. A row is its own outbox: `aggregated_revision < revision` means "not yet aggregated".

mod change;
mod listing;
mod sweep;

pub use change::{Change, change, delete};
pub use listing::{
    ChangedWorkout, Changes, ListedWorkout, Since, WorkoutPosition, WorkoutQuery, changes, list,
};
pub use sweep::{complete, left_open, take_overdue};

use crate::database::{Database, DatabaseError, Param, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::json_text;
use crate::keys::{KeyProof, live_key, with_key};
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
/// How long an Idempotency-Key is remembered: a phone may be offline for a week.
const IDEMPOTENCY_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

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
        })
    }
}

/// An Idempotency-Key with its request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// Unquoted.
    pub key: String,
    /// SHA-256 of the request, in hex.
    pub request_hash: String,
}

/// A workout that a POST created.
#[derive(Clone, Debug, PartialEq)]
pub enum Creation {
    Stored(StoredWorkout),
    /// The same request was stored before under this Idempotency-Key.
    Replayed(StoredWorkout),
}

#[derive(Deserialize)]
struct IdempotencyRow {
    request_hash: String,
    workout_id: WorkoutId,
    document: String,
    #[serde(with = "json_text")]
    own_exercises: CustomExercises,
    body_weight_grams: Option<Grams>,
    set_id: Option<u32>,
    created_at_ms: i64,
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

pub(crate) use {body_weight, columns, next_change, unknown_slugs};

/// Stores a workout. The key check, the idempotency record and the insert are one round trip; each
/// depends on the ones before.
pub async fn create(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    origin: &Origin<'_>,
) -> Guarded<Creation> {
    let slugs = Param::json(&content.own_slugs)?;
    let mut statements = vec![proof.statement(unknown_slugs!("?4"), [slugs.clone()])];
    if let Some(idempotency) = origin.idempotency {
        statements.extend([
            delete_expired(proof, origin.now_ms - IDEMPOTENCY_MS),
            insert_idempotency(proof, workout_id, content, &slugs, idempotency, origin.now_ms),
            select_idempotency(proof, idempotency),
        ]);
    }
    statements.push(insert(proof, workout_id, content, slugs, origin));
    let mut results = with_key(database, proof, statements).await?;
    let unknown: BTreeSet<_> = results.column()?.into_iter().collect();
    if let Some(idempotency) = origin.idempotency {
        results.skip(2);
        if let Some(first) = results.first::<IdempotencyRow>()?
            && first.workout_id != workout_id
        {
            return replay(first, idempotency, content, proof, origin).map(Creation::Replayed);
        }
    }
    if !unknown.is_empty() {
        return Err(Rejection::UnknownExercises(unknown));
    }
    Ok(Creation::Stored(results.first()?.ok_or(DatabaseError::MissingResult)?))
}

/// The request that makes a change.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    pub idempotency: Option<&'a Idempotency>,
    pub trace: TraceContext,
    pub now_ms: i64,
}

fn replay(
    first: IdempotencyRow,
    idempotency: &Idempotency,
    content: &Content,
    proof: &KeyProof,
    origin: &Origin<'_>,
) -> Guarded<StoredWorkout> {
    if first.request_hash != idempotency.request_hash || first.set_id.is_some() {
        return Err(Conflict::IdempotencyKeyReused.into());
    }
    Ok(StoredWorkout {
        athlete_id: proof.athlete_id,
        workout_id: first.workout_id,
        revision: 1,
        completed_revision: i64::from(content.status == WorkoutStatus::Completed),
        status: content.status,
        document: first.document,
        own_exercises: first.own_exercises,
        body_weight_grams: first.body_weight_grams,
        changed_at_ms: first.created_at_ms,
        traceparent: origin.trace,
    })
}

/// Deletes the athlete's expired Idempotency-Keys.
fn delete_expired(proof: &KeyProof, expires_before_ms: i64) -> Statement {
    proof.statement(
        concat!(
            "DELETE FROM idempotency_keys WHERE athlete_id = ?1 AND created_at_ms < ?4 AND ",
            live_key!()
        ),
        [expires_before_ms.into()],
    )
}

/// Stores an Idempotency-Key, if it is unused and the workout will be stored.
fn insert_idempotency(
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    slugs: &Param,
    idempotency: &Idempotency,
    now_ms: i64,
) -> Statement {
    proof.statement(
        concat!(
            "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, \
             workout_id, document, own_exercises, body_weight_grams, created_at_ms) \
             SELECT ?1, ?4, ?5, ?6, ?7, ",
            own_exercises!("?8"),
            ", ",
            body_weight!("?9", "?10"),
            ", ?11 WHERE ",
            live_key!(),
            " AND NOT EXISTS (",
            unknown_slugs!("?8"),
            ") ON CONFLICT DO NOTHING"
        ),
        [
            idempotency.key.as_str().into(),
            idempotency.request_hash.as_str().into(),
            Param::text(workout_id),
            content.document.as_str().into(),
            slugs.clone(),
            content.body_weight_grams.map(|grams| grams.0).into(),
            Param::text(content.local_date),
            now_ms.into(),
        ],
    )
}

/// Selects the request of an Idempotency-Key.
fn select_idempotency(proof: &KeyProof, idempotency: &Idempotency) -> Statement {
    proof.statement(
        "SELECT request_hash, workout_id, document, own_exercises, body_weight_grams, set_id, \
         created_at_ms FROM idempotency_keys WHERE athlete_id = ?1 AND idempotency_key = ?4",
        [idempotency.key.as_str().into()],
    )
}

fn insert(
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    slugs: Param,
    origin: &Origin<'_>,
) -> Statement {
    proof.statement(
        concat!(
            "INSERT INTO workouts (athlete_id, workout_id, revision, completed_revision, status, \
             local_date, started_at_ms, document, own_exercises, body_weight_grams, \
             changed_at_ms, resend_at_ms, traceparent, change_seq) \
             SELECT ?1, ?4, 1, ?5 = 'completed', ?5, ?6, ?7, ?8, ",
            own_exercises!("?9"),
            ", ",
            body_weight!("?10", "?6"),
            ", ?11, ?12, ?13, ",
            next_change!(),
            " WHERE ",
            live_key!(),
            " AND NOT EXISTS (",
            unknown_slugs!("?9"),
            ") AND (?14 IS NULL OR EXISTS (SELECT 1 FROM idempotency_keys \
             WHERE athlete_id = ?1 AND idempotency_key = ?14 AND workout_id = ?4)) RETURNING ",
            columns!()
        ),
        [
            Param::text(workout_id),
            content.status.as_str().into(),
            Param::text(content.local_date),
            content.started_at_ms.into(),
            content.document.as_str().into(),
            slugs,
            content.body_weight_grams.map(|grams| grams.0).into(),
            origin.now_ms.into(),
            (origin.now_ms + RESEND_AFTER_MS).into(),
            Param::text(origin.trace),
            origin.idempotency.map(|idempotency| idempotency.key.as_str()).into(),
        ],
    )
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
    pub replayed: Option<ReplayedSet>,
}

/// The earlier request with an Idempotency-Key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayedSet {
    pub request_hash: String,
    /// `None` if the key was used for a workout.
    pub set_id: Option<u32>,
}

/// Returns one workout, and the earlier request with the Idempotency-Key.
pub async fn get_for_edit(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    idempotency: Option<&Idempotency>,
) -> Guarded<WorkoutForEdit> {
    let mut statements = vec![select(proof, workout_id)];
    statements.extend(idempotency.map(|idempotency| select_idempotency(proof, idempotency)));
    let mut results = with_key(database, proof, statements).await?;
    let workout = results.first()?.ok_or(Rejection::NotFound)?;
    let replayed = match idempotency {
        None => None,
        Some(_) => results
            .first::<IdempotencyRow>()?
            .map(|row| ReplayedSet { request_hash: row.request_hash, set_id: row.set_id }),
    };
    Ok(WorkoutForEdit { workout, replayed })
}
