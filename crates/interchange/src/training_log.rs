//! A training log as it was read: whole workouts, and the lines that could not be read.

use chrono::NaiveDateTime;
use serde::{Deserialize, Serialize};
use training::units::GRAMS_PER_POUND;
use training::{SetEntry, Superset};

/// The app that wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Strong, of every generation: commas or semicolons, with or without units.
    Strong,
    /// Hevy.
    Hevy,
    /// `FitNotes`: `"fitnotes"`.
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
    /// Kilograms.
    Kg,
    /// International pounds.
    Lb,
}

impl WeightUnit {
    /// From the word of a header or a cell: `kg`, `kgs`, `lb`, `lbs`.
    pub fn from_word(word: &str) -> Option<Self> {
        match word.trim().trim_end_matches('.').to_ascii_lowercase().as_str() {
            "kg" | "kgs" => Some(Self::Kg),
            "lb" | "lbs" => Some(Self::Lb),
            _ => None,
        }
    }

    /// How many grams one of it is.
    pub const fn grams(self) -> f64 {
        match self {
            Self::Kg => 1_000.0,
            Self::Lb => GRAMS_PER_POUND,
        }
    }
}

/// How the unit of the weights is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnitSource {
    /// The file says it, in its header or in each row.
    File,
    /// The file does not say it; the caller did.
    Caller,
    /// Nobody says it: kilograms (ours).
    Assumed,
}

/// What a file came to. `rows` is always `sets + skipped + refused`: no row is lost silently.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingLog {
    /// The app that wrote it.
    pub format: Format,
    /// The unit of its weights; where each row says its own, that of the first that does.
    pub weight_unit: WeightUnit,
    /// How that is known.
    pub weight_unit_source: UnitSource,
    /// Whether its numbers have a decimal comma: `102,5`.
    pub decimal_comma: bool,
    /// Rows below the header, blank lines not counted.
    pub rows: usize,
    /// Rows that became a set of a workout.
    pub sets: usize,
    /// Rows that hold no set, on purpose: Strong's rest timers and notes.
    pub skipped: usize,
    /// Rows that an error names, or whose workout one names.
    pub rejected: usize,
    /// The workouts, in the order of the file.
    pub workouts: Vec<LoggedWorkout>,
    /// What could not be read, by line.
    pub errors: Vec<LineError>,
}

/// A row that could not be read, or a workout that is over its limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineError {
    /// The line of the file on which the row, or the workout, begins; the header is line 1.
    pub line: u64,
    /// What is wrong, in words, with the column and the value (cut to 50 characters).
    pub detail: String,
}

/// A workout of a log. Its times are the athlete's local ones: no format says the offset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedWorkout {
    /// The line of its first row that could be read.
    pub line: u64,
    /// What it is called; a day of `FitNotes` has no name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What the athlete wrote about it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// When it began.
    pub started_at: NaiveDateTime,
    /// When it ended, where the file says it; never before it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<NaiveDateTime>,
    /// The exercises in order.
    pub exercises: Vec<LoggedExercise>,
}

/// One exercise of a workout of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedExercise {
    /// Its name in the app, without blanks around it.
    pub name: String,
    /// Exercises with the same one were done in turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superset: Option<Superset>,
    /// What the athlete wrote about it, or about its sets: different notes on lines of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    /// The sets in order, without numbers; none where only a note could be read.
    pub sets: Vec<SetEntry>,
}
