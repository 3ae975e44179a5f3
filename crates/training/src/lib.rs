//! Strength training: exercises, muscles, sets, volume, landmarks, estimated maxima and trends.
//!
//! In scope: the knowledge of the sport, as data and pure functions; its terms are defined in
//! docs/reference/glossary.md. Out of scope: I/O and the system clock.

pub mod aliases;
pub mod calendar;
pub mod catalogue;
pub mod e1rm;
pub mod exercise;
pub mod landmarks;
pub mod limits;
pub mod load;
pub mod movement;
pub mod muscle;
pub mod names;
pub mod performance;
pub mod records;
pub mod session;
pub mod set;
pub mod trend;
pub mod units;
pub mod volume;
pub mod workout;

pub use calendar::WeekStart;
pub use e1rm::E1rmFormula;
pub use exercise::{Exercise, ExerciseDefinition, ExerciseKind, LoadType};
pub use landmarks::{LandmarkOverride, LandmarkOverrides, Landmarks, VolumeLevel};
pub use load::{AcuteChronic, Monotony};
pub use movement::Movement;
pub use muscle::{Muscle, Muscles};
pub use names::{find_by_name, name_key};
pub use performance::{BestSet, ExercisePerformance};
pub use records::{RecordKey, RecordKind};
pub use set::{PerformedSet, Rpe, SetKind};
pub use trend::Trend;
pub use units::{Grams, HalfSets, Units};
pub use volume::{MuscleVolume, PerformedExercise, Volume};
pub use workout::{CustomExercises, ExerciseEntry, SetEntry, Superset, Workout};
