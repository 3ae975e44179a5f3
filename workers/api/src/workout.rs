//! Stored workouts as responses, and the errors of the exercises that a request names.

use crate::error::{ApiError, ApiResult};
use crate::preconditions::revision_tag;
use crate::reply::Reply;
use contract::slugs::unknown_exercise;
use contract::workouts::{Status, Workout, WorkoutRow};
use contract::{FieldCode, FieldError, Problem};
use std::collections::BTreeSet;
use storage::Rejection;
use storage::workouts::{StoredWorkout, WorkoutStatus};

/// The response with a workout and its tag.
pub fn to_reply<const STATUS: u16>(stored: &StoredWorkout) -> ApiResult<Reply<Workout, STATUS>> {
    Ok(Reply::new(to_model(stored)?).etag(revision_tag(stored.revision)))
}

/// The workout of a response: the document with id, revision, status and totals.
pub fn to_model(stored: &StoredWorkout) -> Result<Workout, serde_json::Error> {
    let row = WorkoutRow {
        id: stored.workout_id,
        athlete_id: stored.athlete_id,
        revision: stored.revision,
        status: match stored.status {
            WorkoutStatus::InProgress => Status::InProgress,
            WorkoutStatus::Completed | WorkoutStatus::Deleted => Status::Completed,
        },
        custom_exercises: &stored.own_exercises,
        body_weight: stored.body_weight_grams,
    };
    Ok(Workout::of(stored.document()?.clone(), &row))
}

/// The error of a rejected workout, with a pointer to each unknown exercise in the body.
pub fn with_pointers(rejection: Rejection, custom_slugs: &[(String, &str)]) -> ApiError {
    match rejection {
        Rejection::UnknownExercises(unknown) => {
            Problem::invalid(unknown_exercises(custom_slugs, &unknown)).into()
        }
        rejection => rejection.into(),
    }
}

/// The errors of unknown slugs, one for each pointer in the body.
pub fn unknown_exercises<'a>(
    custom_slugs: &'a [(String, &str)],
    unknown: &'a BTreeSet<String>,
) -> impl Iterator<Item = FieldError> + 'a {
    custom_slugs.iter().filter(|(_, slug)| unknown.contains(*slug)).map(|(pointer, slug)| {
        FieldError::at(pointer, FieldCode::UnknownExercise, unknown_exercise(slug))
    })
}
