//! The content of an uploaded file.

use contract::FieldError;
use interchange::{UnitSource, WeightUnit};
use serde::Serialize;
use storage::exercises::CustomExercise;
use training::{CustomExercises, Workout};

/// An error at one place of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FileError {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The JSON pointer in a document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    pub detail: String,
}

impl FileError {
    /// An error in a line of a CSV.
    pub fn at_line(line: u64, detail: String) -> Self {
        Self { line: Some(line), pointer: None, detail }
    }

    /// An error in a field of a JSON document.
    pub fn at_field(error: FieldError) -> Self {
        Self { line: None, pointer: error.pointer, detail: error.detail }
    }
}

/// A workout of a file.
#[derive(Debug)]
pub struct FileWorkout {
    pub workout: Workout,
    /// The custom exercises of the workout, as they were when it was saved.
    pub custom_exercises: CustomExercises,
}

/// A parsed file.
#[derive(Debug, Default)]
pub struct ImportFile {
    /// `strong`, `hevy`, `fitnotes` or `bulktrack`.
    pub format: String,
    /// Rows of a CSV, workouts of a JSON document.
    pub rows: usize,
    /// The unit of weights in rows without a unit.
    pub weight_unit: Option<WeightUnit>,
    pub weight_unit_source: Option<UnitSource>,
    /// The zone of times without an offset.
    pub time_zone: Option<String>,
    /// An exercise that is not a slug is a name.
    pub workouts: Vec<FileWorkout>,
    pub exercises: Vec<CustomExercise>,
    pub errors: Vec<FileError>,
}
