//! Exercises: the catalogue and the athlete's custom exercises.

use crate::app::App;
use crate::call::Call;
use crate::error::{ApiError, ApiResult};
use crate::exercise::parse_exercise;
use crate::idempotency::parse_idempotency_key;
use crate::input::json_body;
use contract::ProblemCode;
use platform::http::{StatusCode, empty, json, query, set_header};
use serde_json::{Value, json};
use storage::exercises::{self, CustomExercise};
use storage::{Creation, KeyProof, Rejection};
use training::catalogue::CATALOGUE;
use training::names::matches_query;
use training::{Exercise, ExerciseDefinition};

/// Attempts of a write that other writes of exercises overtake; a project default.
const ATTEMPTS_MAX: u32 = 5;
/// Characters of a search that are used; a project default.
const QUERY_CHARS_MAX: usize = 200;

/// GET /v1/exercises?q=: the catalogue and the athlete's custom exercises. With `q` only those with
/// a name in which each word of `q` begins a word, ignoring accents and case.
pub async fn list(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let search = query(&call.request, "q").unwrap_or_default();
    let search: String = search.chars().take(QUERY_CHARS_MAX).collect();
    let custom = exercises::list(app.database(key), key).await?;
    let custom = custom.iter().filter(|exercise| {
        let ExerciseDefinition { name, aliases, .. } = &exercise.definition;
        matches_query(&search, [name].into_iter().chain(aliases).map(String::as_str))
    });
    let catalogue = CATALOGUE.iter().filter(|exercise| {
        let names = [exercise.name].into_iter().chain(exercise.aliases().iter().copied());
        matches_query(&search, names)
    });
    let items: Vec<_> = catalogue.map(catalogue_item).chain(custom.map(custom_item)).collect();
    Ok(json(StatusCode::OK, &json!({ "items": items }))?)
}

/// GET /v1/exercises/{slug}.
pub async fn get(app: &App, key: &KeyProof, slug: &str) -> ApiResult {
    let custom = exercises::list(app.database(key), key).await?;
    let custom = || custom.iter().find(|exercise| exercise.slug == slug).map(custom_item);
    let item = Exercise::find(slug).map(catalogue_item).or_else(custom);
    Ok(json(StatusCode::OK, &item.ok_or(ProblemCode::NotFound)?)?)
}

/// POST /v1/exercises: creates a custom exercise, with a slug derived from its name. 409 when the
/// catalogue or the athlete has an exercise with this name as name, alias or slug.
///
/// 1. store (await, await): the names in use are read, and the exercise is stored if they are still the
///    same; otherwise once more. When only the response is lost, a retry with the same Idempotency-Key
///    returns the exercise.
pub async fn post(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let definition = parse_exercise(&json_body(&call.request)?)?;
    let idempotency = parse_idempotency_key(call)?;
    let (database, now_ms) = (app.database(key), app.clock.now_ms());
    for _ in 0..ATTEMPTS_MAX {
        let added = exercises::add(database, key, &definition, idempotency.as_ref(), now_ms).await;
        let exercise = match added {
            Err(Rejection::StaleRevision) => continue,
            added => match added? {
                Creation::Stored(exercise) | Creation::Replayed(exercise) => exercise,
            },
        };
        let mut response = json(StatusCode::CREATED, &custom_item(&exercise))?;
        set_header(&mut response, "location", &format!("/v1/exercises/{}", exercise.slug));
        return Ok(response);
    }
    Err(ApiError::concurrent_change())
}

/// PUT /v1/exercises/{slug}: changes a custom exercise. Workouts saved later use the new definition;
/// earlier ones keep theirs.
///
/// 1. store (await, await), as a POST. A repeat stores the same.
pub async fn put(app: &App, call: &Call, key: &KeyProof, slug: &str) -> ApiResult {
    let definition = parse_exercise(&json_body(&call.request)?)?;
    check_is_custom(slug)?;
    let exercise = CustomExercise { slug: slug.to_owned(), definition };
    for _ in 0..ATTEMPTS_MAX {
        match exercises::replace(app.database(key), key, &exercise).await {
            Err(Rejection::StaleRevision) => {}
            replaced => {
                replaced?;
                return Ok(json(StatusCode::OK, &custom_item(&exercise))?);
            }
        }
    }
    Err(ApiError::concurrent_change())
}

/// DELETE /v1/exercises/{slug}: deletes a custom exercise. Existing workouts keep it; new ones
/// cannot use it.
pub async fn delete(app: &App, key: &KeyProof, slug: &str) -> ApiResult {
    check_is_custom(slug)?;
    exercises::remove(app.database(key), key, slug).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

fn check_is_custom(slug: &str) -> ApiResult<()> {
    match Exercise::find(slug) {
        Some(_) => Err(ProblemCode::CatalogueExercise.into()),
        None => Ok(()),
    }
}

fn catalogue_item(exercise: &Exercise) -> Value {
    json!({
        "slug": exercise.slug,
        "name": exercise.name,
        "aliases": exercise.aliases(),
        "mechanic": exercise.mechanic,
        "force": exercise.force,
        "equipment": exercise.equipment,
        "load": exercise.load,
        "primary": exercise.primary,
        "secondary": exercise.secondary,
        "own": false,
    })
}

fn custom_item(exercise: &CustomExercise) -> Value {
    let definition = &exercise.definition;
    json!({
        "slug": exercise.slug,
        "name": definition.name,
        "aliases": definition.aliases,
        "mechanic": definition.mechanic,
        "force": definition.force,
        "equipment": definition.equipment,
        "load": definition.load,
        "primary": definition.primary,
        "secondary": definition.secondary,
        "own": true,
    })
}
