//! Changes and deletes workouts, if they have the revision that the caller has read.

use super::create::due_at_ms;
use super::{
    Content, DEBOUNCE_MS, Document, Origin, RESEND_AFTER_MS, StoredWorkout, WorkoutStatus, named,
    select,
};
use crate::database::{Database, Param, Results, Statement};
use crate::guard::{Guarded, Rejection};
use crate::idempotency::SetKey;
use crate::json_text;
use crate::keys::{KeyProof, with_key};
use crate::sql::{Query, query};
use serde::Deserialize;
use shared_kernel::WorkoutId;
use std::collections::BTreeSet;
use training::calendar::local_date;
use training::{CustomExercises, Grams};

/// The bytes of the keys of a workout's sets from which on each new key replaces the one of the set that was added
/// first. A key takes 37 bytes: of 1,080 at least half belong to sets that were removed, for a workout has at most 500.
/// So nothing is forgotten that a client may still repeat, and the row does not grow with each set that is removed.
const SET_KEYS_BYTES_MAX: i64 = 40_000;

/// A change of one workout.
#[derive(Clone, Debug, PartialEq)]
pub struct Change<'a> {
    /// The workout as it was read: another revision is not changed.
    pub current: &'a StoredWorkout,
    pub content: &'a Content,
    /// The number of the set that it adds, stored with the Idempotency-Key.
    pub set_id: Option<u32>,
}

#[derive(Deserialize)]
struct UpdatedRow {
    revision: i64,
    completed_revision: i64,
    #[serde(deserialize_with = "json_text::or_default")]
    own_exercises: CustomExercises,
    body_weight_grams: Option<Grams>,
    due_at_ms: Option<i64>,
}

/// Changes one workout, in one statement. Its revision increases by one. A second round trip is made only if
/// nothing was changed, to find the reason.
pub async fn change(
    database: &dyn Database,
    proof: &KeyProof,
    change: &Change<'_>,
    origin: &Origin<'_>,
) -> Guarded<StoredWorkout> {
    let statement = update(proof, change, origin)?;
    let mut results = Results::new(database.batch(vec![statement]).await?);
    let Some(row) = results.first::<UpdatedRow>()? else {
        return Err(explain_change(database, proof, change).await);
    };
    let content = change.content;
    Ok(StoredWorkout {
        athlete_id: proof.athlete_id,
        workout_id: change.current.workout_id,
        revision: row.revision,
        completed_revision: row.completed_revision,
        status: content.status,
        document: Document::from(content.workout.clone()),
        own_exercises: row.own_exercises,
        body_weight_grams: row.body_weight_grams,
        changed_at_ms: origin.now_ms,
        due_at_ms: row.due_at_ms,
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
    let workout_id = change.current.workout_id;
    let slugs = ("slugs", Param::json(&change.content.own_slugs)?);
    let statements = vec![
        query!("workouts/get_revision.sql").bind(named(proof, workout_id))?,
        query!("workouts/unknown_in_workout.sql").bind(named(proof, workout_id).chain([slugs]))?,
    ];
    let mut results = with_key(database, proof, statements).await?;
    let revision = results.value::<i64>()?;
    let unknown: BTreeSet<_> = results.column()?.into_iter().collect();
    Ok(match revision {
        None => Rejection::NotFound,
        Some(revision) if revision != change.current.revision => Rejection::StaleRevision,
        Some(_) if !unknown.is_empty() => Rejection::UnknownExercises(unknown),
        // The reason has ended since. The caller reads again.
        Some(_) => Rejection::StaleRevision,
    })
}

const MOVED: &str = ", local_date = :local_date, started_at_ms = :started_at_ms";
const DUE: &str = ", due_at_ms = :due_at_ms, resends = 0";
const MOVED_AND_DUE: &str = ", local_date = :local_date, started_at_ms = :started_at_ms, \
    due_at_ms = :due_at_ms, resends = 0";
/// The workout is due by then without a change of the time.
const STILL_DUE: &str = "AND due_at_ms <= :due_at_ms";

/// The statement that assigns only what changes: an assigned column costs a row written in each of its indexes.
fn query_for(is_moved: bool, is_due: bool) -> &'static Query {
    match (is_moved, is_due) {
        (false, false) => query!("workouts/change.sql", assigned = "", condition = STILL_DUE),
        (false, true) => query!("workouts/change.sql", assigned = DUE, condition = ""),
        (true, false) => query!("workouts/change.sql", assigned = MOVED, condition = STILL_DUE),
        (true, true) => query!("workouts/change.sql", assigned = MOVED_AND_DUE, condition = ""),
    }
}

fn update(proof: &KeyProof, change: &Change<'_>, origin: &Origin<'_>) -> Guarded<Statement> {
    let Change { current, content, set_id } = change;
    let before = current.document().ok();
    let is_moved = before.is_none_or(|before| {
        before.started_at.timestamp_millis() != content.started_at_ms
            || local_date(before.started_at) != content.local_date
    });
    let is_open = content.status == WorkoutStatus::InProgress;
    // A set of an open workout waits for the time that an earlier one set.
    let debounced = origin.now_ms + DEBOUNCE_MS;
    let waits = is_open && current.due_at_ms.is_some_and(|due_at_ms| due_at_ms <= debounced);
    let set = set_id.zip(origin.idempotency).map(|(set_id, key)| (set_id, SetKey::of(key)));
    let set_of_key = set.as_ref().map(|(set_id, key)| (set_id, &key.request));
    let values = named(proof, current.workout_id).chain([
        ("revision", current.revision.into()),
        ("status", content.status.as_str().into()),
        ("local_date", Param::text(content.local_date)),
        ("started_at_ms", content.started_at_ms.into()),
        ("now_ms", origin.now_ms.into()),
        ("due_at_ms", due_at_ms(content.status, origin.now_ms).into()),
        ("keeps_body_weight", i64::from(content.keeps_body_weight).into()),
        ("body_weight_grams", content.body_weight_grams.map(|grams| grams.0).into()),
        ("traceparent", Param::text(origin.trace)),
        ("keeps_exercises", i64::from(content.keeps_exercises).into()),
        ("slugs", Param::json(&content.own_slugs)?),
        ("document", content.document.as_str().into()),
        ("set_key", set.as_ref().map(|(_, key)| key.key.as_str()).into()),
        ("set_of_key", Param::json(&set_of_key)?),
        ("set_keys_bytes_max", SET_KEYS_BYTES_MAX.into()),
    ]);
    Ok(query_for(is_moved, !waits).bind(values)?)
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
    let update = query!("workouts/delete.sql").bind(named(proof, workout_id).chain([
        ("revision", seen_revision.into()),
        ("now_ms", origin.now_ms.into()),
        ("due_at_ms", (origin.now_ms + RESEND_AFTER_MS).into()),
        ("traceparent", Param::text(origin.trace)),
    ]))?;
    let mut results = Results::new(database.batch(vec![update]).await?);
    if let Some(deleted) = results.first()? {
        return Ok(deleted);
    }
    let mut results = with_key(database, proof, vec![select(proof, workout_id)?]).await?;
    Err(if results.has_rows()? { Rejection::StaleRevision } else { Rejection::NotFound })
}
