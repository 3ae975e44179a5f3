//! Stores new workouts.

use super::{
    Content, DEBOUNCE_MS, Document, Origin, RESEND_AFTER_MS, StoredWorkout, WorkoutStatus, named,
};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::idempotency::{Creation, Idempotency};
use crate::json_text;
use crate::keys::{KeyProof, live_key, with_key};
use crate::sql::query;
use chrono::{DateTime, FixedOffset, Utc};
use serde::Deserialize;
use shared_kernel::WorkoutId;
use std::collections::BTreeSet;
use training::{CustomExercises, Grams, Workout};

#[derive(Deserialize)]
struct InsertedRow {
    #[serde(deserialize_with = "json_text::or_default")]
    own_exercises: CustomExercises,
    body_weight_grams: Option<Grams>,
}

/// Stores a workout, in one statement. A second round trip is made only if nothing was stored, to find the
/// reason. With an Idempotency-Key the id is derived from the athlete and the key: `new_id` is not used, and
/// the row is the record of the request.
pub async fn create(
    database: &dyn Database,
    proof: &KeyProof,
    new_id: WorkoutId,
    content: &Content,
    origin: &Origin<'_>,
) -> Guarded<Creation<StoredWorkout>> {
    let workout_id = id_of(proof, new_id, origin);
    let insert = insert(proof, workout_id, content, origin, None)?;
    // A repetition inserts nothing, and the second round trip finds the row.
    match Results::new(database.batch_repeatable(vec![insert]).await?).first()? {
        Some(row) => Ok(Creation::Stored(stored(proof, workout_id, content, origin, row))),
        None => explain_creation(database, proof, workout_id, content, origin).await,
    }
}

/// Stores a workout whose start has no known offset from UTC, in the athlete's time zone: `offset_in`
/// returns the offset of an instant in a zone. One round trip if the zone is UTC, otherwise two; one
/// more if nothing was stored, as in [`create`].
pub async fn create_in_time_zone(
    database: &dyn Database,
    proof: &KeyProof,
    new_id: WorkoutId,
    mut workout: Workout,
    origin: &Origin<'_>,
    offset_in: impl Fn(&str, DateTime<Utc>) -> Option<FixedOffset>,
) -> Guarded<Creation<StoredWorkout>> {
    let workout_id = id_of(proof, new_id, origin);
    let content = content_of(&workout)?;
    let insert = insert(proof, workout_id, &content, origin, Some("UTC"))?;
    let statements = vec![insert, time_zone_statement(proof)];
    let mut results = Results::new(database.batch(statements).await?);
    if let Some(row) = results.first()? {
        return Ok(Creation::Stored(stored(proof, workout_id, &content, origin, row)));
    }
    let zone = results.value::<String>()?;
    if let Some(offset) = zone.and_then(|zone| offset_in(&zone, workout.started_at.to_utc())) {
        workout.started_at = workout.started_at.with_timezone(&offset);
    }
    create(database, proof, new_id, &content_of(&workout)?, origin).await
}

/// Returns the time zone of the athlete.
pub async fn time_zone(database: &dyn Database, proof: &KeyProof) -> Guarded<String> {
    let mut results = with_key(database, proof, vec![time_zone_statement(proof)]).await?;
    results.value()?.ok_or(Rejection::NotFound)
}

fn time_zone_statement(proof: &KeyProof) -> Statement {
    proof.statement(
        concat!(
            "SELECT coalesce(time_zone, 'UTC') FROM athletes WHERE athlete_id = ?1 AND ",
            live_key!()
        ),
        [],
    )
}

fn content_of(workout: &Workout) -> Result<Content, DatabaseError> {
    Content::of(workout).map_err(DatabaseError::Row)
}

fn id_of(proof: &KeyProof, new_id: WorkoutId, origin: &Origin<'_>) -> WorkoutId {
    origin.idempotency.map_or(new_id, |Idempotency { key, .. }| {
        WorkoutId::derived(&["POST /v1/workouts", &proof.athlete_id.to_string(), key])
    })
}

/// The insert, which returns an [`InsertedRow`]. `in_zone` stores nothing unless it is the athlete's time
/// zone.
fn insert(
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    origin: &Origin<'_>,
    in_zone: Option<&str>,
) -> Result<Statement, DatabaseError> {
    // Most workouts have exercises of the catalogue only: then nothing is looked up.
    let query = if content.own_slugs.is_empty() && in_zone.is_none() {
        query!("workouts/create.sql", own_exercises = "'{}'", condition = "true")
    } else {
        query!(
            "workouts/create.sql",
            own_exercises = include_str!("../../sql/workouts/own_exercises.sql"),
            condition = include_str!("../../sql/workouts/create_condition.sql"),
        )
    };
    query.bind(named(proof, workout_id).chain([
        ("completed_revision", i64::from(content.status == WorkoutStatus::Completed).into()),
        ("status", content.status.as_str().into()),
        ("local_date", Param::text(content.local_date)),
        ("started_at_ms", content.started_at_ms.into()),
        ("now_ms", origin.now_ms.into()),
        ("due_at_ms", due_at_ms(content.status, origin.now_ms).into()),
        ("body_weight_grams", content.body_weight_grams.map(|grams| grams.0).into()),
        ("traceparent", Param::text(origin.trace)),
        ("request_hash", origin.idempotency.map(|key| key.request_hash.as_str()).into()),
        ("slugs", Param::json(&content.own_slugs)?),
        ("document", content.document.as_str().into()),
        ("in_zone", in_zone.into()),
    ]))
}

/// When the sweep handles a workout that a request has just stored.
pub(super) const fn due_at_ms(status: WorkoutStatus, now_ms: i64) -> i64 {
    match status {
        WorkoutStatus::InProgress => now_ms + DEBOUNCE_MS,
        WorkoutStatus::Completed | WorkoutStatus::Deleted => now_ms + RESEND_AFTER_MS,
    }
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
        document: Document::from(content.workout.clone()),
        own_exercises: row.own_exercises,
        body_weight_grams: row.body_weight_grams,
        changed_at_ms: origin.now_ms,
        due_at_ms: Some(due_at_ms(content.status, origin.now_ms)),
        traceparent: origin.trace,
    }
}

#[derive(Deserialize)]
struct FirstRow {
    request_hash: Option<String>,
    #[serde(flatten)]
    workout: StoredWorkout,
}

/// Finds the reason for which nothing was stored: the replayed workout, or the rejection.
async fn explain_creation(
    database: &dyn Database,
    proof: &KeyProof,
    workout_id: WorkoutId,
    content: &Content,
    origin: &Origin<'_>,
) -> Guarded<Creation<StoredWorkout>> {
    let slugs = ("slugs", Param::json(&content.own_slugs)?);
    let statements = vec![
        query!("workouts/get_created.sql").bind(named(proof, workout_id))?,
        query!("unknown_slugs.sql").bind(proof.named().into_iter().chain([slugs]))?,
    ];
    let mut results = with_key(database, proof, statements).await?;
    if let Some(FirstRow { request_hash, workout }) = results.first()? {
        let hash = origin.idempotency.map(|key| &key.request_hash);
        return match workout.status {
            _ if hash != request_hash.as_ref() => Err(Conflict::IdempotencyKeyReused.into()),
            WorkoutStatus::Deleted => Err(Conflict::WorkoutDeleted.into()),
            WorkoutStatus::InProgress | WorkoutStatus::Completed => Ok(Creation::Replayed(workout)),
        };
    }
    let unknown: BTreeSet<_> = results.column()?.into_iter().collect();
    if unknown.is_empty() {
        // The reason has ended since. The caller retries.
        return Err(DatabaseError::MissingResult.into());
    }
    Err(Rejection::UnknownExercises(unknown))
}
