//! Live logging: sets of a workout that goes on, one by one, and its completion.
//!
//! A set is addressed by its number (`id`), which no other set of the workout ever has: so a
//! repeated DELETE never hits another one.

use super::workouts::{
    TRIES, check_seen, idempotency, in_progress, origin, publish, workout_response,
};
use crate::app::{App, Call};
use crate::error::ApiError;
use crate::input::json_body;
use crate::workout::{LoggedSet, parse_completion, parse_logged_set, parse_set};
use platform::http::{FieldError, Response, StatusCode, set_header};
use shared_kernel::WorkoutId;
use storage::workouts::{
    self, Change, Content, Idempotency, ReplayedSet, StoredWorkout, WorkoutForEdit, WorkoutStatus,
};
use storage::{KeyProof, Rejection};
use training::limits::{EXERCISES_MAX, SETS_MAX};
use training::{ExerciseEntry, SetEntry, Workout};

/// What a call does to a workout that goes on.
struct Edit<'a> {
    /// The workout.
    workout_id: WorkoutId,
    /// Its Idempotency-Key.
    idempotency: Option<&'a Idempotency>,
    /// Changes the document; answers the number of the set that it adds.
    apply: &'a dyn Fn(&mut Workout) -> Result<Option<u32>, ApiError>,
}

/// What an edit came to.
struct Edited {
    stored: StoredWorkout,
    set_id: Option<u32>,
}

/// POST /v1/workouts/{id}/sets: `{exercise, …set}`. Adds a set to its exercise, which begins with
/// it when the workout has none such yet. 201 with the workout.
///
/// Its steps are those of `edit`. Under the same Idempotency-Key it is added once: a repeat answers
/// the workout as it now is.
pub async fn post(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    workout_id: WorkoutId,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let logged = parse_logged_set(&json_body(call.request)?, now)?;
    let idempotency = idempotency(call.request)?;
    let apply = |workout: &mut Workout| {
        let mut logged = logged.clone();
        let at = now.with_timezone(&workout.started_at.timezone());
        logged.set.performed_at.get_or_insert(at);
        add(workout, logged).map(Some)
    };
    let edit = Edit { workout_id, idempotency: idempotency.as_ref(), apply: &apply };
    let edited = edit_workout(app, call, key, &edit).await?;
    let mut response = workout_response(StatusCode::CREATED, &edited.stored)?;
    if let Some(set_id) = edited.set_id {
        let location = format!("/v1/workouts/{workout_id}/sets/{set_id}");
        set_header(&mut response, "location", &location);
    }
    Ok(response)
}

/// PUT /v1/workouts/{id}/sets/{set}: corrects a set. 200 with the workout.
pub async fn put(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    (workout_id, set_id): (WorkoutId, u32),
) -> Result<Response, ApiError> {
    let corrected = parse_set(&json_body(call.request)?, app.clock.now())?;
    let apply = |workout: &mut Workout| {
        let mut sets = workout.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets);
        let set = sets.find(|set| set.id == Some(set_id)).ok_or(ApiError::NotFound)?;
        let performed_at = corrected.performed_at.or(set.performed_at);
        *set = SetEntry { id: Some(set_id), performed_at, ..corrected.clone() };
        Ok(None)
    };
    let edit = Edit { workout_id, idempotency: None, apply: &apply };
    let edited = edit_workout(app, call, key, &edit).await?;
    workout_response(StatusCode::OK, &edited.stored)
}

/// DELETE /v1/workouts/{id}/sets/{set}: removes a set, and its exercise with its last one. 200 with
/// the workout.
pub async fn delete(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    (workout_id, set_id): (WorkoutId, u32),
) -> Result<Response, ApiError> {
    let apply = |workout: &mut Workout| {
        let is_it = |set: &SetEntry| set.id == Some(set_id);
        let holds_it = |exercise: &ExerciseEntry| exercise.sets.iter().any(is_it);
        let exercise = workout.exercises.iter().position(holds_it).ok_or(ApiError::NotFound)?;
        if let Some(holder) = workout.exercises.get_mut(exercise) {
            holder.sets.retain(|set| !is_it(set));
            if holder.sets.is_empty() {
                workout.exercises.remove(exercise);
            }
        }
        Ok(None)
    };
    let edit = Edit { workout_id, idempotency: None, apply: &apply };
    let edited = edit_workout(app, call, key, &edit).await?;
    workout_response(StatusCode::OK, &edited.stored)
}

/// POST /v1/workouts/{id}/complete `{ended_at}`. 200 with the workout; a repeat with the same end
/// changes nothing.
pub async fn complete(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    workout_id: WorkoutId,
) -> Result<Response, ApiError> {
    let body = json_body(call.request)?;
    let now = app.clock.now();
    let database = app.shards.for_athlete(key.athlete_id);
    for _ in 0..TRIES {
        let stored = workouts::get(database, key, workout_id).await?;
        check_seen(call, &stored)?;
        let mut workout = stored.document()?;
        let ended_at = parse_completion(&body, workout.started_at, now)?;
        if stored.status == WorkoutStatus::Completed && workout.ended_at == Some(ended_at) {
            return workout_response(StatusCode::OK, &stored);
        }
        in_progress(&stored)?;
        if workout.exercises.is_empty() {
            return Err(ApiError::Conflict(
                "a workout without a set is none: log one, or delete the workout",
            ));
        }
        workout.ended_at = Some(ended_at);
        if let Some(stored) = store(app, call, key, &stored, &workout, None).await? {
            return workout_response(StatusCode::OK, &stored);
        }
    }
    Err(ApiError::Stale)
}

/// Changes the document of a workout that goes on.
///
/// 1. read (await) the workout, and who has the Idempotency-Key;
/// 2. change the document; what breaks a limit is 422, and nothing is changed;
/// 3. store (await) it, if it is still what was read; else from 1 again, unless the caller's
///    If-Match named what was read: then 412. It fails: 503, and nothing is changed, or its answer
///    is lost: under the same Idempotency-Key the set is added once;
/// 4. publish (await) the event. It fails: still 2xx, and the sweep sends it.
async fn edit_workout(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    edit: &Edit<'_>,
) -> Result<Edited, ApiError> {
    let database = app.shards.for_athlete(key.athlete_id);
    for _ in 0..TRIES {
        let WorkoutForEdit { workout: stored, replayed } =
            workouts::get_for_edit(database, key, edit.workout_id, edit.idempotency).await?;
        if let (Some(idempotency), Some(ReplayedSet { request_hash, set_id })) =
            (edit.idempotency, replayed)
        {
            return if request_hash == idempotency.request_hash && set_id.is_some() {
                Ok(Edited { stored, set_id })
            } else {
                Err(ApiError::IdempotencyKeyReused)
            };
        }
        check_seen(call, &stored)?;
        let mut workout = in_progress(&stored)?;
        let set_id = (edit.apply)(&mut workout)?;
        let add = edit.idempotency.zip(set_id);
        if let Some(stored) = store(app, call, key, &stored, &workout, add).await? {
            return Ok(Edited { stored, set_id });
        }
    }
    Err(ApiError::Stale)
}

/// Stores a changed document if the workout is still what was read, and publishes it. `None`: it
/// was overtaken.
async fn store(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    read: &StoredWorkout,
    workout: &Workout,
    add: Option<(&Idempotency, u32)>,
) -> Result<Option<StoredWorkout>, ApiError> {
    let change = Change {
        workout_id: read.workout_id,
        seen_revision: Some(read.revision),
        content: &Content::of(workout)?,
        set_id: add.map(|(_, set_id)| set_id),
    };
    let origin = origin(app, call, add.map(|(idempotency, _)| idempotency));
    let database = app.shards.for_athlete(key.athlete_id);
    match workouts::change(database, key, &change, &origin).await {
        Ok(stored) => {
            publish(app, &stored).await;
            Ok(Some(stored))
        }
        Err(Rejection::StaleRevision) => Ok(None),
        Err(rejection) => Err(rejection.into()),
    }
}

/// Adds a set to its exercise, or begins it; answers the set's number.
fn add(workout: &mut Workout, logged: LoggedSet) -> Result<u32, ApiError> {
    if workout.sets().count() >= SETS_MAX {
        return Err(over("", format!("the workout has {SETS_MAX} sets, and takes no more")));
    }
    let set = SetEntry { id: None, ..logged.set };
    // Within a superset the exercises take turns: the set goes to the block that is there.
    let is_its = |block: &ExerciseEntry| {
        block.exercise == logged.exercise
            && (logged.superset.is_none() || block.superset == logged.superset)
    };
    let full = workout.exercises.len() >= EXERCISES_MAX;
    match workout.exercises.iter_mut().rev().find(|block| is_its(block)) {
        Some(block) => block.sets.push(set),
        None if full => {
            let detail = format!("the workout has {EXERCISES_MAX} exercises, and takes no more");
            return Err(over("/exercise", detail));
        }
        None => workout.exercises.push(ExerciseEntry {
            exercise: logged.exercise,
            superset: logged.superset,
            notes: None,
            sets: vec![set],
        }),
    }
    workout.assign_set_ids();
    Ok(workout.last_set_id)
}

fn over(pointer: &str, detail: String) -> ApiError {
    ApiError::Invalid(vec![FieldError { pointer: pointer.to_owned(), detail }])
}
