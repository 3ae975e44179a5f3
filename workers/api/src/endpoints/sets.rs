//! Live logging: the sets of a workout in progress, and its completion.
//!
//! A set is addressed by its number (`id`), which no other set of the workout ever gets: a repeated
//! DELETE never deletes another set.

use crate::app::{App, Call};
use crate::error::{ApiError, ApiResult};
use crate::idempotency::parse_idempotency_key;
use crate::input::json_body;
use crate::preconditions::{ATTEMPTS_MAX, check_if_match};
use crate::workout::{LoggedSet, parse_completion, parse_logged_set, parse_set, to_response};
use platform::http::{FieldError, StatusCode, set_header};
use shared_kernel::WorkoutId;
use storage::workouts::{
    self, Change, Content, Idempotency, ReplayedSet, StoredWorkout, WorkoutForEdit, WorkoutStatus,
};
use storage::{KeyProof, Rejection};
use training::limits::{EXERCISES_MAX, SETS_MAX};
use training::{ExerciseEntry, SetEntry, Workout};

/// Changes a document and returns the number of the set that it adds.
type Edit<'a> = &'a dyn Fn(&mut Workout) -> ApiResult<Option<u32>>;

/// POST /v1/workouts/{id}/sets: `{exercise, …set}`. Adds a set to its exercise, and the exercise
/// when the workout does not have it. 201 with the workout.
///
/// The steps are those of [`edit_workout`]. Under the same Idempotency-Key the set is added once: a
/// retry returns the current workout.
pub async fn post(app: &App, call: &Call<'_>, key: &KeyProof, workout_id: WorkoutId) -> ApiResult {
    let now = app.clock.now();
    let logged = parse_logged_set(&json_body(call.request)?, now)?;
    let idempotency = parse_idempotency_key(call.request)?;
    let apply = |workout: &mut Workout| {
        let mut logged = logged.clone();
        let at = now.with_timezone(&workout.started_at.timezone());
        logged.set.performed_at.get_or_insert(at);
        add_set(workout, logged).map(Some)
    };
    let (stored, set_id) =
        edit_workout(app, call, key, workout_id, idempotency.as_ref(), &apply).await?;
    let mut response = to_response(StatusCode::CREATED, &stored)?;
    if let Some(set_id) = set_id {
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
) -> ApiResult {
    let corrected = parse_set(&json_body(call.request)?, app.clock.now())?;
    let apply = |workout: &mut Workout| {
        let mut sets = workout.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets);
        let set = sets.find(|set| set.id == Some(set_id)).ok_or(ApiError::NotFound)?;
        let performed_at = corrected.performed_at.or(set.performed_at);
        *set = SetEntry { id: Some(set_id), performed_at, ..corrected.clone() };
        Ok(None)
    };
    let (stored, _) = edit_workout(app, call, key, workout_id, None, &apply).await?;
    to_response(StatusCode::OK, &stored)
}

/// DELETE /v1/workouts/{id}/sets/{set}: removes a set, and its exercise when it was the last set.
/// 200 with the workout.
pub async fn delete(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    (workout_id, set_id): (WorkoutId, u32),
) -> ApiResult {
    let apply = |workout: &mut Workout| {
        let has_id = |set: &SetEntry| set.id == Some(set_id);
        let has_set = |exercise: &ExerciseEntry| exercise.sets.iter().any(has_id);
        let exercise = workout.exercises.iter().position(has_set).ok_or(ApiError::NotFound)?;
        if let Some(exercise_entry) = workout.exercises.get_mut(exercise) {
            exercise_entry.sets.retain(|set| !has_id(set));
            if exercise_entry.sets.is_empty() {
                workout.exercises.remove(exercise);
            }
        }
        Ok(None)
    };
    let (stored, _) = edit_workout(app, call, key, workout_id, None, &apply).await?;
    to_response(StatusCode::OK, &stored)
}

/// POST /v1/workouts/{id}/complete `{ended_at}`. 200 with the workout; a retry with the same end
/// changes nothing.
pub async fn complete(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    workout_id: WorkoutId,
) -> ApiResult {
    let body = json_body(call.request)?;
    let now = app.clock.now();
    let database = app.database(key);
    for _ in 0..ATTEMPTS_MAX {
        let stored = workouts::get(database, key, workout_id).await?;
        check_if_match(call.request, stored.revision)?;
        let mut workout = stored.document()?;
        let ended_at = parse_completion(&body, workout.started_at, now)?;
        if stored.status == WorkoutStatus::Completed && workout.ended_at == Some(ended_at) {
            return to_response(StatusCode::OK, &stored);
        }
        in_progress(&stored)?;
        if workout.exercises.is_empty() {
            return Err(ApiError::Conflict(
                "a workout without a set cannot be completed: log a set, or delete the workout",
            ));
        }
        workout.ended_at = Some(ended_at);
        if let Some(stored) = store(app, call, key, &stored, &workout, None).await? {
            return to_response(StatusCode::OK, &stored);
        }
    }
    Err(ApiError::StaleRevision)
}

/// Changes the document of a workout in progress.
///
/// 1. read (await) the workout and the record of the Idempotency-Key;
/// 2. change the document; over a limit: 422, and nothing is changed;
/// 3. store (await) it, if the revision is still the one read; otherwise from 1 again, or 412 with
///    If-Match. Failure: 503, and nothing is changed, or only the response is lost: under the same
///    Idempotency-Key the set is added once;
/// 4. publish (await) the event. Failure: still 2xx, and the sweep sends it.
async fn edit_workout(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    workout_id: WorkoutId,
    idempotency: Option<&Idempotency>,
    edit: Edit<'_>,
) -> ApiResult<(StoredWorkout, Option<u32>)> {
    let database = app.database(key);
    for _ in 0..ATTEMPTS_MAX {
        let WorkoutForEdit { workout: stored, replayed } =
            workouts::get_for_edit(database, key, workout_id, idempotency).await?;
        if let (Some(idempotency), Some(ReplayedSet { request_hash, set_id })) =
            (idempotency, replayed)
        {
            return if request_hash == idempotency.request_hash && set_id.is_some() {
                Ok((stored, set_id))
            } else {
                Err(ApiError::IdempotencyKeyReused)
            };
        }
        check_if_match(call.request, stored.revision)?;
        let mut workout = in_progress(&stored)?;
        let set_id = edit(&mut workout)?;
        let add = idempotency.zip(set_id);
        if let Some(stored) = store(app, call, key, &stored, &workout, add).await? {
            return Ok((stored, set_id));
        }
    }
    Err(ApiError::StaleRevision)
}

/// Stores a changed document if the revision is still `current`, and publishes it. Returns `None`
/// when another change came first.
async fn store(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    current: &StoredWorkout,
    workout: &Workout,
    add: Option<(&Idempotency, u32)>,
) -> ApiResult<Option<StoredWorkout>> {
    let change = Change {
        workout_id: current.workout_id,
        seen_revision: Some(current.revision),
        content: &Content::of(workout)?,
        set_id: add.map(|(_, set_id)| set_id),
    };
    let origin = app.origin(call, add.map(|(idempotency, _)| idempotency));
    match workouts::change(app.database(key), key, &change, &origin).await {
        Ok(stored) => {
            app.publisher.publish_workout(&stored).await;
            Ok(Some(stored))
        }
        Err(Rejection::StaleRevision) => Ok(None),
        Err(rejection) => Err(rejection.into()),
    }
}

/// The document of a workout in progress; 409 when it is completed.
fn in_progress(stored: &StoredWorkout) -> ApiResult<Workout> {
    match stored.status {
        WorkoutStatus::InProgress => Ok(stored.document()?),
        WorkoutStatus::Completed | WorkoutStatus::Deleted => Err(ApiError::Conflict(
            "the workout is completed: replace it with PUT /v1/workouts/{id}",
        )),
    }
}

/// Adds a set to its exercise, or the exercise with it. Returns the set's number.
fn add_set(workout: &mut Workout, logged: LoggedSet) -> ApiResult<u32> {
    if workout.sets().count() >= SETS_MAX {
        return Err(over_limit("", format!("the workout has {SETS_MAX} sets, the maximum")));
    }
    let set = SetEntry { id: None, ..logged.set };
    // The exercises of a superset alternate: the set is added to the existing entry.
    let is_match = |block: &ExerciseEntry| {
        block.exercise == logged.exercise
            && (logged.superset.is_none() || block.superset == logged.superset)
    };
    let full = workout.exercises.len() >= EXERCISES_MAX;
    match workout.exercises.iter_mut().rev().find(|block| is_match(block)) {
        Some(block) => block.sets.push(set),
        None if full => {
            let detail = format!("the workout has {EXERCISES_MAX} exercises, the maximum");
            return Err(over_limit("/exercise", detail));
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

fn over_limit(pointer: &str, detail: String) -> ApiError {
    ApiError::Invalid(vec![FieldError { pointer: pointer.to_owned(), detail }])
}
