//! Imports: from an uploaded file to workouts in slices.
//!
//! Nothing is dropped silently: a line that cannot be parsed is an error with its number; a workout
//! with an unknown exercise is held back until a mapping names the exercise.

pub mod csv;
pub mod definitions;
pub mod export;
pub mod file;
pub mod mapping;
pub mod plan;
pub mod time_zone;
pub mod upload;
