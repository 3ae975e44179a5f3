//! Imports and exports of training logs.
//!
//! Limits without a source are project defaults.

use crate::checks::{Checks, FieldError, Validate};
use crate::exercises::Exercise;
use crate::page::Limit;
use crate::values::{Day, Instant};
use chrono::{DateTime, FixedOffset};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared_kernel::WorkoutId;
use std::collections::BTreeMap;
use training::workout::ExerciseEntry;
use uuid::Uuid;

/// Names of a mapping, at most.
pub const MAPPING_MAX: usize = 1_000;

/// The app that wrote a CSV file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CsvFormat {
    Strong,
    Hevy,
    Lyfta,
    Fitnotes,
    Fitbod,
    Stronglifts,
    Jefit,
}

/// The unit of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum WeightUnit {
    Kg,
    /// International pounds.
    #[serde(alias = "lbs")]
    Lb,
}

/// The source of the unit of weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum UnitSource {
    File,
    /// The parameter `units`.
    Caller,
    /// The units that the athlete chose.
    Profile,
    /// Kilograms, the default.
    Assumed,
}

/// The source of the zone of a file's times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum TimeZoneSource {
    /// The parameter `time_zone`.
    Caller,
    /// The time zone that the athlete chose.
    Profile,
    /// The address of the request.
    Address,
    /// UTC, the default.
    Assumed,
}

/// A possible mistake in a file that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ImportHintCode {
    /// The text is not UTF-8, and its encoding was assumed.
    EncodingAssumed,
    /// Day and month of dates can be exchanged, and no date of the file decides it: set `locale`.
    DateOrderAmbiguous,
    /// The end of a workout cannot be read, is before its start, or over 24 hours after it.
    EndUnknown,
    /// Columns with values that are not imported.
    ColumnsIgnored,
    /// Tables of the file that are not imported.
    SectionsIgnored,
    /// The file states no unit, and its weights look like pounds: set `units`.
    WeightsLookLikePounds,
    /// The file states no unit, and its weights look like kilograms: set `units`.
    WeightsLookLikeKilograms,
}

/// A hint on a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportHint {
    pub code: ImportHintCode,
    /// In English.
    pub detail: String,
    /// The number of workouts that it concerns; 1 for the whole file.
    pub count: usize,
    /// The first lines that it concerns, at most 10.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lines: Vec<u64>,
}

/// The query of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportOptions {
    /// Returns a preview and stores nothing.
    #[serde(default)]
    pub dry_run: bool,
    /// The app that wrote the file; by default it is detected.
    pub format: Option<CsvFormat>,
    /// The unit of weights for which the file states none; by default that of the athlete.
    pub units: Option<WeightUnit>,
    /// The language of the file, which decides whether 102,5 is a number and, with a region, whether 01/02/2024 is in
    /// February: `de`, `de-DE`, `en-US`.
    pub locale: Option<String>,
    /// The zone of the file's times: `Europe/Berlin`, `+01:00`. By default that of the athlete, otherwise that of the
    /// request's address, otherwise UTC.
    pub time_zone: Option<String>,
    /// A JSON object that names the columns of a file of any app: `{"date":"When","exercise":"Lift","reps":"Reps"}`.
    /// Its keys are `date`, `time`, `end`, `end_time`, `workout_duration`, `title`, `workout_notes`, `exercise`,
    /// `superset`, `notes`, `set_type`, `weight`, `weight_unit`, `reps`, `distance`, `distance_unit`, `duration`, `rpe`
    /// and `rir`.
    pub columns: Option<String>,
    /// A JSON object of exercise names to slugs, or to null to leave their sets out.
    pub mapping: Option<String>,
}

/// Exercise names and the slugs of their exercises; null leaves the sets of a name out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "mapping": { "Belt Squat": "hack-squat", "Treadmill": null } }))]
pub struct ImportMapping {
    #[schemars(extend("maxProperties" = MAPPING_MAX))]
    pub mapping: BTreeMap<String, Option<String>>,
}

impl Validate for ImportMapping {
    fn validate(&self, checks: &mut Checks) {
        checks.length("mapping", self.mapping.len(), MAPPING_MAX);
    }
}

/// An import with its progress.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Import {
    pub id: Uuid,
    pub status: ImportStatus,
    /// The app that wrote the file: `strong`, `hevy`, …, `csv` with named columns, or `bulktrack`.
    pub format: String,
    pub created_at: Instant,
    /// Null while it is running.
    pub finished_at: Option<Instant>,
    /// Workouts stored so far.
    pub imported: i64,
    /// Workouts stored before that the file added to so far.
    pub updated: i64,
    /// Workouts left out so far, because the athlete has them already.
    pub duplicates: i64,
    /// Workouts left out so far, because the athlete has the session with other sets, or has edited it: at most 100, and
    /// none in a list.
    pub conflicts: Vec<ImportConflict>,
    pub conflicts_total: i64,
    pub slices: SliceCounts,
    /// When it was taken back; null if it was not.
    pub undone_at: Option<Instant>,
    /// Workouts that were removed when it was taken back.
    pub removed: i64,
    /// Workouts that it stored and that were kept when it was taken back, because they had been changed.
    pub kept: i64,
    #[serde(flatten)]
    pub report: ImportReport,
}

/// The list of imports to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImportFilter {
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    #[serde(default)]
    pub limit: Limit,
}

/// A workout of a file that differs from the stored one of the same session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportConflict {
    /// The stored workout, which stays as it is.
    pub workout_id: WorkoutId,
    /// The local day in the file.
    pub date: String,
    /// The title in the file, at most 100 characters.
    pub title: Option<String>,
}

/// The state of an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum ImportStatus {
    Running,
    /// Exercises are left out, and workouts of only such exercises held back, until a mapping resolves their names.
    NeedsMapping,
    Completed,
    /// Completed, but over 5 % of the file's rows were invalid.
    CompletedWithErrors,
    /// It is being taken back.
    Undoing,
    /// It was taken back.
    Undone,
}

/// The parts in which an import is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(inline)]
pub struct SliceCounts {
    pub waiting: i64,
    pub held: i64,
    pub done: i64,
}

/// The preview of an import.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportPreview {
    /// Always true.
    pub dry_run: bool,
    /// The app that wrote the file: `strong`, `hevy`, …, `csv` with named columns, or `bulktrack`.
    pub format: String,
    /// Workouts that the import would store.
    pub to_import: i64,
    /// Workouts that the file would add to.
    pub updated: i64,
    /// Workouts that the athlete has already.
    pub duplicates: i64,
    /// Workouts that the athlete has with other sets, or has edited, at most 100.
    pub conflicts: Vec<ImportConflict>,
    pub conflicts_total: i64,
    #[serde(flatten)]
    pub report: ImportReport,
}

/// The content of a file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ImportReport {
    /// Rows of a CSV, workouts of an export.
    pub rows: usize,
    pub workouts: usize,
    pub sets: usize,
    /// The unit of weights without one; null for an export.
    pub weight_unit: Option<WeightUnit>,
    pub weight_unit_source: Option<UnitSource>,
    /// The zone of times without an offset; null for an export.
    pub time_zone: Option<String>,
    pub time_zone_source: Option<TimeZoneSource>,
    /// Possible mistakes in what was read.
    pub hints: Vec<ImportHint>,
    /// Workouts of which all exercise names are unknown: they wait for a mapping.
    pub held_workouts: usize,
    /// Workouts that are stored without their unknown exercises, until a mapping completes them.
    #[serde(default)]
    pub partial_workouts: usize,
    /// Sets of names that the mapping leaves out.
    pub left_out_sets: usize,
    /// One for each reason for which rows are not imported, at most 100: the number of rows and the first lines. Of an
    /// export, one for each invalid field.
    pub errors: Vec<FieldError>,
    /// Rows that are not imported; of an export, invalid fields.
    pub errors_total: usize,
    /// Rows that are not imported; of an export, workouts.
    pub rejected_rows: usize,
    pub unmatched: Vec<UnmatchedName>,
}

/// An unknown exercise name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnmatchedName {
    pub name: String,
    /// The number of workouts that have it.
    pub workouts: usize,
    /// The number of its sets in them.
    pub sets: usize,
    /// Similar slugs, the most similar first.
    pub proposals: Vec<String>,
}

/// The query of an export.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExportOptions {
    #[serde(default)]
    pub format: ExportFormat,
    /// The first local day.
    pub from: Option<Day>,
    /// The last local day.
    pub to: Option<Day>,
}

/// The format of an export.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ExportFormat {
    /// All that an import needs to restore the workouts.
    #[default]
    Json,
    /// The columns of Hevy.
    Csv,
}

/// An export as JSON: an import restores its exercises and workouts.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct Export {
    pub format: ExportName,
    /// The version of this format: 1.
    #[schemars(range(min = 1, max = 1))]
    pub version: u8,
    /// The athlete's custom exercises.
    pub exercises: Vec<Exercise>,
    /// The newest first.
    pub workouts: Vec<ExportedWorkout>,
}

/// The name of the format of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub enum ExportName {
    Bulktrack,
}

/// A workout of an export, as entered.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ExportedWorkout {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    pub started_at: DateTime<FixedOffset>,
    /// Absent while the workout is in progress.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<DateTime<FixedOffset>>,
    /// The body weight that its volume was computed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body_weight_kg: Option<f64>,
    pub exercises: Vec<ExerciseEntry>,
    /// The definitions of custom exercises that its volume was computed with, under their current names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub own_exercises: Vec<Exercise>,
}
