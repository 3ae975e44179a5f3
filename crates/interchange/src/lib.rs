//! Reads the CSV training logs of Strong, Hevy and `FitNotes`, and writes workouts in Hevy's columns.
//!
//! In scope: detecting the app, parsing rows, reporting the broken ones. Out of scope: I/O, clocks,
//! the UTC offset of local times, matching exercise names, duplicates of earlier imports: the caller
//! handles these.

mod cell;
mod columns;
mod distance;
mod fit_notes;
mod hevy;
mod numbers;
mod parsed_row;
mod read;
mod records;
mod row;
mod strong;
mod timestamp;
mod training_log;
mod workouts;
mod write;

pub use read::{ROWS_MAX, ReadError, ReadOptions, read};
pub use training_log::{
    Format, LineError, LoggedExercise, LoggedWorkout, TrainingLog, UnitSource, WeightUnit,
};
pub use write::{hevy_header, hevy_rows};
