//! Stores new workouts.

use super::{
    Content, Origin, RESEND_AFTER_MS, StoredWorkout, WorkoutStatus, body_weight, columns,
    next_change, own_exercises, unknown_slugs,
};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::idempotency::{self, Created, Creation, FirstRequest, unused_key};
use crate::json_text;
use crate::keys::{KeyProof, live_key, with_key};
use chrono::{DateTime, FixedOffset, Utc};
use serde::Deserialize;
use shared_kernel::WorkoutId;
use std::collections::BTreeSet;
use training::{CustomExercises, Grams, Workout};

#[derive(Deserialize)]
struct InsertedRow {
    #[serde(with = "json_text")]
    own_exercises: CustomExercises,
    body_weight_grams: Option<Grams>,
}

/// Stores a workout with its Idempotency-Key, in one round trip. A second one is made only if nothing
/// was stored, to find the reason.
pub async fn create(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    origin: &Origin<'_>,
) -> Guarded<Creation<StoredWorkout>> {
    let statements = creation(proof, workout_id, content, origin, false)?;
    let mut results = Results::new(database.batch(statements).await?);
    results.skip(before_insert(origin));
    match results.first()? {
        Some(row) => Ok(Creation::Stored(stored(proof, workout_id, content, origin, row))),
        None => explain_creation(database, proof, content, origin).await,
    }
}

/// Stores a workout whose start has no known offset from UTC, in the athlete's time zone: `offset_in`
/// returns the offset of an instant in a zone. One round trip if the zone is UTC, otherwise two; one
/// more if nothing was stored, as in [`create`].
pub async fn create_in_time_zone(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    mut workout: Workout,
    origin: &Origin<'_>,
    offset_in: impl Fn(&str, DateTime<Utc>) -> Option<FixedOffset>,
) -> Guarded<Creation<StoredWorkout>> {
    let content = content_of(&workout)?;
    let mut statements = creation(proof, workout_id, &content, origin, true)?;
    statements.push(time_zone_statement(proof));
    let mut results = Results::new(database.batch(statements).await?);
    results.skip(before_insert(origin));
    if let Some(row) = results.first()? {
        return Ok(Creation::Stored(stored(proof, workout_id, &content, origin, row)));
    }
    results.skip(usize::from(origin.idempotency.is_some()));
    let zone = results.value::<String>()?;
    if let Some(offset) = zone.and_then(|zone| offset_in(&zone, workout.started_at.to_utc())) {
        workout.started_at = workout.started_at.with_timezone(&offset);
    }
    create(database, proof, workout_id, &content_of(&workout)?, origin).await
}

/// Returns the time zone of the athlete.
pub async fn time_zone(database: &dyn Database, proof: &KeyProof) -> Guarded<String> {
    let mut results = with_key(database, proof, vec![time_zone_statement(proof)]).await?;
    results.value()?.ok_or(Rejection::NotFound)
}

fn time_zone_statement(proof: &KeyProof) -> Statement {
    proof.statement(
        concat!("SELECT time_zone FROM athletes WHERE athlete_id = ?1 AND ", live_key!()),
        [],
    )
}

fn content_of(workout: &Workout) -> Result<Content, DatabaseError> {
    Content::of(workout).map_err(DatabaseError::Row)
}

/// The statements of a creation: with an Idempotency-Key expired ones are deleted before the workout
/// is inserted, and the key is stored after it. The insert returns an [`InsertedRow`]. `in_utc` stores
/// nothing unless the athlete's time zone is UTC.
fn creation(
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    origin: &Origin<'_>,
    in_utc: bool,
) -> Result<Vec<Statement>, DatabaseError> {
    let mut statements = vec![insert(proof, workout_id, content, origin, in_utc)?];
    if let Some(idempotency) = origin.idempotency {
        statements.push(proof.statement(
            concat!(
                "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, \
                 created, resource_id, created_at_ms) \
                 SELECT athlete_id, ?4, ?5, 'workout', workout_id, ?6 FROM workouts \
                 WHERE athlete_id = ?1 AND workout_id = ?7 AND ",
                live_key!(),
                " ON CONFLICT DO NOTHING"
            ),
            [
                idempotency.key.as_str().into(),
                idempotency.request_hash.as_str().into(),
                origin.now_ms.into(),
                Param::text(workout_id),
            ],
        ));
        statements.insert(0, idempotency::delete_expired(proof, origin.now_ms));
    }
    Ok(statements)
}

/// The number of statements before the insert.
fn before_insert(origin: &Origin<'_>) -> usize {
    usize::from(origin.idempotency.is_some())
}

fn insert(
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    origin: &Origin<'_>,
    in_utc: bool,
) -> Result<Statement, DatabaseError> {
    Ok(proof.statement(
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
            ") AND ",
            unused_key!("?14"),
            " AND (NOT ?15 OR 'UTC' = (SELECT time_zone FROM athletes WHERE athlete_id = ?1)) \
             RETURNING own_exercises, body_weight_grams"
        ),
        [
            Param::text(workout_id),
            content.status.as_str().into(),
            Param::text(content.local_date),
            content.started_at_ms.into(),
            content.document.as_str().into(),
            Param::json(&content.own_slugs)?,
            content.body_weight_grams.map(|grams| grams.0).into(),
            origin.now_ms.into(),
            (origin.now_ms + RESEND_AFTER_MS).into(),
            Param::text(origin.trace),
            origin.idempotency.map(|idempotency| idempotency.key.as_str()).into(),
            i64::from(in_utc).into(),
        ],
    ))
}

fn stored(
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    origin: &Origin<'_>,
    row: InsertedRow,
) -> StoredWorkout {
    StoredWorkout {
        athlete_id: proof.athlete_id,
        workout_id,
        revision: 1,
        completed_revision: i64::from(content.status == WorkoutStatus::Completed),
        status: content.status,
        document: content.document.clone(),
        own_exercises: row.own_exercises,
        body_weight_grams: row.body_weight_grams,
        changed_at_ms: origin.now_ms,
        traceparent: origin.trace,
    }
}

/// Finds the reason for which nothing was stored: the replayed workout, or the rejection.
async fn explain_creation(
    database: &dyn Database,
    proof: &KeyProof,
    content: &Content,
    origin: &Origin<'_>,
) -> Guarded<Creation<StoredWorkout>> {
    let slugs = Param::json(&content.own_slugs)?;
    let mut statements = vec![proof.statement(unknown_slugs!("?4"), [slugs])];
    if let Some(idempotency) = origin.idempotency {
        statements.push(idempotency::select_first(proof, idempotency));
        statements.push(proof.statement(
            concat!(
                "SELECT ",
                columns!(),
                " FROM workouts WHERE athlete_id = ?1 AND workout_id = (SELECT resource_id \
                 FROM idempotency_keys WHERE athlete_id = ?1 AND idempotency_key = ?4)"
            ),
            [idempotency.key.as_str().into()],
        ));
    }
    let mut results = with_key(database, proof, statements).await?;
    let unknown: BTreeSet<_> = results.column()?.into_iter().collect();
    if let Some(idempotency) = origin.idempotency
        && let Some(first) = results.first::<FirstRequest>()?
    {
        first.check_is_replayed_by(idempotency, Created::Workout)?;
        let workout: StoredWorkout = results.first()?.ok_or(Rejection::NotFound)?;
        return match workout.status {
            WorkoutStatus::Deleted => Err(Conflict::WorkoutDeleted.into()),
            WorkoutStatus::InProgress | WorkoutStatus::Completed => Ok(Creation::Replayed(workout)),
        };
    }
    if unknown.is_empty() {
        // The reason has ended since. The caller retries.
        return Err(DatabaseError::MissingResult.into());
    }
    Err(Rejection::UnknownExercises(unknown))
}
