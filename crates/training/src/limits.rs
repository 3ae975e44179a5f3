//! Limits on the workouts that an athlete can enter. Limits without a source are project defaults.

use crate::units::Grams;
use crate::volume::PerformedExercise;
use chrono::{FixedOffset, TimeDelta};
use std::ops::RangeInclusive;

/// Maximum number of exercises in a workout (API contract).
pub const EXERCISES_MAX: usize = 50;
/// Maximum number of sets in a workout, over all its exercises (API contract).
pub const SETS_MAX: usize = 500;
/// Maximum weight of a set or of the body: 1,000 kg (API contract).
pub const WEIGHT_MAX: Grams = Grams(1_000_000);
/// Maximum number of repetitions of a set (API contract).
pub const REPS_MAX: u32 = 1_000;
/// The longest workout, from its start to its end (API contract).
pub const LASTS_MAX: TimeDelta = TimeDelta::hours(24);
/// The highest number of a superset: the integers that JSON numbers represent exactly (RFC 8259, 6).
pub const SUPERSET_NUMBER_MAX: u64 = (1 << 53) - 1;
/// Maximum length of the name of a superset, in characters.
pub const SUPERSET_CHARS_MAX: usize = 40;
/// Maximum duration of a set: one day.
pub const DURATION_S_MAX: u32 = 86_400;
/// Maximum distance of a set: 1,000 km.
pub const DISTANCE_M_MAX: u32 = 1_000_000;
/// Maximum rest after a set: one day.
pub const REST_S_MAX: u32 = 86_400;
/// Maximum length of an exercise's name or alias, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// Maximum length of an exercise slug, in bytes.
pub const SLUG_BYTES_MAX: usize = 100;
/// Maximum length of a title or a note, in characters (API contract).
pub const TEXT_CHARS_MAX: usize = 2_000;

/// The offsets from UTC of local times, in seconds: those in use, −12:00 to +14:00 (API contract).
const OFFSETS_S: RangeInclusive<i32> = -12 * 3_600..=14 * 3_600;

/// Whether local times have this offset from UTC somewhere.
pub fn is_offset_in_use(offset: FixedOffset) -> bool {
    OFFSETS_S.contains(&offset.local_minus_utc())
}

/// Returns a description of the first exceeded limit, or `None` if there is none.
///
/// For workout snapshots in events: the API has already validated those that it publishes, so a
/// violation means that the event has another sender.
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
    fn offsets_in_use_are_minus_12_to_plus_14_hours() {
        let check = |hours: i32, minutes: i32, in_use: bool| {
            let offset = FixedOffset::east_opt((hours * 60 + minutes) * 60).unwrap();
            assert_eq!(is_offset_in_use(offset), in_use, "{offset}");
        };
        check(14, 0, true);
        check(-12, 0, true);
        check(14, 1, false);
        check(-12, -1, false);
    }

    #[test]
    fn values_at_each_limit_pass_and_beyond_it_fail() {
        let check = |exercises: &[PerformedExercise], expected: Option<&str>| {
            let violation = first_violation(exercises, None);
            assert_eq!(violation.is_some(), expected.is_some(), "{violation:?}");
            assert!(violation.unwrap_or_default().contains(expected.unwrap_or_default()));
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
