//! Live logging: the sets of a workout in progress, and its completion.
//!
//! A set is addressed by its number (`id`), which no other set of the workout ever gets: a repeated
//! DELETE never deletes another set.

use super::edit::Attempts;
use crate::call::AthleteCall;
use crate::error::ApiResult;
use crate::extract::{IdempotencyKey, Json, Path};
use crate::preconditions::{IfMatch, overtaken, revision_tag};
use crate::reply::{Created, Reply};
use crate::workout::{to_reply, with_pointers};
use contract::sets::{LoggedSet, NewSet};
use contract::workouts::{Completion, Workout, check_end};
use contract::{Checks, FieldCode, FieldError, Problem, ProblemCode};
use shared_kernel::WorkoutId;
use storage::Rejection;
use storage::workouts::{
    self, Change, Content, Idempotency, StoredWorkout, WorkoutForEdit, WorkoutStatus,
};
use training::limits::{EXERCISES_MAX, SETS_MAX};
use training::{ExerciseEntry, SetEntry};

/// Changes a document and returns the number of the set that it adds.
type Edit<'a> = &'a dyn Fn(&mut training::Workout) -> ApiResult<Option<u32>>;

/// POST /v1/workouts/{id}/sets: adds a set to its exercise, and the exercise when the workout does not
/// have it. Returns the workout.
///
/// The steps are those of [`edit_workout`]. Under the same Idempotency-Key the set is added once: a
/// retry returns the current workout.
pub async fn post(
    call: AthleteCall,
    (Path(id), if_match, IdempotencyKey(idempotency), Json(logged)): (
        Path<WorkoutId>,
        IfMatch,
        IdempotencyKey,
        Json<LoggedSet>,
    ),
) -> ApiResult<Created<Workout>> {
    let now = call.app.clock.now();
    let apply = |workout: &mut training::Workout| {
        let mut set = logged.entry();
        let at = now.with_timezone(&workout.started_at.timezone());
        set.performed_at.get_or_insert(at);
        add_set(workout, &logged, &set).map(Some)
    };
    let slugs = logged.custom_slugs();
    let edited = edit_workout(&call, id, &if_match, idempotency.as_ref(), &slugs, &apply).await?;
    let location = edited.set_id.map(|set_id| format!("/v1/workouts/{id}/sets/{set_id}"));
    let reply = to_reply(&edited.workout)?.replayed(edited.is_replayed);
    Ok(match location {
        Some(location) => reply.location(location),
        None => reply,
    })
}

/// PUT /v1/workouts/{id}/sets/{set}: corrects a set. Returns the workout.
pub async fn put(
    call: AthleteCall,
    (Path((id, set_id)), if_match, Json(corrected)): (
        Path<(WorkoutId, u32)>,
        IfMatch,
        Json<NewSet>,
    ),
) -> ApiResult<Reply<Workout>> {
    let apply = |workout: &mut training::Workout| {
        let mut sets = workout.exercises.iter_mut().flat_map(|exercise| &mut exercise.sets);
        let set = sets.find(|set| set.id == Some(set_id)).ok_or(ProblemCode::NotFound)?;
        let corrected = corrected.entry();
        let performed_at = corrected.performed_at.or(set.performed_at);
        *set = SetEntry { id: Some(set_id), performed_at, ..corrected };
        Ok(None)
    };
    to_reply(&edit_workout(&call, id, &if_match, None, &[], &apply).await?.workout)
}

/// DELETE /v1/workouts/{id}/sets/{set}: removes a set, and its exercise when it was the last set.
/// Returns the workout.
pub async fn delete(
    call: AthleteCall,
    (Path((id, set_id)), if_match): (Path<(WorkoutId, u32)>, IfMatch),
) -> ApiResult<Reply<Workout>> {
    let apply = |workout: &mut training::Workout| {
        let has_id = |set: &SetEntry| set.id == Some(set_id);
        let has_set = |exercise: &ExerciseEntry| exercise.sets.iter().any(has_id);
        let index = workout.exercises.iter().position(has_set).ok_or(ProblemCode::NotFound)?;
        if let Some(exercise) = workout.exercises.get_mut(index) {
            exercise.sets.retain(|set| !has_id(set));
            if exercise.sets.is_empty() {
                workout.exercises.remove(index);
            }
        }
        Ok(None)
    };
    to_reply(&edit_workout(&call, id, &if_match, None, &[], &apply).await?.workout)
}

/// POST /v1/workouts/{id}/complete: a retry with the same end changes nothing. Returns the workout.
///
/// The steps are those of [`edit_workout`], without an Idempotency-Key.
pub async fn complete(
    call: AthleteCall,
    (Path(id), if_match, Json(completion)): (Path<WorkoutId>, IfMatch, Json<Completion>),
) -> ApiResult<Reply<Workout>> {
    let mut attempts = Attempts::new(&call.app);
    while attempts.next().await {
        let stored = workouts::get(call.database(), &call.key, id).await?;
        if_match.check(&revision_tag(stored.revision))?;
        let before = stored.document()?;
        let mut workout = before.clone();
        let ended_at = completion.ended_at.at;
        if stored.status == WorkoutStatus::Completed && workout.ended_at == Some(ended_at) {
            return to_reply(&stored);
        }
        let mut checks = Checks::new(call.app.clock.now(), "");
        check_end(&mut checks, workout.started_at, Some(completion.ended_at));
        let errors = checks.into_errors();
        if !errors.is_empty() {
            return Err(Problem { errors, ..ProblemCode::ValidationFailed.into() }.into());
        }
        in_progress(&stored)?;
        workout.exercises.retain(|exercise| !exercise.sets.is_empty());
        if workout.exercises.is_empty() {
            return Err(ProblemCode::WorkoutEmpty.into());
        }
        workout.ended_at = Some(ended_at);
        let content = Content::replacing(&workout, before)?;
        if let Some(stored) = store(&call, &stored, &content, None, &[]).await? {
            return to_reply(&stored);
        }
    }
    Err(overtaken(&if_match))
}

/// A changed workout.
struct Edited {
    workout: StoredWorkout,
    /// The number of the set that was added.
    set_id: Option<u32>,
    is_replayed: bool,
}

/// Changes the document of a workout in progress.
///
/// 1. read (await) the workout and the record of the Idempotency-Key;
/// 2. change the document; over a limit: 422, and nothing is changed;
/// 3. store (await) it, if the revision is still the one read; otherwise wait (await) and start from 1.
///    Failure: 503, and nothing is changed, or only the response is lost: under the same
///    Idempotency-Key the set is added once.
///
/// The sweep publishes the event within ten minutes, with the sets that were added until then.
async fn edit_workout(
    call: &AthleteCall,
    workout_id: WorkoutId,
    if_match: &IfMatch,
    idempotency: Option<&Idempotency>,
    custom_slugs: &[(String, &str)],
    edit: Edit<'_>,
) -> ApiResult<Edited> {
    let mut attempts = Attempts::new(&call.app);
    while attempts.next().await {
        let WorkoutForEdit { workout: stored, replayed_set_id } =
            workouts::get_for_edit(call.database(), &call.key, workout_id, idempotency).await?;
        if let Some(set_id) = replayed_set_id {
            return Ok(Edited { workout: stored, set_id: Some(set_id), is_replayed: true });
        }
        if_match.check(&revision_tag(stored.revision))?;
        let before = in_progress(&stored)?;
        let mut workout = before.clone();
        let set_id = edit(&mut workout)?;
        let content = Content::replacing(&workout, &before)?;
        let add = idempotency.zip(set_id);
        if let Some(workout) = store(call, &stored, &content, add, custom_slugs).await? {
            return Ok(Edited { workout, set_id, is_replayed: false });
        }
    }
    Err(overtaken(if_match))
}

/// Stores a changed document if the revision is still `current`, and publishes it. Returns `None`
/// when another change came first.
async fn store(
    call: &AthleteCall,
    current: &StoredWorkout,
    content: &Content,
    add: Option<(&Idempotency, u32)>,
    custom_slugs: &[(String, &str)],
) -> ApiResult<Option<StoredWorkout>> {
    let change = Change { current, content, set_id: add.map(|(_, set_id)| set_id) };
    let origin = call.origin(add.map(|(idempotency, _)| idempotency));
    match workouts::change(call.database(), &call.key, &change, &origin).await {
        Ok(stored) => {
            call.app.publisher.publish_workout(&stored).await;
            Ok(Some(stored))
        }
        Err(Rejection::StaleRevision) => Ok(None),
        Err(rejection) => Err(with_pointers(rejection, custom_slugs)),
    }
}

/// The document of a workout in progress; 409 when it is completed.
fn in_progress(stored: &StoredWorkout) -> ApiResult<training::Workout> {
    match stored.status {
        WorkoutStatus::InProgress => Ok(stored.document()?.clone()),
        WorkoutStatus::Completed | WorkoutStatus::Deleted => Err(ProblemCode::WorkoutCompleted
            .with("the workout is completed: replace it with PUT /v1/workouts/{id}")
            .into()),
    }
}

/// Adds a set to its exercise, or the exercise with it. Returns the set's number.
fn add_set(workout: &mut training::Workout, logged: &LoggedSet, set: &SetEntry) -> ApiResult<u32> {
    if workout.sets().count() >= SETS_MAX {
        return Err(over_limit("", format!("the workout has {SETS_MAX} sets, the maximum")));
    }
    let set = SetEntry { id: None, ..set.clone() };
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
            exercise: logged.exercise.clone(),
            superset: logged.superset.clone(),
            notes: None,
            sets: vec![set],
        }),
    }
    workout.assign_set_ids();
    Ok(workout.last_set_id)
}

fn over_limit(pointer: &str, detail: String) -> crate::error::ApiError {
    Problem::invalid([FieldError::at(pointer, FieldCode::TooMany, detail)]).into()
}
