//! Parses the definition of a custom exercise.
//!
//! Thresholds without a source are project defaults.

use crate::error::ApiResult;
use crate::input::{Errors, Fields};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeSet;
use training::exercise::{Equipment, Force, Mechanic};
use training::limits::SLUG_BYTES_MAX;
use training::names::slug_from_name;
use training::{ExerciseDefinition, LoadType, Muscle};

/// The longest name of an exercise.
const NAME_CHARS_MAX: usize = 80;
/// Other names of one exercise.
const ALIASES_MAX: usize = 20;

/// Parses a request body.
pub fn parse_exercise(body: &Value) -> ApiResult<ExerciseDefinition> {
    let errors = Errors::default();
    let definition = parse_definition(body, "", &errors);
    errors.finish(definition)
}

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

/// Parses the definition at `pointer` of a body.
pub fn parse_definition(
    value: &Value,
    pointer: &str,
    errors: &Errors,
) -> Option<ExerciseDefinition> {
    let fields = Fields::of(value, pointer, &FIELDS, errors)?;
    fields.require("name");
    fields.require("primary");
    let name = name(&fields);
    let mechanic = fields
        .parse("mechanic", "compound or isolation", |value| Mechanic::deserialize(value).ok());
    let force =
        fields.parse("force", "push, pull or static", |value| Force::deserialize(value).ok());
    let expected = "one of those in GET /v1/exercises";
    let equipment = fields.parse("equipment", expected, |value| Equipment::deserialize(value).ok());
    let load = load(&fields);
    let primary = muscles(&fields, "primary");
    let secondary = muscles(&fields, "secondary").unwrap_or_default();
    let primary = primary?;
    if primary.is_empty() {
        fields.reject("primary", "must have a muscle");
    }
    if primary.iter().any(|muscle| secondary.contains(muscle)) {
        fields.reject("secondary", "has a muscle that is also in primary");
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
        fields.reject("name", "must be one line of 1 to 80 characters with a letter or digit");
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
    let is_short = |name: &String| name.chars().count() <= NAME_CHARS_MAX;
    let valid = texts.filter(|texts| texts.len() <= ALIASES_MAX && texts.iter().all(is_short));
    if valid.is_none() {
        fields.reject("aliases", "must be a list of at most 20 names of at most 80 characters");
    }
    valid.unwrap_or_default()
}

fn load(fields: &Fields<'_>) -> Option<LoadType> {
    let expected = "{\"type\": external, per_hand, timed, bodyweight or assisted}, the last two with \
                    \"percent\" from 0 to 100";
    fields.parse("load", expected, |value| {
        LoadType::deserialize(value).ok().filter(|load| match load {
            LoadType::External | LoadType::PerHand | LoadType::Timed => true,
            LoadType::Bodyweight { percent } | LoadType::Assisted { percent } => *percent <= 100,
        })
    })
}

fn muscles(fields: &Fields<'_>, name: &str) -> Option<Vec<Muscle>> {
    fields.get(name)?;
    let mut seen = BTreeSet::new();
    let mut muscles = Vec::new();
    for (pointer, item) in fields.list(name)? {
        match Muscle::deserialize(item) {
            Ok(muscle) if seen.insert(muscle) => muscles.push(muscle),
            Ok(_) => fields.errors().add(pointer, "is a duplicate"),
            Err(_) => fields.errors().add(pointer, "unknown muscle: see GET /v1/exercises"),
        }
    }
    Some(muscles)
}
