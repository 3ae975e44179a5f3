//! Exercises: the catalogue and the athlete's custom exercises.
//!
//! Thresholds without a source are project defaults.

use super::edit::Attempts;
use crate::call::AthleteCall;
use crate::error::{ApiError, ApiResult};
use crate::extract::{IdempotencyKey, Json, Path, Query};
use crate::reply::{Created, NoContent, Reply};
use contract::exercises::{Exercise, ExerciseFilter, NewExercise};
use contract::{Items, ProblemCode};
use storage::exercises::{self, CustomExercise};
use storage::{Creation, Rejection};
use training::ExerciseDefinition;
use training::catalogue::CATALOGUE;
use training::names::matches_query;

/// Characters of a search that are used.
const QUERY_CHARS_MAX: usize = 200;

/// Returns the exercises of the catalogue and the athlete's custom exercises. With `q` only those with a
/// name in which each word of `q` begins a word, ignoring accents and case; with `kind`, `muscle`, `equipment`
/// or `movement` only those that have it.
pub async fn list(
    call: AthleteCall,
    Query(filter): Query<ExerciseFilter>,
) -> ApiResult<Reply<Items<Exercise>>> {
    let search: String = filter.q.iter().flat_map(|q| q.chars()).take(QUERY_CHARS_MAX).collect();
    let custom = exercises::list(call.database(), &call.key).await?.into_iter();
    let custom = custom.filter(|exercise| {
        let ExerciseDefinition { name, aliases, .. } = &exercise.definition;
        matches_query(&search, [name].into_iter().chain(aliases).map(String::as_str))
    });
    let catalogue = CATALOGUE.iter().filter(|exercise| {
        let names = [exercise.name].into_iter().chain(exercise.aliases());
        matches_query(&search, names)
    });
    let items = catalogue.map(Exercise::from).chain(custom.map(to_model));
    Ok(Reply::new(Items { items: items.filter(|exercise| filter.matches(exercise)).collect() }))
}

/// Returns one exercise.
pub async fn get(call: AthleteCall, Path(slug): Path<String>) -> ApiResult<Reply<Exercise>> {
    let custom = exercises::list(call.database(), &call.key).await?.into_iter();
    let mut custom = custom.filter(|exercise| exercise.slug == slug).map(to_model);
    let exercise = training::Exercise::find(&slug).map(Exercise::from).or_else(|| custom.next());
    Ok(Reply::new(exercise.ok_or(ProblemCode::NotFound)?))
}

/// Creates a custom exercise, with a slug derived from its name. 409 when the catalogue or the athlete has
/// an exercise with this name as name, alias or slug.
///
/// 1. store (await, await): the names in use are read, and the exercise is stored if they are still the
///    same; otherwise wait (await) and once more. When only the response is lost, a retry with the same
///    Idempotency-Key returns the exercise.
pub async fn post(
    call: AthleteCall,
    (IdempotencyKey(idempotency), Json(new)): (IdempotencyKey, Json<NewExercise>),
) -> ApiResult<Created<Exercise>> {
    let definition = new.definition();
    let (database, now_ms) = (call.database(), call.app.clock.now_ms());
    let mut attempts = Attempts::new(&call.app);
    while attempts.next().await {
        let idempotency = idempotency.as_ref();
        let added = exercises::add(database, &call.key, &definition, idempotency, now_ms).await;
        let (exercise, is_replayed) = match added {
            Err(Rejection::StaleRevision) => continue,
            added => match added? {
                Creation::Stored(exercise) => (exercise, false),
                Creation::Replayed(exercise) => (exercise, true),
            },
        };
        let location = format!("/v1/exercises/{}", exercise.slug);
        return Ok(Reply::new(to_model(exercise)).location(location).replayed(is_replayed));
    }
    Err(ApiError::concurrent_change())
}

/// Changes a custom exercise. Workouts saved later use the new definition; earlier ones keep theirs.
///
/// 1. store (await, await), as a POST. A repeat stores the same.
pub async fn put(
    call: AthleteCall,
    (Path(slug), Json(new)): (Path<String>, Json<NewExercise>),
) -> ApiResult<Reply<Exercise>> {
    require_custom(&slug)?;
    let exercise = CustomExercise { slug, definition: new.definition() };
    let mut attempts = Attempts::new(&call.app);
    while attempts.next().await {
        match exercises::replace(call.database(), &call.key, &exercise).await {
            Err(Rejection::StaleRevision) => {}
            replaced => {
                replaced?;
                return Ok(Reply::new(to_model(exercise)));
            }
        }
    }
    Err(ApiError::concurrent_change())
}

/// Deletes a custom exercise. Existing workouts keep it; new ones cannot use it.
pub async fn delete(call: AthleteCall, Path(slug): Path<String>) -> ApiResult<NoContent> {
    require_custom(&slug)?;
    exercises::remove(call.database(), &call.key, &slug).await?;
    Ok(NoContent)
}

fn require_custom(slug: &str) -> ApiResult<()> {
    match training::Exercise::find(slug) {
        Some(_) => Err(ProblemCode::CatalogueExercise.into()),
        None => Ok(()),
    }
}

fn to_model(exercise: CustomExercise) -> Exercise {
    Exercise::custom(exercise.slug, exercise.definition)
}
