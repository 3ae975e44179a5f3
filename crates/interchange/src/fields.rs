//! The meanings of columns.

use crate::distance::DistanceUnit;
use crate::training_log::WeightUnit;

/// The meaning of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Title,
    /// The start of the workout, or its day.
    Start,
    /// The time of day of the start.
    StartTime,
    End,
    /// The time of day of the end.
    EndTime,
    WorkoutDuration,
    WorkoutNotes,
    /// The number of a session in another table of the file.
    Session,
    Exercise,
    Superset,
    /// The notes of the exercise or the set.
    Notes,
    SetIndex,
    /// The kind of the set or the row, or whether it is a warm-up set.
    Kind,
    /// With the unit in the header, if any.
    Weight(Option<WeightUnit>),
    WeightUnit,
    Reps,
    /// With the unit in the header, if any.
    Distance(Option<DistanceUnit>),
    DistanceUnit,
    Duration,
    Rpe,
    /// Repetitions in reserve.
    Rir,
    /// The sets of an exercise in one cell: `60x10,65x8`.
    SetList,
    /// The repetitions of a set by its number, in rows with several sets.
    SetReps(u8),
    SetWeight(u8, Option<WeightUnit>),
    /// The category of an exercise. It is not read, but only `FitNotes` has it.
    Category,
    /// A column that only one format has, and that is not read.
    Ignored,
}
