//! Bounds on what an athlete can enter. Sources: the outer contract of the API, but for those
//! marked (ours).

use crate::units::Grams;
use crate::volume::PerformedExercise;

/// Exercises in a workout.
pub const EXERCISES_MAX: usize = 50;
/// Sets in a workout, over all its exercises.
pub const SETS_MAX: usize = 500;
/// A weight entered: 1,000 kg.
pub const WEIGHT_MAX: Grams = Grams(1_000_000);
/// Repetitions of a set.
pub const REPS_MAX: u32 = 1_000;
/// A hold: a day (ours).
pub const DURATION_S_MAX: u32 = 86_400;
/// A carry: 1,000 km (ours).
pub const DISTANCE_M_MAX: u32 = 1_000_000;
/// A rest: a day (ours).
pub const REST_S_MAX: u32 = 86_400;
/// Bytes of an exercise's slug (ours).
pub const SLUG_BYTES_MAX: usize = 100;
/// Characters of a title or a note.
pub const TEXT_CHARS_MAX: usize = 2_000;

/// What is over its bound, in words; `None` when all of it is within. For snapshots, which were
/// checked at the edge: a bound broken there means that the sender is not ours.
pub fn first_violation(
    exercises: &[PerformedExercise],
    body_weight: Option<Grams>,
) -> Option<String> {
    let within = |weight: Grams| (Grams(0)..=WEIGHT_MAX).contains(&weight);
    let mut sets = exercises.iter().flat_map(|exercise| &exercise.sets);
    if exercises.len() > EXERCISES_MAX {
        Some(format!("{} exercises, over {EXERCISES_MAX}", exercises.len()))
    } else if sets.clone().count() > SETS_MAX {
        Some(format!("{} sets, over {SETS_MAX}", sets.count()))
    } else if !body_weight.is_none_or(within) {
        Some("a body weight out of bounds".to_owned())
    } else if !sets.clone().all(|set| set.weight_grams.is_none_or(within)) {
        Some("a weight out of bounds".to_owned())
    } else if !sets.all(|set| set.reps.is_none_or(|reps| reps <= REPS_MAX)) {
        Some(format!("a set of more than {REPS_MAX} repetitions"))
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exercise::LoadType;
    use crate::set::{PerformedSet, SetKind};

    fn exercises(count: usize, sets: usize, grams: i64, reps: u32) -> Vec<PerformedExercise> {
        let set = PerformedSet {
            kind: SetKind::Working,
            weight_grams: Some(Grams(grams)),
            reps: Some(reps),
            rpe: None,
            duration_s: None,
            distance_m: None,
        };
        let exercise = PerformedExercise {
            exercise: "x".to_owned(),
            load: LoadType::External,
            primary: Vec::new(),
            secondary: Vec::new(),
            sets: vec![set; sets],
        };
        vec![exercise; count]
    }

    #[test]
    fn each_bound_holds_at_its_edge_and_breaks_past_it() {
        let check = |exercises: &[PerformedExercise], words: Option<&str>| {
            let found = first_violation(exercises, None);
            assert_eq!(found.is_some(), words.is_some(), "{found:?}");
            assert!(found.unwrap_or_default().contains(words.unwrap_or_default()));
        };
        check(&exercises(50, 10, 1_000_000, 1_000), None);
        check(&exercises(51, 1, 1, 1), Some("51 exercises"));
        check(&exercises(1, 501, 1, 1), Some("501 sets"));
        check(&exercises(1, 1, 1_000_001, 1), Some("a weight"));
        check(&exercises(1, 1, -1, 1), Some("a weight"));
        check(&exercises(1, 1, 1, 1_001), Some("repetitions"));
        assert!(first_violation(&[], Some(Grams(i64::MAX))).is_some());
    }
}
