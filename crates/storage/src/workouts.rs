//! Workouts. The row is its own outbox: `aggregated_revision < revision` means "not yet through".

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::keys::{KeyProof, live_key, with_key};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared_kernel::{AthleteId, TraceContext, WorkoutId};
use training::Grams;

/// The sweep leaves a workout alone for so long after it changed: its event is on its way.
/// With the minute between two sweeps that is well within the two minutes in which a lost event is
/// to be sent again.
const RESEND_AFTER_MS: i64 = 45_000;
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
    /// Its state.
    pub status: WorkoutStatus,
    /// The JSON document, as entered.
    pub document: String,
    /// The body weight that counts for it.
    pub body_weight_grams: Option<Grams>,
    /// When it was changed last.
    pub changed_at_ms: i64,
    /// The trace of the request that changed it last.
    pub traceparent: TraceContext,
}

/// A workout to be stored.
#[derive(Clone, Debug, PartialEq)]
pub struct NewWorkout {
    /// Its id.
    pub workout_id: WorkoutId,
    /// In progress or completed.
    pub status: WorkoutStatus,
    /// Its local day.
    pub local_date: NaiveDate,
    /// When it began.
    pub started_at_ms: i64,
    /// The JSON document, as entered.
    pub document: String,
    /// The trace of the request.
    pub trace: TraceContext,
}

/// The caller's key for one request, and what it asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    /// The key, unquoted.
    pub key: String,
    /// SHA-256 of the body, in hex.
    pub request_hash: String,
}

/// What became of a POST.
#[derive(Clone, Debug, PartialEq)]
pub enum Created {
    /// The key is not live; nothing is stored.
    Unauthorized,
    /// Stored now.
    Stored {
        /// The athlete's body weight, which counts for it.
        body_weight_grams: Option<Grams>,
    },
    /// The same request was stored before: its answer again.
    Replayed {
        /// The workout of the first answer.
        workout_id: WorkoutId,
        /// Its document.
        document: String,
        /// The body weight of then.
        body_weight_grams: Option<Grams>,
    },
    /// The key was used for another request; nothing is stored.
    KeyReused,
}

#[derive(Deserialize)]
struct IdempotencyRow {
    request_hash: String,
    workout_id: WorkoutId,
    document: String,
    body_weight_grams: Option<Grams>,
}

#[derive(Deserialize)]
struct InsertedRow {
    body_weight_grams: Option<Grams>,
}

/// Stores a workout. Key check, idempotency record and insert are one round trip, each guarded by
/// the one before.
pub async fn create(
    database: &dyn Database,
    proof: &KeyProof,
    workout: &NewWorkout,
    idempotency: Option<&Idempotency>,
    now_ms: i64,
) -> Result<Created, DatabaseError> {
    let mut statements = Vec::new();
    if let Some(idempotency) = idempotency {
        statements.extend(remember(proof, workout, idempotency, now_ms));
    }
    statements.push(insert(proof, workout, idempotency, now_ms));
    let Some(results) = with_key(database, proof, statements).await? else {
        return Ok(Created::Unauthorized);
    };
    let mut results = Results::new(results);
    if let Some(idempotency) = idempotency {
        results.skip_one();
        results.skip_one();
        if let Some(first) = results.rows::<IdempotencyRow>()?.into_iter().next()
            && first.workout_id != workout.workout_id
        {
            return Ok(replay(first, idempotency));
        }
    }
    let inserted = results.rows::<InsertedRow>()?.into_iter().next();
    let row = inserted.ok_or(DatabaseError::MissingResult)?;
    Ok(Created::Stored { body_weight_grams: row.body_weight_grams })
}

fn replay(first: IdempotencyRow, idempotency: &Idempotency) -> Created {
    if first.request_hash == idempotency.request_hash {
        Created::Replayed {
            workout_id: first.workout_id,
            document: first.document,
            body_weight_grams: first.body_weight_grams,
        }
    } else {
        Created::KeyReused
    }
}

/// Forgets this athlete's old keys, takes this one if it is free, and reads who has it.
fn remember(
    proof: &KeyProof,
    workout: &NewWorkout,
    idempotency: &Idempotency,
    now_ms: i64,
) -> [Statement; 3] {
    [
        proof.statement(
            concat!(
                "DELETE FROM idempotency_keys WHERE athlete_id = ?1 AND created_at_ms < ?4 AND ",
                live_key!()
            ),
            [(now_ms - IDEMPOTENCY_KEPT_MS).into()],
        ),
        proof.statement(
            concat!(
                "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, \
                 workout_id, document, body_weight_grams, created_at_ms) \
                 SELECT athlete_id, ?4, ?5, ?6, ?7, body_weight_grams, ?8 FROM athletes \
                 WHERE athlete_id = ?1 AND ",
                live_key!(),
                " ON CONFLICT DO NOTHING"
            ),
            [
                idempotency.key.as_str().into(),
                idempotency.request_hash.as_str().into(),
                Param::text(workout.workout_id),
                workout.document.as_str().into(),
                now_ms.into(),
            ],
        ),
        proof.statement(
            "SELECT request_hash, workout_id, document, body_weight_grams FROM idempotency_keys \
             WHERE athlete_id = ?1 AND idempotency_key = ?4",
            [idempotency.key.as_str().into()],
        ),
    ]
}

fn insert(
    proof: &KeyProof,
    workout: &NewWorkout,
    idempotency: Option<&Idempotency>,
    now_ms: i64,
) -> Statement {
    proof.statement(
        concat!(
            "INSERT INTO workouts (athlete_id, workout_id, revision, status, local_date, \
             started_at_ms, document, body_weight_grams, changed_at_ms, resend_at_ms, traceparent) \
             SELECT athlete_id, ?4, 1, ?5, ?6, ?7, ?8, body_weight_grams, ?9, ?10, ?11 \
             FROM athletes WHERE athlete_id = ?1 AND ",
            live_key!(),
            " AND (?12 IS NULL OR EXISTS (SELECT 1 FROM idempotency_keys \
             WHERE athlete_id = ?1 AND idempotency_key = ?12 AND workout_id = ?4)) \
             RETURNING body_weight_grams"
        ),
        [
            Param::text(workout.workout_id),
            workout.status.as_str().into(),
            Param::text(workout.local_date),
            workout.started_at_ms.into(),
            workout.document.as_str().into(),
            now_ms.into(),
            (now_ms + RESEND_AFTER_MS).into(),
            Param::text(workout.trace),
            idempotency.map(|idempotency| idempotency.key.as_str()).into(),
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
    /// Here it is.
    Found(T),
}

macro_rules! columns {
    () => {
        "athlete_id, workout_id, revision, status, document, body_weight_grams, changed_at_ms, \
         traceparent"
    };
}

/// Reads one workout.
pub async fn get(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
) -> Result<Access<StoredWorkout>, DatabaseError> {
    let select = proof.statement(
        concat!(
            "SELECT ",
            columns!(),
            " FROM workouts WHERE athlete_id = ?1 AND workout_id = ?4 AND status <> 'deleted'"
        ),
        [Param::text(workout_id)],
    );
    one(database, proof, select).await
}

/// Deletes one workout: the row stays, one revision on, so that what follows from it heals.
pub async fn delete(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    trace: TraceContext,
    now_ms: i64,
) -> Result<Access<StoredWorkout>, DatabaseError> {
    let update = proof.statement(
        concat!(
            "UPDATE workouts SET status = 'deleted', revision = revision + 1, \
             changed_at_ms = ?5, resend_at_ms = ?6, resends = 0, traceparent = ?7 \
             WHERE athlete_id = ?1 AND workout_id = ?4 AND status <> 'deleted' AND ",
            live_key!(),
            " RETURNING ",
            columns!()
        ),
        [
            Param::text(workout_id),
            now_ms.into(),
            (now_ms + RESEND_AFTER_MS).into(),
            Param::text(trace),
        ],
    );
    one(database, proof, update).await
}

async fn one(
    database: &dyn Database,
    proof: &KeyProof,
    statement: Statement,
) -> Result<Access<StoredWorkout>, DatabaseError> {
    let Some(results) = with_key(database, proof, vec![statement]).await? else {
        return Ok(Access::Unauthorized);
    };
    let row = Results::new(results).rows()?.into_iter().next();
    Ok(row.map_or(Access::NotFound, Access::Found))
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
    /// Its place.
    #[serde(flatten)]
    pub position: Position,
    /// Its local columns.
    pub athlete_id: AthleteId,
    /// 1 when posted.
    pub revision: i64,
    /// Its state.
    pub status: WorkoutStatus,
    /// The JSON document.
    pub document: String,
    /// The body weight that counts for it.
    pub body_weight_grams: Option<Grams>,
}

/// A page of the athlete's workouts, newest first. `None`: the key is not live.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    page: &Page,
) -> Result<Option<Vec<Listed>>, DatabaseError> {
    let after = page.after.as_ref();
    let select = proof.statement(
        "SELECT athlete_id, workout_id, revision, status, document, body_weight_grams, \
         local_date, started_at_ms FROM workouts \
         WHERE athlete_id = ?1 AND local_date BETWEEN coalesce(?4, '0000') \
         AND coalesce(?5, '9999') AND status <> 'deleted' \
         AND (?6 IS NULL OR (local_date, started_at_ms, workout_id) < (?6, ?7, ?8)) \
         ORDER BY local_date DESC, started_at_ms DESC, workout_id DESC LIMIT ?9",
        [
            page.from.map(|day| day.to_string()).as_deref().into(),
            page.to.map(|day| day.to_string()).as_deref().into(),
            after.map(|position| position.local_date.to_string()).as_deref().into(),
            after.map(|position| position.started_at_ms).into(),
            after.map(|position| position.workout_id.to_string()).as_deref().into(),
            page.limit.into(),
        ],
    );
    let Some(results) = with_key(database, proof, vec![select]).await? else {
        return Ok(None);
    };
    Results::new(results).rows().map(Some)
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
