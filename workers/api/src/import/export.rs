//! Bulktrack's own JSON export.

use super::file::{FileError, FileWorkout, ImportFile};
use crate::error::ApiResult;
use crate::exercise::parse_definition;
use crate::input::Errors;
use chrono::{DateTime, Utc};
use contract::workouts::NewWorkout;
use contract::{Checks, FieldCode, FieldError, ParseError, ProblemCode, Validate, parse_value};
use serde::Deserialize;
use serde_json::{Value, json};
use storage::exercises::CustomExercise;
use training::Exercise;
use training::names::is_slug;

/// The `format` of an export.
pub const EXPORT_FORMAT: &str = "bulktrack";
/// The `version` of an export.
pub const EXPORT_VERSION: u64 = 1;
/// Custom exercises of an export, at most: the limit of an athlete.
const EXERCISES_MAX: usize = 1_000;

/// Parses an export.
pub fn parse_export(bytes: &[u8], now: DateTime<Utc>) -> ApiResult<ImportFile> {
    let document: Value = serde_json::from_slice(bytes).map_err(|error| {
        ProblemCode::InvalidJson.with(format!("the body is not valid JSON: {error}"))
    })?;
    let is_export = document.get("format") == Some(&json!(EXPORT_FORMAT))
        && document.get("version") == Some(&json!(EXPORT_VERSION));
    let workouts = document.get("workouts").and_then(Value::as_array).filter(|_| is_export);
    let workouts = workouts.ok_or_else(|| {
        ProblemCode::UnreadableFile.with("the document is not a Bulktrack export of version 1")
    })?;
    let rows = workouts.len();
    let mut file = ImportFile { format: EXPORT_FORMAT.to_owned(), rows, ..ImportFile::default() };
    for (pointer, value) in items(document.get("exercises"), "/exercises") {
        match custom_exercise(value, &pointer) {
            Ok(exercise) => file.exercises.push(exercise),
            Err(errors) => file.errors.extend(errors.into_iter().map(FileError::at_field)),
        }
    }
    if file.exercises.len() > EXERCISES_MAX {
        let detail = format!("the document has more than {EXERCISES_MAX} exercises");
        return Err(ProblemCode::UnreadableFile.with(detail).into());
    }
    for (pointer, value) in items(document.get("workouts"), "/workouts") {
        match exported_workout(value, &pointer, now) {
            Ok(workout) => file.workouts.push(workout),
            Err(errors) => file.errors.extend(errors.into_iter().map(FileError::at_field)),
        }
    }
    Ok(file)
}

/// The items of a list with their pointers; none of another value.
fn items<'a>(
    list: Option<&'a Value>,
    pointer: &'a str,
) -> impl Iterator<Item = (String, &'a Value)> {
    let items = list.and_then(Value::as_array).into_iter().flatten().enumerate();
    items.map(move |(index, item)| (format!("{pointer}/{index}"), item))
}

/// A custom exercise with its slug.
fn custom_exercise(value: &Value, pointer: &str) -> Result<CustomExercise, Vec<FieldError>> {
    let errors = Errors::default();
    let definition = parse_definition(value, pointer, &errors);
    let slug = value.get("slug").and_then(Value::as_str).unwrap_or_default();
    if !is_slug(slug) {
        let detail = "must be words of a-z and 0-9, separated by hyphens";
        errors.add(format!("{pointer}/slug"), detail);
    } else if Exercise::find(slug).is_some() {
        errors.add(format!("{pointer}/slug"), "is an exercise of the catalogue");
    }
    let definition = errors.into_result(definition)?;
    Ok(CustomExercise { slug: slug.to_owned(), definition })
}

/// A workout of an export. It may have no sets although it is completed.
#[derive(Deserialize)]
#[serde(transparent)]
struct ExportedWorkout(NewWorkout);

impl Validate for ExportedWorkout {
    fn validate(&self, checks: &mut Checks) {
        self.0.validate_content(checks);
    }
}

/// A workout with the custom exercises that its volume was computed with.
fn exported_workout(
    value: &Value,
    pointer: &str,
    now: DateTime<Utc>,
) -> Result<FileWorkout, Vec<FieldError>> {
    let mut value = value.clone();
    let custom = value.as_object_mut().and_then(|fields| fields.remove("own_exercises"));
    let custom_exercises = items(custom.as_ref(), &format!("{pointer}/own_exercises"))
        .map(|(pointer, value)| {
            custom_exercise(value, &pointer).map(|custom| (custom.slug, custom.definition))
        })
        .collect::<Result<_, _>>()?;
    match parse_value::<ExportedWorkout>(&value, pointer, now) {
        Ok(ExportedWorkout(workout)) => {
            Ok(FileWorkout { workout: workout.document(), custom_exercises })
        }
        Err(ParseError::Invalid(errors)) => Err(errors.kept().to_vec()),
        Err(ParseError::NotJson(detail)) => {
            Err(vec![FieldError::at(pointer, FieldCode::InvalidFormat, detail)])
        }
    }
}
