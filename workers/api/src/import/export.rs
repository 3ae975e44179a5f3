//! Bulktrack's own JSON export.

use super::file::{FileWorkout, ImportFile};
use crate::error::ApiResult;
use chrono::{DateTime, Utc};
use contract::exercises::ExportedExercise;
use contract::tree::Tree;
use contract::workouts::NewWorkout;
use contract::{
    Checks, FieldError, ParseError, ProblemCode, Timestamp, Validate, json_tree, parse_tree,
};
use serde::Deserialize;
use serde::de::IgnoredAny;
use storage::exercises::CustomExercise;
use training::limits::LASTS_MAX;

/// The `format` of an export.
pub const EXPORT_FORMAT: &str = "bulktrack";
/// The `version` of an export.
pub const EXPORT_VERSION: u64 = 1;
/// Custom exercises of an export, at most: the limit of an athlete.
const EXERCISES_MAX: usize = 1_000;

/// An export. Its workouts and exercises are parsed one by one: an invalid one is reported, and the others
/// are imported.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExportDocument {
    format: String,
    version: u64,
    #[serde(default)]
    exercises: Vec<IgnoredAny>,
    workouts: Vec<IgnoredAny>,
}

impl Validate for ExportDocument {
    fn validate(&self, checks: &mut Checks) {
        checks.length("exercises", self.exercises.len(), EXERCISES_MAX);
    }
}

/// Parses an export.
pub fn parse_export(bytes: &[u8], now: DateTime<Utc>) -> ApiResult<ImportFile> {
    let mut tree = json_tree(bytes)?;
    let document: ExportDocument = parse_tree(&tree, "", now).map_err(ParseError::from)?;
    if document.format != EXPORT_FORMAT || document.version != EXPORT_VERSION {
        return Err(ProblemCode::UnreadableFile
            .with("the document is not a Bulktrack export of version 1")
            .into());
    }
    let rows = document.workouts.len();
    let mut file = ImportFile { format: EXPORT_FORMAT.to_owned(), rows, ..ImportFile::default() };
    for (index, exercise) in tree.remove_list("exercises").iter().enumerate() {
        match custom_exercise(exercise, &format!("/exercises/{index}"), now) {
            Ok(exercise) => file.exercises.push(exercise),
            Err(errors) => file.errors.extend(errors),
        }
    }
    for (index, workout) in tree.remove_list("workouts").into_iter().enumerate() {
        match exported_workout(workout, &format!("/workouts/{index}"), now) {
            Ok(workout) => file.workouts.push(workout),
            Err(errors) => file.errors.extend(errors),
        }
    }
    file.rejected_rows = rows - file.workouts.len();
    Ok(file)
}

/// A custom exercise with its slug.
fn custom_exercise(
    value: &Tree<'_>,
    pointer: &str,
    now: DateTime<Utc>,
) -> Result<CustomExercise, Vec<FieldError>> {
    let exercise: ExportedExercise = parse(value, pointer, now)?;
    Ok(CustomExercise { definition: exercise.definition(), slug: exercise.slug })
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

/// The custom exercises of a workout of an export, parsed one by one.
#[derive(Deserialize)]
struct OwnExercises {
    #[serde(default, rename = "own_exercises")]
    _list: Vec<IgnoredAny>,
}

impl Validate for OwnExercises {}

/// A workout with the custom exercises that its volume was computed with.
fn exported_workout(
    mut value: Tree<'_>,
    pointer: &str,
    now: DateTime<Utc>,
) -> Result<FileWorkout, Vec<FieldError>> {
    parse::<OwnExercises>(&value, pointer, now)?;
    let custom_exercises = value
        .remove_list("own_exercises")
        .iter()
        .enumerate()
        .map(|(index, value)| {
            custom_exercise(value, &format!("{pointer}/own_exercises/{index}"), now)
                .map(|custom| (custom.slug, custom.definition))
        })
        .collect::<Result<_, _>>()?;
    remove_late_end(&mut value);
    let ExportedWorkout(workout) = parse(&value, pointer, now)?;
    Ok(FileWorkout { workout: workout.document(), custom_exercises })
}

/// Ends a workout of more than 24 hours at its start: its end is unknown.
fn remove_late_end(workout: &mut Tree<'_>) {
    let time = |name: &str| workout.text(name)?.parse::<Timestamp>().ok();
    if let (Some(start), Some(end)) = (time("started_at"), time("ended_at"))
        && end.at - start.at > LASTS_MAX
        && let Some(start) = workout.text("started_at").map(str::to_owned)
    {
        workout.set("ended_at", Tree::Text(start.into()));
    }
}

fn parse<'a, T: Deserialize<'a> + Validate>(
    tree: &Tree<'a>,
    pointer: &str,
    now: DateTime<Utc>,
) -> Result<T, Vec<FieldError>> {
    parse_tree(tree, pointer, now).map_err(|errors| errors.kept().to_vec())
}
