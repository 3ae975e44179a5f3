//! The progress of an exercise.

use crate::values::Day;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use training::E1rmFormula;

/// The query of a progress.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProgressFilter {
    /// The first day; by default a year before the last one.
    pub from: Option<Day>,
    /// The last day; by default tomorrow by UTC.
    pub to: Option<Day>,
    /// The formula of the estimated one-repetition maximum.
    #[schemars(extend("default" = "epley"))]
    pub formula: Option<E1rmFormula>,
}

/// The best sets of an exercise by day, and their trend.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Progress {
    pub exercise: String,
    pub formula: E1rmFormula,
    /// The days with the exercise.
    pub points: Vec<ProgressPoint>,
    /// Null with too few points.
    pub trend: Option<ProgressTrend>,
}

/// One day with the exercise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProgressPoint {
    pub date: NaiveDate,
    pub best_e1rm_kg: Option<f64>,
    pub best_set: Option<TopSet>,
    pub tonnage_kg: f64,
    pub sets: i64,
}

/// The set with the highest estimated one-repetition maximum.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TopSet {
    /// The weight as entered.
    pub weight_kg: Option<f64>,
    /// The weight moved, body weight included.
    pub load_kg: f64,
    pub reps: u32,
    pub rpe: Option<f64>,
}

/// The slope of the best estimated maximum with its 95 % interval. Too few points have no interval.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProgressTrend {
    pub kg_per_week: f64,
    pub low: Option<f64>,
    pub high: Option<f64>,
    pub points: usize,
}
