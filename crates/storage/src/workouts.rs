//! Workouts. The row is its own outbox: `aggregated_revision < revision` means "not yet through".

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::json_text;
use crate::keys::{KeyProof, live_key, rows_with_key, with_key};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared_kernel::payload::WorkoutSnapshot;
use shared_kernel::{AthleteId, TraceContext, WorkoutId};
use std::collections::BTreeSet;
use training::calendar::local_date;
use training::{Exercise, Grams, OwnExercises, Workout};

/// The sweep leaves a workout alone for so long after it changed: its event is on its way.
/// With the minute between two sweeps that is well within the two minutes in which a lost event is
/// to be sent again.
pub(crate) const RESEND_AFTER_MS: i64 = 45_000;
/// An answer is kept so long under its Idempotency-Key: a phone may be offline for a week.
const IDEMPOTENCY_KEPT_MS: i64 = 7 * 24 * 60 * 60 * 1_000;

/// The state of a workout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WorkoutStatus {
    /// It goes on.
    InProgress,
    /// It is over.
    Completed,
    /// It counts for nothing any more; the row stays to tell so.
    Deleted,
}

impl WorkoutStatus {
    /// The stored and the wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Deleted => "deleted",
        }
    }
}

/// A workout as it is stored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StoredWorkout {
    /// Whose.
    pub athlete_id: AthleteId,
    /// Which.
    pub workout_id: WorkoutId,
    /// 1 when posted, one more with each change.
    pub revision: i64,
    /// The revision that completed it; 0 while it goes on.
    pub completed_revision: i64,
    /// Its state.
    pub status: WorkoutStatus,
    /// The JSON document, as entered.
    pub document: String,
    /// The athlete's own exercises in it, as they were when it was saved.
    #[serde(with = "json_text")]
    pub own_exercises: OwnExercises,
    /// The body weight that counts for it.
    pub body_weight_grams: Option<Grams>,
    /// When it was changed last.
    pub changed_at_ms: i64,
    /// The trace of the request that changed it last.
    pub traceparent: TraceContext,
}

impl StoredWorkout {
    /// Its document.
    pub fn document(&self) -> Result<Workout, serde_json::Error> {
        serde_json::from_str(&self.document)
    }

    /// What an event carries of it.
    pub fn snapshot(&self) -> Result<WorkoutSnapshot, serde_json::Error> {
        let workout = self.document()?;
        Ok(WorkoutSnapshot {
            athlete_id: self.athlete_id,
            workout_id: self.workout_id,
            revision: self.revision,
            started_at: workout.started_at,
            body_weight_grams: self.body_weight_grams,
            exercises: workout.performed(&self.own_exercises),
        })
    }
}

macro_rules! columns {
    () => {
        "athlete_id, workout_id, revision, completed_revision, status, document, own_exercises, \
         body_weight_grams, changed_at_ms, traceparent"
    };
}

/// What a workout is to be stored as.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// In progress or completed.
    pub status: WorkoutStatus,
    /// Its local day.
    pub local_date: NaiveDate,
    /// When it began.
    pub started_at_ms: i64,
    /// The JSON document, as entered.
    pub document: String,
    /// The slugs in it that are not of the catalogue: all of them have to be the athlete's own.
    pub own_slugs: BTreeSet<String>,
    /// The body weight entered for it; `None` takes the one of its day.
    pub body_weight_grams: Option<Grams>,
}

impl Content {
    /// What is stored of a workout; it is completed when it has an end.
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

/// The caller's key for one request, and what it asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, unquoted.
    pub key: String,
    /// SHA-256 of the request, in hex.
    pub request_hash: String,
}

/// What became of a POST.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// The key is not live; nothing is stored.
    Unauthorized,
    /// Exercises that are neither in the catalogue nor the athlete's own; nothing is stored.
    UnknownExercises(BTreeSet<String>),
    /// Stored now.
    Stored(StoredWorkout),
    /// The same request was stored before: its answer again.
    Replayed(StoredWorkout),
    /// The key was used for another request; nothing is stored.
    KeyReused,
}

#[derive(Deserialize)]
struct IdempotencyRow {
    request_hash: String,
    workout_id: WorkoutId,
    document: String,
    #[serde(with = "json_text")]
    own_exercises: OwnExercises,
    body_weight_grams: Option<Grams>,
    set_id: Option<u32>,
    created_at_ms: i64,
}

#[derive(Deserialize)]
struct SlugRow {
    slug: String,
}

/// The exercises of parameter `$slugs` that are the athlete's own, `{"slug": definition}`.
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

/// Those that nobody knows.
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
/// known on its day (`$day`), else the first ever known. A weight is filed under the day of UTC on
/// which it came in, which may be the athlete's day before: so the day after counts too.
macro_rules! body_weight {
    ($entered:literal, $day:literal) => {
        concat!(
            "coalesce(",
            $entered,
            ", iif(EXISTS (SELECT 1 FROM body_weights WHERE athlete_id = ?1 AND day <= date(",
            $day,
            ", '+1 day')), (SELECT grams FROM body_weights WHERE athlete_id = ?1 AND day <= date(",
            $day,
            ", '+1 day') ORDER BY day DESC LIMIT 1), \
             (SELECT grams FROM body_weights WHERE athlete_id = ?1 ORDER BY day LIMIT 1)))"
        )
    };
}

pub(crate) use body_weight;

/// The next place among the changes of the athlete's workouts. Write transactions run one after
/// the other, so places are given in the order of commits, and none is given twice.
macro_rules! next_change {
    () => {
        "(SELECT coalesce(max(change_seq), 0) + 1 FROM workouts WHERE athlete_id = ?1)"
    };
}

/// Stores a workout. Key check, idempotency record and insert are one round trip, each guarded by
/// the ones before.
pub async fn create(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    origin: &Origin<'_>,
) -> Result<Created, DatabaseError> {
    let slugs = Param::json(&content.own_slugs)?;
    let mut statements = vec![proof.statement(unknown_slugs!("?4"), [slugs.clone()])];
    if let Some(idempotency) = origin.idempotency {
        let kept_since = origin.now_ms - IDEMPOTENCY_KEPT_MS;
        statements.push(forget(proof, kept_since));
        statements.push(remember(proof, workout_id, content, &slugs, idempotency, origin.now_ms));
        statements.push(recall(proof, idempotency));
    }
    statements.push(insert(proof, workout_id, content, slugs, origin));
    let Some(results) = with_key(database, proof, statements).await? else {
        return Ok(Created::Unauthorized);
    };
    let mut results = Results::new(results);
    let unknown = results.rows::<SlugRow>()?;
    if let Some(idempotency) = origin.idempotency {
        results.skip_one();
        results.skip_one();
        if let Some(first) = results.rows::<IdempotencyRow>()?.into_iter().next()
            && first.workout_id != workout_id
        {
            return Ok(replay(first, idempotency, content, proof, origin));
        }
    }
    if !unknown.is_empty() {
        return Ok(Created::UnknownExercises(unknown.into_iter().map(|row| row.slug).collect()));
    }
    let inserted = results.rows()?.into_iter().next();
    inserted.map(Created::Stored).ok_or(DatabaseError::MissingResult)
}

/// Where a change comes from.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The caller's key for the request.
    pub idempotency: Option<&'a Idempotency>,
    /// Its trace.
    pub trace: TraceContext,
    /// Now.
    pub now_ms: i64,
}

fn replay(
    first: IdempotencyRow,
    idempotency: &Idempotency,
    content: &Content,
    proof: &KeyProof,
    origin: &Origin<'_>,
) -> Created {
    if first.request_hash != idempotency.request_hash || first.set_id.is_some() {
        return Created::KeyReused;
    }
    Created::Replayed(StoredWorkout {
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

/// Forgets the athlete's old keys.
fn forget(proof: &KeyProof, kept_since_ms: i64) -> Statement {
    proof.statement(
        concat!(
            "DELETE FROM idempotency_keys WHERE athlete_id = ?1 AND created_at_ms < ?4 AND ",
            live_key!()
        ),
        [kept_since_ms.into()],
    )
}

/// Takes a key, if it is free and the workout is one that will be stored.
fn remember(
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

/// Reads who has a key.
fn recall(proof: &KeyProof, idempotency: &Idempotency) -> Statement {
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

/// What becomes of a read or a change of one workout.
#[derive(Clone, Debug, PartialEq)]
pub enum Access<T> {
    /// The key is not live.
    Unauthorized,
    /// There is no such workout of this athlete.
    NotFound,
    /// It is at another revision than the caller said; nothing is changed.
    Stale,
    /// Exercises that are neither in the catalogue nor the athlete's own; nothing is changed.
    UnknownExercises(BTreeSet<String>),
    /// Here it is.
    Found(T),
}

/// Reads one workout.
pub async fn get(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
) -> Result<Access<StoredWorkout>, DatabaseError> {
    let Some(results) = with_key(database, proof, vec![select(proof, workout_id)]).await? else {
        return Ok(Access::Unauthorized);
    };
    let row = Results::new(results).rows()?.into_iter().next();
    Ok(row.map_or(Access::NotFound, Access::Found))
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

/// A workout to which a set is to be added, and what its Idempotency-Key says.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The workout.
    pub workout: StoredWorkout,
    /// The key was used before.
    pub replayed: Option<ReplayedSet>,
}

/// The set that a key was used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReplayedSet {
    /// SHA-256 of that request, in hex.
    pub request_hash: String,
    /// The set's number; `None` when the key was used for a workout.
    pub set_id: Option<u32>,
}

/// Reads one workout, and who has the Idempotency-Key.
pub async fn open(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    idempotency: Option<&Idempotency>,
) -> Result<Access<Opened>, DatabaseError> {
    let mut statements = vec![select(proof, workout_id)];
    statements.extend(idempotency.map(|idempotency| recall(proof, idempotency)));
    let Some(results) = with_key(database, proof, statements).await? else {
        return Ok(Access::Unauthorized);
    };
    let mut results = Results::new(results);
    let Some(workout) = results.rows()?.into_iter().next() else {
        return Ok(Access::NotFound);
    };
    let replayed = match idempotency {
        None => None,
        Some(_) => results
            .rows::<IdempotencyRow>()?
            .into_iter()
            .next()
            .map(|row| ReplayedSet { request_hash: row.request_hash, set_id: row.set_id }),
    };
    Ok(Access::Found(Opened { workout, replayed }))
}

/// A change of one workout.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    /// Which.
    pub workout_id: WorkoutId,
    /// The revision that the caller has seen; `None` changes whatever is there.
    pub seen_revision: Option<i64>,
    /// What it is to be.
    pub content: &'a Content,
    /// The number of the set that it adds, to be remembered with the Idempotency-Key.
    pub set_id: Option<u32>,
}

#[derive(Deserialize)]
struct RevisionRow {
    revision: i64,
}

/// Changes one workout: one revision on. One round trip.
pub async fn change(
    database: &dyn Database,
    proof: &KeyProof,
    change: &Change<'_>,
    origin: &Origin<'_>,
) -> Result<Access<StoredWorkout>, DatabaseError> {
    let slugs = Param::json(&change.content.own_slugs)?;
    let workout_id = Param::text(change.workout_id);
    let revision = proof.statement(
        "SELECT revision FROM workouts \
         WHERE athlete_id = ?1 AND workout_id = ?4 AND status <> 'deleted'",
        [workout_id.clone()],
    );
    let unknown = proof.statement(
        concat!(
            unknown_slugs!("?5"),
            " AND NOT EXISTS (SELECT 1 FROM workouts WHERE athlete_id = ?1 AND workout_id = ?4 \
             AND own_exercises -> named.value IS NOT NULL)"
        ),
        [workout_id, slugs.clone()],
    );
    let mut statements = vec![revision, unknown];
    if let (Some(idempotency), Some(set_id)) = (origin.idempotency, change.set_id) {
        let slugs = slugs.clone();
        statements.push(remember_set(proof, change, slugs, (idempotency, set_id), origin.now_ms));
    }
    statements.push(update(proof, change, slugs, origin));
    let Some(results) = with_key(database, proof, statements).await? else {
        return Ok(Access::Unauthorized);
    };
    let mut results = Results::new(results);
    let revision = results.rows::<RevisionRow>()?.into_iter().next();
    let unknown = results.rows::<SlugRow>()?;
    if origin.idempotency.is_some() && change.set_id.is_some() {
        results.skip_one();
    }
    let updated = results.rows()?.into_iter().next();
    Ok(match (updated, revision) {
        (Some(updated), _) => Access::Found(updated),
        (None, None) => Access::NotFound,
        (None, Some(row)) if change.seen_revision.is_some_and(|seen| seen != row.revision) => {
            Access::Stale
        }
        (None, Some(_)) if !unknown.is_empty() => {
            Access::UnknownExercises(unknown.into_iter().map(|row| row.slug).collect())
        }
        // Its Idempotency-Key was taken in the meantime: who reads again learns by whom.
        (None, Some(_)) => Access::Stale,
    })
}

/// Takes a key for a set, if it is free, the workout is still what was seen and the set is one that
/// will be added.
fn remember_set(
    proof: &KeyProof,
    change: &Change<'_>,
    slugs: Param,
    (idempotency, set_id): (&Idempotency, u32),
    now_ms: i64,
) -> Statement {
    proof.statement(
        concat!(
            "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, \
             workout_id, document, set_id, created_at_ms) SELECT athlete_id, ?4, ?5, workout_id, \
             '', ?6, ?7 FROM workouts WHERE athlete_id = ?1 AND workout_id = ?8 \
             AND status <> 'deleted' AND (?9 IS NULL OR revision = ?9) AND NOT EXISTS (",
            unknown_slugs!("?10"),
            " AND workouts.own_exercises -> named.value IS NULL) AND ",
            live_key!(),
            " ON CONFLICT DO NOTHING"
        ),
        [
            idempotency.key.as_str().into(),
            idempotency.request_hash.as_str().into(),
            i64::from(set_id).into(),
            now_ms.into(),
            Param::text(change.workout_id),
            change.seen_revision.into(),
            slugs,
        ],
    )
}

fn update(proof: &KeyProof, change: &Change<'_>, slugs: Param, origin: &Origin<'_>) -> Statement {
    let content = change.content;
    let key = change.set_id.and(origin.idempotency).map(|idempotency| idempotency.key.as_str());
    proof.statement(
        concat!(
            "UPDATE workouts SET revision = revision + 1, completed_revision = \
             CASE WHEN ?6 <> 'completed' THEN 0 WHEN status = 'completed' THEN completed_revision \
             ELSE revision + 1 END, status = ?6, local_date = ?7, started_at_ms = ?8, \
             document = ?9, own_exercises = (SELECT json_group_object(named.value, \
             json(coalesce(own.definition, workouts.own_exercises -> named.value))) \
             FROM json_each(?10) AS named LEFT JOIN exercises AS own \
             ON own.athlete_id = ?1 AND own.slug = named.value), body_weight_grams = ",
            body_weight!("?11", "?7"),
            ", changed_at_ms = ?12, resend_at_ms = ?13, resends = 0, traceparent = ?14, \
             change_seq = ",
            next_change!(),
            " WHERE athlete_id = ?1 AND workout_id = ?4 AND status <> 'deleted' \
             AND (?5 IS NULL OR revision = ?5) AND NOT EXISTS (",
            unknown_slugs!("?10"),
            " AND workouts.own_exercises -> named.value IS NULL) \
             AND (?15 IS NULL OR EXISTS (SELECT 1 FROM idempotency_keys WHERE athlete_id = ?1 \
             AND idempotency_key = ?15 AND workout_id = ?4 AND set_id = ?16)) AND ",
            live_key!(),
            " RETURNING ",
            columns!()
        ),
        [
            Param::text(change.workout_id),
            change.seen_revision.into(),
            content.status.as_str().into(),
            Param::text(content.local_date),
            content.started_at_ms.into(),
            content.document.as_str().into(),
            slugs,
            content.body_weight_grams.map(|grams| grams.0).into(),
            origin.now_ms.into(),
            (origin.now_ms + RESEND_AFTER_MS).into(),
            Param::text(origin.trace),
            key.into(),
            change.set_id.map(i64::from).into(),
        ],
    )
}

/// Deletes one workout: the row stays, one revision on, so that what follows from it heals.
pub async fn delete(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    seen_revision: Option<i64>,
    origin: &Origin<'_>,
) -> Result<Access<StoredWorkout>, DatabaseError> {
    let update = proof.statement(
        concat!(
            "UPDATE workouts SET status = 'deleted', revision = revision + 1, \
             changed_at_ms = ?6, resend_at_ms = ?7, resends = 0, traceparent = ?8, change_seq = ",
            next_change!(),
            " WHERE athlete_id = ?1 AND workout_id = ?4 AND status <> 'deleted' \
             AND (?5 IS NULL OR revision = ?5) AND ",
            live_key!(),
            " RETURNING ",
            columns!()
        ),
        [
            Param::text(workout_id),
            seen_revision.into(),
            origin.now_ms.into(),
            (origin.now_ms + RESEND_AFTER_MS).into(),
            Param::text(origin.trace),
        ],
    );
    let Some(results) = with_key(database, proof, vec![update, select(proof, workout_id)]).await?
    else {
        return Ok(Access::Unauthorized);
    };
    let mut results = Results::new(results);
    let deleted = results.rows()?.into_iter().next();
    let there = results.rows::<StoredWorkout>()?;
    Ok(match deleted {
        Some(deleted) => Access::Found(deleted),
        None if there.is_empty() => Access::NotFound,
        None => Access::Stale,
    })
}

/// A page of a list, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The first local day; none is the first of all.
    pub from: Option<NaiveDate>,
    /// The last local day; none is the last of all.
    pub to: Option<NaiveDate>,
    /// Where the page before ended.
    pub after: Option<Position>,
    /// Items, at most.
    pub limit: i64,
}

/// The place of a workout in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// Its local day.
    pub local_date: NaiveDate,
    /// When it began.
    pub started_at_ms: i64,
    /// Its id.
    pub workout_id: WorkoutId,
}

/// An item of the list with its place in it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Listed {
    /// Its local day.
    pub local_date: NaiveDate,
    /// When it began.
    pub started_at_ms: i64,
    /// The workout.
    #[serde(flatten)]
    pub workout: StoredWorkout,
}

impl Listed {
    /// Its place in the list.
    pub const fn position(&self) -> Position {
        Position {
            local_date: self.local_date,
            started_at_ms: self.started_at_ms,
            workout_id: self.workout.workout_id,
        }
    }
}

/// A page of the athlete's workouts, newest first. `None`: the key is not live.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    page: &Page,
) -> Result<Option<Vec<Listed>>, DatabaseError> {
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

/// Takes the workouts whose event did not come through in time, the longest due first, and puts
/// their next turn off: after 1, 2, 4 … minutes, a day at the longest, so that an event that can
/// never come through is no endless load. Their events are to be sent again.
pub async fn take_overdue(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let take = Statement::new(
        concat!(
            "UPDATE workouts SET resends = resends + 1, \
             resend_at_ms = ?1 + min(60000 << min(resends, 11), 86400000) \
             WHERE (athlete_id, workout_id) IN (SELECT athlete_id, workout_id FROM workouts \
             WHERE aggregated_revision < revision AND resend_at_ms <= ?1 \
             ORDER BY resend_at_ms LIMIT ?2) RETURNING ",
            columns!()
        ),
        [now_ms.into(), limit.into()],
    );
    Results::new(database.batch(vec![take]).await?).rows()
}

/// A change of a workout with its place among all changes of the athlete's workouts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Changed {
    /// Its place.
    pub change_seq: i64,
    /// The workout as it now is, deleted ones too.
    #[serde(flatten)]
    pub workout: StoredWorkout,
}

/// From where on a client wants to know changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// After this place.
    Change(i64),
    /// From this instant on, by the clock of the api.
    Instant(i64),
}

/// What changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// The newest state of each workout once, in the order of their last changes.
    pub items: Vec<Changed>,
    /// The place of the last of all changes; 0 when there was none ever.
    pub last_seq: i64,
}

#[derive(Deserialize)]
struct LastSeqRow {
    last_seq: i64,
}

/// The workouts changed since. `None`: the key is not live.
pub async fn changes(
    database: &dyn Database,
    proof: &KeyProof,
    since: Since,
    limit: i64,
) -> Result<Option<Changes>, DatabaseError> {
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
    let Some(results) = with_key(database, proof, vec![select, last]).await? else {
        return Ok(None);
    };
    let mut results = Results::new(results);
    let items = results.rows()?;
    let last_seq = results.rows::<LastSeqRow>()?.first().map_or(0, |row| row.last_seq);
    Ok(Some(Changes { items, last_seq }))
}

/// Workouts in progress that began before an instant, the longest open first.
pub async fn left_open(
    database: &dyn Database,
    started_before_ms: i64,
    limit: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let select = Statement::new(
        concat!(
            "SELECT ",
            columns!(),
            " FROM workouts INDEXED BY workouts_open \
             WHERE status = 'in_progress' AND started_at_ms < ?1 ORDER BY started_at_ms LIMIT ?2"
        ),
        [started_before_ms.into(), limit.into()],
    );
    Results::new(database.batch(vec![select]).await?).rows()
}

/// Completes workouts that were left open, each if it is still as it was read: one round trip.
/// Answers those completed.
pub async fn complete(
    database: &dyn Database,
    completed: &[(&StoredWorkout, String)],
    now_ms: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let update = |(workout, document): &(&StoredWorkout, String)| {
        Statement::new(
            concat!(
                "UPDATE workouts SET status = 'completed', document = ?4, \
                 revision = revision + 1, completed_revision = revision + 1, changed_at_ms = ?5, \
                 resend_at_ms = ?6, resends = 0, change_seq = ",
                next_change!(),
                " WHERE athlete_id = ?1 AND workout_id = ?2 AND revision = ?3 \
                 AND status = 'in_progress' RETURNING ",
                columns!()
            ),
            [
                Param::text(workout.athlete_id),
                Param::text(workout.workout_id),
                workout.revision.into(),
                document.as_str().into(),
                now_ms.into(),
                (now_ms + RESEND_AFTER_MS).into(),
            ],
        )
    };
    let results = database.batch(completed.iter().map(update).collect()).await?;
    let mut rows = Vec::new();
    for result in results {
        rows.extend(result.into_rows::<StoredWorkout>()?);
    }
    Ok(rows)
}
