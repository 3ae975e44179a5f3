//! Reads the CSV training logs of other apps, and writes workouts in Hevy's columns.
//!
//! In scope: detecting the app, parsing rows, reporting the broken ones once for each kind, and hints on
//! what may be wrong. Out of scope: I/O, clocks, the UTC offset of local times, matching exercise names,
//! duplicates of earlier imports: the caller handles these. The formats, with their sources:
//! docs/imports.md.

mod cell;
mod columns;
mod distance;
mod duration;
mod encoding;
mod fields;
mod findings;
mod fold;
mod formats;
mod formula;
mod memo;
mod numbers;
mod parsed_row;
mod read;
mod records;
mod row;
mod sections;
mod set_kind;
mod timestamp;
mod training_log;
mod unit_evidence;
mod workout_row;
mod workouts;
mod write;

pub use columns::ColumnNames;
pub use findings::{ErrorKind, Finding, Findings, RowError};
pub use formats::csv_keys;
pub use read::{ROWS_MAX, ReadError, ReadOptions, read};
pub use training_log::{
    End, Format, HintCode, LoggedExercise, LoggedWorkout, TrainingLog, UnitSource, WeightUnit,
};
pub use write::{hevy_header, hevy_rows};
