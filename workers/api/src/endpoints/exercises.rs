//! Exercises: the catalogue, and the athlete's own.

use crate::app::{App, Call};
use crate::error::ApiError;
use crate::input::{Errors, Fields, json_body};
use platform::http::{Response, StatusCode, empty, json, query, set_header};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use storage::KeyProof;
use storage::exercises::{self, CustomExercise};
use training::catalogue::CATALOGUE;
use training::exercise::{Equipment, Force, Mechanic};
use training::limits::SLUG_BYTES_MAX;
use training::names::{find_by_name, matches_query, slug_from_name};
use training::{Exercise, ExerciseDefinition, LoadType, Muscle};

/// The longest name of an exercise (ours).
const NAME_CHARS_MAX: usize = 80;
/// Other names of one exercise (ours).
const ALIASES_MAX: usize = 20;
/// The longest search that is worth one.
const QUERY_CHARS_MAX: usize = 200;

/// GET /v1/exercises?q=: the catalogue and the athlete's own; with `q` those of which a name begins
/// each of its words, without regard to accents or case.
pub async fn list(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let sought = query(call.request, "q").unwrap_or_default();
    let sought: String = sought.chars().take(QUERY_CHARS_MAX).collect();
    let database = app.shards.for_athlete(key.athlete_id);
    let own = exercises::list(database, key).await?;
    let own = own.iter().filter(|exercise| is_sought(&sought, exercise)).map(custom_item);
    let listed = CATALOGUE
        .iter()
        .filter(|exercise| {
            let names = [exercise.name].into_iter().chain(exercise.aliases().iter().copied());
            matches_query(&sought, names)
        })
        .map(item);
    let items: Vec<_> = listed.chain(own).collect();
    Ok(json(StatusCode::OK, &json!({ "items": items }))?)
}

/// GET /v1/exercises/{slug}.
pub async fn get(app: &App, key: &KeyProof, slug: &str) -> Result<Response, ApiError> {
    let database = app.shards.for_athlete(key.athlete_id);
    let own = exercises::list(database, key).await?;
    let item = match Exercise::find(slug) {
        Some(exercise) => item(exercise),
        None => own
            .iter()
            .find(|exercise| exercise.slug == slug)
            .map(custom_item)
            .ok_or(ApiError::NotFound)?,
    };
    Ok(json(StatusCode::OK, &item)?)
}

/// POST /v1/exercises: an exercise of the athlete's own. Its slug is made of its name; one that is
/// there already, in the catalogue or among the athlete's own, is 409.
pub async fn post(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let definition = parse(&json_body(call.request)?)?;
    check_name(&definition)?;
    let exercise = CustomExercise { slug: slug_from_name(&definition.name), definition };
    check_is_own(&exercise.slug)?;
    let database = app.shards.for_athlete(key.athlete_id);
    exercises::add(database, key, &exercise, app.clock.now_ms()).await?;
    let mut response = json(StatusCode::CREATED, &custom_item(&exercise))?;
    set_header(&mut response, "location", &format!("/v1/exercises/{}", exercise.slug));
    Ok(response)
}

/// PUT /v1/exercises/{slug}: changes an exercise of the athlete's own. Workouts that are saved from
/// now on count by it; those before keep what they were counted by.
pub async fn put(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    slug: &str,
) -> Result<Response, ApiError> {
    let definition = parse(&json_body(call.request)?)?;
    check_is_own(slug)?;
    check_name(&definition)?;
    let exercise = CustomExercise { slug: slug.to_owned(), definition };
    let database = app.shards.for_athlete(key.athlete_id);
    exercises::replace(database, key, &exercise).await?;
    Ok(json(StatusCode::OK, &custom_item(&exercise))?)
}

/// DELETE /v1/exercises/{slug}: of the athlete's own. Workouts that have it keep it, and count as
/// they did; new ones cannot name it.
pub async fn delete(app: &App, key: &KeyProof, slug: &str) -> Result<Response, ApiError> {
    check_is_own(slug)?;
    let database = app.shards.for_athlete(key.athlete_id);
    exercises::remove(database, key, slug).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

fn check_is_own(slug: &str) -> Result<(), ApiError> {
    match Exercise::find(slug) {
        Some(_) => Err(ApiError::Conflict("an exercise of the catalogue cannot be changed")),
        None => Ok(()),
    }
}

fn check_name(definition: &ExerciseDefinition) -> Result<(), ApiError> {
    let mut names = definition.aliases.iter().chain([&definition.name]);
    match names.find_map(|name| find_by_name(name)) {
        Some(_) => Err(ApiError::Conflict("the catalogue has an exercise of this name")),
        None => Ok(()),
    }
}

fn is_sought(sought: &str, exercise: &CustomExercise) -> bool {
    let aliases = exercise.definition.aliases.iter().map(String::as_str);
    matches_query(sought, [exercise.definition.name.as_str()].into_iter().chain(aliases))
}

fn item(exercise: &Exercise) -> Value {
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

fn parse(body: &Value) -> Result<ExerciseDefinition, ApiError> {
    let errors = Errors::default();
    let definition = definition(body, "", &errors);
    errors.finish(definition)
}

/// The fields of an exercise.
const FIELDS: [&str; 10] = [
    "slug",
    "name",
    "aliases",
    "mechanic",
    "force",
    "equipment",
    "load",
    "primary",
    "secondary",
    "own",
];

/// Reads a definition whose place in the body is `pointer`.
pub fn definition(value: &Value, pointer: &str, errors: &Errors) -> Option<ExerciseDefinition> {
    let fields = Fields::of(value, pointer, &FIELDS, errors)?;
    fields.require("name");
    fields.require("primary");
    let name = name(&fields);
    let mechanic = one_of::<Mechanic>(&fields, "mechanic", "compound or isolation");
    let force = one_of::<Force>(&fields, "force", "push, pull or static");
    let equipment = one_of::<Equipment>(&fields, "equipment", "one that GET /v1/exercises shows");
    let load = load(&fields);
    let primary = muscles(&fields, "primary");
    let secondary = muscles(&fields, "secondary").unwrap_or_default();
    let primary = primary?;
    if primary.is_empty() {
        fields.refuse("primary", "has to have a muscle");
    }
    if primary.iter().any(|muscle| secondary.contains(muscle)) {
        fields.refuse("secondary", "has a muscle that is in primary too");
    }
    Some(ExerciseDefinition {
        name: name?,
        aliases: aliases(&fields),
        mechanic: mechanic.unwrap_or(Mechanic::Isolation),
        force: force.unwrap_or(Force::Push),
        equipment: equipment.unwrap_or(Equipment::Machine),
        load: load.unwrap_or(LoadType::External),
        primary,
        secondary,
    })
}

fn name(fields: &Fields<'_>) -> Option<String> {
    let name = fields.text("name")?.trim().to_owned();
    let slug = slug_from_name(&name);
    let printable = !name.chars().any(char::is_control) && name.chars().count() <= NAME_CHARS_MAX;
    if slug.is_empty() || slug.len() > SLUG_BYTES_MAX || !printable {
        fields
            .refuse("name", "has to be a line of 1 to 80 characters with a letter or digit in it");
        return None;
    }
    Some(name)
}

fn aliases(fields: &Fields<'_>) -> Vec<String> {
    if fields.get("aliases").is_none() {
        return Vec::new();
    }
    let items = fields.list("aliases").unwrap_or_default();
    let texts: Option<Vec<_>> =
        items.iter().map(|(_, item)| item.as_str().map(ToOwned::to_owned)).collect();
    match texts {
        Some(texts)
            if texts.len() <= ALIASES_MAX
                && texts.iter().all(|text| text.chars().count() <= NAME_CHARS_MAX) =>
        {
            texts
        }
        Some(_) | None => {
            fields.refuse("aliases", "has to be a list of at most 20 names of 80 characters");
            Vec::new()
        }
    }
}

fn one_of<T: DeserializeOwned>(fields: &Fields<'_>, name: &str, words: &str) -> Option<T> {
    let value = T::deserialize(fields.get(name)?).ok();
    if value.is_none() {
        fields.refuse(name, format!("has to be {words}"));
    }
    value
}

fn load(fields: &Fields<'_>) -> Option<LoadType> {
    let load = LoadType::deserialize(fields.get("load")?).ok().filter(|load| match load {
        LoadType::External | LoadType::PerHand | LoadType::Timed => true,
        LoadType::Bodyweight { percent } | LoadType::Assisted { percent } => *percent <= 100,
    });
    if load.is_none() {
        let words = "has to be {\"type\": external, per_hand, timed, bodyweight or assisted}, the \
                     last two with \"percent\" from 0 to 100";
        fields.refuse("load", words);
    }
    load
}

fn muscles(fields: &Fields<'_>, name: &str) -> Option<Vec<Muscle>> {
    fields.get(name)?;
    let mut seen = BTreeSet::new();
    let mut muscles = Vec::new();
    for (pointer, item) in fields.list(name)? {
        match Muscle::deserialize(item) {
            Ok(muscle) if seen.insert(muscle) => muscles.push(muscle),
            Ok(_) => fields.errors().add(pointer, "is there twice"),
            Err(_) => fields.errors().add(pointer, "is no muscle that GET /v1/exercises shows"),
        }
    }
    Some(muscles)
}
