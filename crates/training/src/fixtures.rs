//! Sets and exercises for the tests of [`crate::performance`] and [`crate::records`].

use crate::exercise::LoadType;
use crate::set::{PerformedSet, SetKind};
use crate::units::Grams;
use crate::volume::PerformedExercise;

/// The body weight in tests: 80 kg.
pub const BODY_WEIGHT: Option<Grams> = Some(Grams(80_000));

/// Returns a working set.
pub fn set(grams: impl Into<Option<i64>>, reps: u32) -> PerformedSet {
    PerformedSet {
        kind: SetKind::Working,
        weight_grams: grams.into().map(Grams),
        reps: Some(reps),
        rpe: None,
        duration_s: None,
        distance_m: None,
    }
}

/// Returns a warm-up set.
pub fn warmup(grams: i64, reps: u32) -> PerformedSet {
    PerformedSet { kind: SetKind::Warmup, ..set(grams, reps) }
}

/// Returns a hold of 40 s.
pub fn hold(grams: i64) -> PerformedSet {
    PerformedSet { reps: None, duration_s: Some(40), ..set(grams, 0) }
}

/// Returns the exercise `lift` without muscles.
pub fn lift(load: LoadType, sets: &[PerformedSet]) -> PerformedExercise {
    PerformedExercise {
        exercise: "lift".to_owned(),
        load,
        primary: Vec::new(),
        secondary: Vec::new(),
        sets: sets.to_vec(),
    }
}
