//! The content of an uploaded file.

use contract::FieldError;
use contract::imports::{ImportHint, TimeZoneSource, UnitSource, WeightUnit};
use storage::exercises::CustomExercise;
use training::{CustomExercises, Workout};

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
    /// The app that wrote it, `csv` or `bulktrack`.
    pub format: String,
    /// Rows of a CSV, workouts of a JSON document.
    pub rows: usize,
    /// Rows that are not imported; workouts of a JSON document.
    pub rejected_rows: usize,
    /// The unit of weights in rows without a unit.
    pub weight_unit: Option<WeightUnit>,
    pub weight_unit_source: Option<UnitSource>,
    /// The zone of times without an offset.
    pub time_zone: Option<String>,
    pub time_zone_source: Option<TimeZoneSource>,
    pub hints: Vec<ImportHint>,
    /// An exercise that is not a slug is a name.
    pub workouts: Vec<FileWorkout>,
    pub exercises: Vec<CustomExercise>,
    /// Of rows, one for each reason, or of fields.
    pub errors: Vec<FieldError>,
}
