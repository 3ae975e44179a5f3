//! A parsed training log: whole workouts, the errors of the rows that are invalid, and hints.

use crate::findings::{ErrorKind, Finding};
use chrono::{NaiveDateTime, TimeDelta};
use serde::{Deserialize, Serialize};
use training::units::GRAMS_PER_POUND;
use training::{SetEntry, Superset};

/// The app that wrote a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Every version of Strong: commas or semicolons, with or without units, in several languages.
    Strong,
    Hevy,
    Lyfta,
    /// `FitNotes` for Android and `FitNotes` 2 for iOS.
    FitNotes,
    Fitbod,
    StrongLifts,
    Jefit,
    /// A file whose columns the caller names.
    Csv,
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
            "kg" | "kgs" | "kilograms" => Some(Self::Kg),
            "lb" | "lbs" | "pounds" => Some(Self::Lb),
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

/// A possible mistake in a file that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HintCode {
    /// The text is not UTF-8, and its encoding was assumed.
    EncodingAssumed,
    /// Day and month of dates can be exchanged; their rows are rejected.
    DateOrderAmbiguous,
    /// The end of a workout cannot be read, is before its start, or over 24 hours after it.
    EndUnknown,
    /// Columns with values that are not imported.
    ColumnsIgnored,
    /// Parts of a file with several tables that are not imported.
    SectionsIgnored,
    /// The unit is assumed or stated, and the numbers look like the other one.
    WeightsLookLikePounds,
    WeightsLookLikeKilograms,
}

/// The contents of a file. `rows` is always `read + skipped + rejected`, so no row is lost silently.
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
    /// Rows with at least one set of a workout.
    pub read: usize,
    /// Sets of the workouts: a row of `StrongLifts` and Jefit has several.
    pub sets: usize,
    /// Rows without a set: Strong's rest timers and notes.
    pub skipped: usize,
    /// Rows with an error, or in a workout with an error.
    pub rejected: usize,
    /// The workouts, in the order of the file.
    pub workouts: Vec<LoggedWorkout>,
    /// One for each column and reason, by line.
    pub errors: Vec<Finding<ErrorKind>>,
    pub hints: Vec<Finding<HintCode>>,
}

/// The end of a workout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    At(NaiveDateTime),
    /// Seconds after the start: elapsed time, also over a change of the clock.
    AfterS(u32),
}

/// A workout of a log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LoggedWorkout {
    /// The line of its first valid row.
    pub line: u64,
    /// The rows of its sets.
    pub rows: usize,
    /// `None` in formats without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notes: Option<String>,
    pub started_at: NaiveDateTime,
    /// Never before `started_at`, and at most 24 hours after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<End>,
    /// Whether the times are in UTC. Otherwise they are local times of the athlete.
    pub is_utc: bool,
    pub exercises: Vec<LoggedExercise>,
}

impl LoggedWorkout {
    /// Returns the end on a clock that is not changed during the workout.
    pub fn ended_at(&self) -> Option<NaiveDateTime> {
        match self.end? {
            End::At(at) => Some(at),
            End::AfterS(seconds) => {
                self.started_at.checked_add_signed(TimeDelta::seconds(seconds.into()))
            }
        }
    }
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
