//! Training volume of days and weeks.

use crate::values::Day;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use training::{Muscle, VolumeLevel, WeekStart};

/// The query of a range of days, both included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DayRange {
    /// The first day.
    pub from: Option<Day>,
    /// The last day; by default tomorrow by UTC, so that it includes today in every time zone.
    pub to: Option<Day>,
}

/// The volume of each day of a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DailyVolume {
    pub days: Vec<DayVolume>,
}

/// The volume of a day; zeros without training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DayVolume {
    pub date: NaiveDate,
    pub workouts: i64,
    pub sets: i64,
    pub tonnage_kg: f64,
    pub hard_sets: f64,
    /// The trained muscles.
    pub muscles: Vec<MuscleDay>,
}

/// The volume of a muscle on a day.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MuscleDay {
    pub muscle: Muscle,
    pub hard_sets: f64,
    pub tonnage_kg: f64,
}

/// The volume of each week of a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WeeklyVolume {
    pub weeks: Vec<WeekVolume>,
    /// The number of workouts that are not counted yet. A workout in progress is counted within ten minutes,
    /// and is not one of them until then.
    pub pending: i64,
}

/// The volume of a week; zeros without training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WeekVolume {
    /// The Monday.
    pub week_start: WeekStart,
    pub workouts: i64,
    pub sets: i64,
    pub tonnage_kg: f64,
    pub hard_sets: f64,
    /// Every muscle.
    pub muscles: Vec<MuscleWeek>,
}

/// The volume of a muscle in a week, with the athlete's landmarks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MuscleWeek {
    pub muscle: Muscle,
    /// As `fractional_sets`.
    pub hard_sets: f64,
    /// The hard sets in which the muscle is direct, without those that are warm-ups in all but name: sets
    /// without an RPE at 60 % of the session's top weight or less. Landmarks count these.
    pub direct_sets: i64,
    /// A direct hard set counts 1, an indirect one 0.5.
    pub fractional_sets: f64,
    pub tonnage_kg: f64,
    /// The maintenance volume, in direct hard sets; null for a muscle without landmarks.
    pub mv: Option<f64>,
    /// The minimum effective volume, in direct hard sets; null for a muscle without landmarks.
    pub mev: Option<f64>,
    /// The upper end of the maximum adaptive volume, in direct hard sets; null for a muscle without landmarks.
    pub mav: Option<f64>,
    /// The maximum recoverable volume, in direct hard sets; null for a muscle without landmarks.
    pub mrv: Option<f64>,
    /// The level of the direct hard sets; null for a muscle without landmarks.
    pub level: Option<VolumeLevel>,
}
