//! The machine-readable part of a notification, by kind: the `data` of an inbox row and the `details` of a
//! webhook.

use crate::ids::WorkoutId;
use crate::payload::PatternKind;
use crate::recommendation::Recommendation;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};
use training::{RecordKind, WeekStart};
use uuid::Uuid;

/// A detected pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PatternDetails {
    /// Equal each time that the athlete is notified of the pattern (GET /v1/patterns).
    pub pattern_id: Uuid,
    pub pattern: PatternKind,
    /// A muscle, the slug of a lift, or `training`.
    pub subject: String,
    /// The Monday of the week in which it began.
    pub since: WeekStart,
    /// From 0 to 1.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub confidence: f64,
    /// The numbers that triggered it, by the kind of pattern.
    pub evidence: Map<String, Value>,
}

/// A pattern that is no longer detected.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResolvedPatternDetails {
    /// That of the notification about its detection.
    pub pattern_id: Uuid,
    pub pattern: PatternKind,
    /// A muscle, the slug of a lift, or `training`.
    pub subject: String,
    /// The Monday of the week in which it began.
    pub since: WeekStart,
}

/// The records that a workout set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RecordDetails {
    pub workout_id: Option<WorkoutId>,
    /// At most 100.
    pub records: Vec<NewRecord>,
    /// The number of all records that the workout set.
    pub records_total: usize,
}

/// A record, and the one that it replaced.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NewRecord {
    /// The slug of the exercise.
    pub exercise: String,
    pub kind: RecordKind,
    /// The weight at which the repetitions were performed; null for other kinds.
    pub weight_kg: Option<f64>,
    /// Kilograms, or repetitions.
    pub value: Number,
    /// The record before.
    pub beaten: Number,
}

/// The numbers of a weekly report.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportDetails {
    pub week_start: WeekStart,
    pub workouts: i64,
    pub hard_sets: f64,
    pub tonnage_kg: f64,
    /// The mean of the weeks before it.
    pub weeks_before: MeanWeek,
    /// The compared weeks, the oldest first, the reported one last.
    pub weeks: Vec<ReportedWeek>,
    /// Muscles with more hard sets than MRV.
    pub above_mrv: Vec<String>,
    /// Muscles with fewer hard sets than MEV.
    pub below_mev: Vec<String>,
    /// The records of the week in words.
    pub records: Vec<String>,
    /// The titles of the current patterns.
    pub patterns: Vec<String>,
    /// The recommended changes (GET /v1/recommendations).
    pub recommendations: Vec<Recommendation>,
}

/// The mean of some weeks.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MeanWeek {
    /// The number of weeks.
    pub weeks: u32,
    pub workouts: f64,
    pub hard_sets: f64,
    pub tonnage_kg: f64,
}

/// A week of a report.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReportedWeek {
    pub week_start: WeekStart,
    pub hard_sets: f64,
    pub tonnage_kg: f64,
}

/// A finished import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ImportDetails {
    pub import_id: Uuid,
    /// Stored workouts.
    pub imported: i64,
    /// Stored workouts that the file added to. Absent: none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub updated: i64,
    /// Workouts that were skipped because the athlete has them.
    pub duplicates: i64,
    /// Workouts that differ from those that the athlete has, which stay as they are. Absent: none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub conflicts: i64,
    /// Whether workouts wait for a mapping of unknown exercise names.
    pub needs_mapping: bool,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A disabled endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DisabledEndpointDetails {
    pub endpoint_id: Uuid,
    pub reason: DisabledReason,
}

/// The reason why an endpoint was disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisabledReason {
    /// The receiver responded 410 Gone.
    Gone,
    /// Every delivery has failed for five days.
    Failing,
    /// Its URL is not allowed for webhooks.
    Forbidden,
}

impl DisabledReason {
    /// Returns the wire name, which rows contain too.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
            Self::Forbidden => "forbidden",
        }
    }
}

/// Returns the fields of details, the form in which events and rows carry them.
pub fn to_fields(details: &impl Serialize) -> Map<String, Value> {
    match serde_json::to_value(details) {
        Ok(Value::Object(fields)) => fields,
        // Structs with text keys always are objects.
        Ok(_) | Err(_) => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn reason_of_a_disabled_endpoint_is_its_json() {
        for reason in [DisabledReason::Gone, DisabledReason::Failing, DisabledReason::Forbidden] {
            let details = DisabledEndpointDetails { endpoint_id: Uuid::nil(), reason };
            assert_eq!(to_fields(&details).get("reason"), Some(&json!(reason.as_str())));
        }
    }
}
