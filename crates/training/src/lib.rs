//! The sport: what a muscle, a set, a hard set, a week and a landmark are.
//!
//! In scope: knowledge that a coach would recognise, as data and pure functions.
//! Out of scope: storage, events, HTTP, clocks. Nothing here does I/O, and nothing reads the time.

pub mod aliases;
pub mod calendar;
pub mod catalogue;
pub mod e1rm;
pub mod exercise;
pub mod landmarks;
pub mod limits;
pub mod load;
pub mod muscle;
pub mod names;
pub mod performance;
pub mod set;
pub mod trend;
pub mod units;
pub mod volume;
pub mod workout;

pub use calendar::WeekStart;
pub use e1rm::E1rmFormula;
pub use exercise::{Exercise, ExerciseDefinition, LoadType};
pub use landmarks::{LandmarkOverride, LandmarkOverrides, Landmarks, VolumeLevel};
pub use load::{AcuteChronic, Monotony};
pub use muscle::Muscle;
pub use names::{find_by_name, name_key};
pub use performance::{BestSet, ExercisePerformance, RecordKey, RecordKind};
pub use set::{PerformedSet, Rpe, SetKind};
pub use trend::Trend;
pub use units::{Grams, HalfSets};
pub use volume::{MuscleVolume, PerformedExercise, Volume};
pub use workout::{CustomExercises, ExerciseEntry, SetEntry, Superset, Workout};
