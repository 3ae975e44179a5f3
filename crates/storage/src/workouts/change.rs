//! Changes and deletes workouts, if they have the revision that the caller has read.

use super::{
    Content, Idempotency, Origin, RESEND_AFTER_MS, StoredWorkout, body_weight, columns,
    next_change, select, unknown_slugs,
};
use crate::database::{Database, Param, Results, Statement};
use crate::guard::{Guarded, Rejection};
use crate::json_text;
use crate::keys::{KeyProof, live_key, with_key};
use serde::Deserialize;
use shared_kernel::WorkoutId;
use std::collections::BTreeSet;
use training::{CustomExercises, Grams};

/// A change of one workout.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    pub workout_id: WorkoutId,
    /// The revision that the caller has read; `None` changes any revision.
    pub seen_revision: Option<i64>,
    pub content: &'a Content,
    /// The number of the set that it adds, stored with the Idempotency-Key.
    pub set_id: Option<u32>,
}

#[derive(Deserialize)]
struct UpdatedRow {
    revision: i64,
    completed_revision: i64,
    #[serde(with = "json_text")]
    own_exercises: CustomExercises,
    body_weight_grams: Option<Grams>,
}

/// Changes one workout, in one round trip. Its revision increases by one. A second round trip is made
/// only if nothing was changed, to find the reason.
pub async fn change(
    database: &dyn Database,
    proof: &KeyProof,
    change: &Change<'_>,
    origin: &Origin<'_>,
) -> Guarded<StoredWorkout> {
    let slugs = Param::json(&change.content.own_slugs)?;
    let mut statements = vec![update(proof, change, slugs.clone(), origin)];
    if let (Some(idempotency), Some(set_id)) = (origin.idempotency, change.set_id) {
        let key = (idempotency, set_id);
        statements.insert(0, insert_set_key(proof, change, slugs, key, origin.now_ms));
    }
    let skipped = statements.len() - 1;
    let mut results = Results::new(database.batch(statements).await?);
    results.skip(skipped);
    let Some(row) = results.first::<UpdatedRow>()? else {
        return Err(explain_change(database, proof, change).await);
    };
    let content = change.content;
    Ok(StoredWorkout {
        athlete_id: proof.athlete_id,
        workout_id: change.workout_id,
        revision: row.revision,
        completed_revision: row.completed_revision,
        status: content.status,
        document: content.document.clone(),
        own_exercises: row.own_exercises,
        body_weight_grams: row.body_weight_grams,
        changed_at_ms: origin.now_ms,
        traceparent: origin.trace,
    })
}

/// Finds the reason for which nothing was changed.
async fn explain_change(
    database: &dyn Database,
    proof: &KeyProof,
    change: &Change<'_>,
) -> Rejection {
    match try_to_explain(database, proof, change).await {
        Ok(rejection) | Err(rejection) => rejection,
    }
}

async fn try_to_explain(
    database: &dyn Database,
    proof: &KeyProof,
    change: &Change<'_>,
) -> Guarded<Rejection> {
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
        [workout_id, Param::json(&change.content.own_slugs)?],
    );
    let mut results = with_key(database, proof, vec![revision, unknown]).await?;
    let revision = results.value::<i64>()?;
    let unknown: BTreeSet<_> = results.column()?.into_iter().collect();
    Ok(match revision {
        None => Rejection::NotFound,
        Some(revision) if change.seen_revision.is_some_and(|seen| seen != revision) => {
            Rejection::StaleRevision
        }
        Some(_) if !unknown.is_empty() => Rejection::UnknownExercises(unknown),
        // Another request used the Idempotency-Key in the meantime. The caller reads again and finds
        // it.
        Some(_) => Rejection::StaleRevision,
    })
}

/// Stores an Idempotency-Key for a set, if it is unused, the workout has the read revision, and the
/// set will be added.
fn insert_set_key(
    proof: &KeyProof,
    change: &Change<'_>,
    slugs: Param,
    (idempotency, set_id): (&Idempotency, u32),
    now_ms: i64,
) -> Statement {
    proof.statement(
        concat!(
            "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, created, \
             resource_id, set_id, created_at_ms) SELECT athlete_id, ?4, ?5, 'set', workout_id, \
             ?6, ?7 FROM workouts WHERE athlete_id = ?1 AND workout_id = ?8 \
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
             document = ?9, own_exercises = iif(?17, own_exercises, \
             (SELECT json_group_object(named.value, \
             json(coalesce(own.definition, workouts.own_exercises -> named.value))) \
             FROM json_each(?10) AS named LEFT JOIN exercises AS own \
             ON own.athlete_id = ?1 AND own.slug = named.value)), \
             body_weight_grams = iif(?18, body_weight_grams, ",
            body_weight!("?11", "?7"),
            "), changed_at_ms = ?12, resend_at_ms = ?13, resends = 0, traceparent = ?14, \
             change_seq = ",
            next_change!(),
            " WHERE athlete_id = ?1 AND workout_id = ?4 AND status <> 'deleted' \
             AND (?5 IS NULL OR revision = ?5) AND NOT EXISTS (",
            unknown_slugs!("?10"),
            " AND workouts.own_exercises -> named.value IS NULL) \
             AND (?15 IS NULL OR EXISTS (SELECT 1 FROM idempotency_keys WHERE athlete_id = ?1 \
             AND idempotency_key = ?15 AND resource_id = ?4 AND set_id = ?16)) AND ",
            live_key!(),
            " RETURNING revision, completed_revision, own_exercises, body_weight_grams"
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
            i64::from(content.keeps_exercises).into(),
            i64::from(content.keeps_body_weight).into(),
        ],
    )
}

/// Deletes one workout. The row stays with the next revision, so that consumers remove its
/// contribution.
pub async fn delete(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    seen_revision: Option<i64>,
    origin: &Origin<'_>,
) -> Guarded<StoredWorkout> {
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
    let mut results = Results::new(database.batch(vec![update]).await?);
    if let Some(deleted) = results.first()? {
        return Ok(deleted);
    }
    let mut results = with_key(database, proof, vec![select(proof, workout_id)]).await?;
    Err(if results.has_rows()? { Rejection::StaleRevision } else { Rejection::NotFound })
}
