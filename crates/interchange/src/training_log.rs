//! A parsed training log: whole workouts, and an error for each line that is invalid.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use training::units::GRAMS_PER_POUND;
use training::{SetEntry, Superset};

/// The app that wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Every version of Strong: commas or semicolons, with or without units.
    Strong,
    Hevy,
    FitNotes,
}

impl Format {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Strong, Self::Hevy, Self::FitNotes];
}

/// The unit of a weight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum WeightUnit {
    Kg,
    /// International pounds.
    Lb,
}

impl WeightUnit {
    /// Parses the word of a header or a cell: `kg`, `kgs`, `lb`, `lbs`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.trim().trim_end_matches('.').to_ascii_lowercase().as_str() {
            "kg" | "kgs" => Some(Self::Kg),
            "lb" | "lbs" => Some(Self::Lb),
            _ => None,
        }
    }

    /// Returns the mass of one unit in grams.
    pub const fn grams(self) -> f64 {
        match self {
            Self::Kg => 1_000.0,
            Self::Lb => GRAMS_PER_POUND,
        }
    }
}

/// The source of the unit of the weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitSource {
    File,
    Caller,
    /// Kilograms, the project default.
    Assumed,
}

/// The contents of a file. `rows` is always `sets + skipped + rejected`, so no row is lost silently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingLog {
    pub format: Format,
    /// The first unit of weight in the file, or the default unit.
    pub weight_unit: WeightUnit,
    pub weight_unit_source: UnitSource,
    /// Whether numbers have a decimal comma: `102,5`.
    pub decimal_comma: bool,
    /// Rows below the header without blank lines.
    pub rows: usize,
    /// Rows that became a set of a workout.
    pub sets: usize,
    /// Rows without a set: Strong's rest timers and notes.
    pub skipped: usize,
    /// Rows with an error, or in a workout with an error.
    pub rejected: usize,
    /// The workouts, in the order of the file.
    pub workouts: Vec<LoggedWorkout>,
    /// The errors, by line.
    pub errors: Vec<LineError>,
}

/// An invalid row, or a workout that exceeds a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineError {
    /// The first line of the row or the workout; the header is line 1.
    pub line: u64,
    /// The column, its value (truncated to 50 characters) and the reason.
    pub detail: String,
}

/// A workout of a log. Its times are local: no format has a UTC offset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedWorkout {
    /// The line of its first valid row.
    pub line: u64,
    /// `None` in `FitNotes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    pub started_at: NaiveDateTime,
    /// Never before `started_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<NaiveDateTime>,
    pub exercises: Vec<LoggedExercise>,
}

/// An exercise of a workout of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedExercise {
    /// The app's name, without surrounding whitespace.
    pub name: String,
    /// Exercises with the same superset were done in turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superset: Option<Superset>,
    /// The notes of the exercise and its sets, on one line each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The sets in order, without numbers; empty if only a note is valid.
    pub sets: Vec<SetEntry>,
}
