//! Personal records.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared_kernel::WorkoutId;
use training::RecordKind;

/// The query of the records.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RecordFilter {
    /// Only the records of this exercise, by its slug.
    pub exercise: Option<String>,
}

/// A personal record.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PersonalRecord {
    pub exercise: String,
    pub kind: RecordKind,
    /// The weight that `most_reps` is for; null for the other kinds.
    pub weight_kg: Option<f64>,
    /// Kilograms, or repetitions for `most_reps`.
    pub value: f64,
    pub date: NaiveDate,
    pub workout_id: WorkoutId,
}
