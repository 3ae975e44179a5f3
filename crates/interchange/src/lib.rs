//! Training logs in other apps' CSV formats: what an athlete brings along from Strong, Hevy or
//! `FitNotes`, and takes away again in Hevy's columns.
//!
//! In scope: which app wrote a file, what its rows say, which of them are broken and why; a
//! workout as rows. Out of scope: I/O and clocks; whose exercise a name is, in which offset the
//! local times are, what was imported before. The caller knows these.

mod assembly;
mod cell;
mod columns;
mod distance;
mod entry;
mod fit_notes;
mod hevy;
mod measures;
mod numbers;
mod read;
mod records;
mod strong;
mod timestamp;
mod training_log;
mod write;

pub use read::{ROWS_MAX, ReadError, ReadOptions, read};
pub use training_log::{
    Format, LineError, LoggedExercise, LoggedWorkout, TrainingLog, UnitSource, WeightUnit,
};
pub use write::{hevy_header, hevy_rows};
