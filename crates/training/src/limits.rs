//! Limits on the workouts that an athlete can enter. Limits without a source are project defaults.

use crate::units::Grams;
use crate::volume::PerformedExercise;
use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
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
/// The furthest start of a workout in the future (API contract): clocks of phones are off, and
/// athletes plan ahead.
pub const AHEAD_MAX: TimeDelta = TimeDelta::hours(24);
/// The highest number of a superset, and the lowest below zero: 2^53, up to which the numbers of
/// JavaScript are exact.
pub const SUPERSET_NUMBER_MAX: u64 = 1 << 53;
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

/// The reason why a time of a workout is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeError {
    Before1970,
    TooFarAhead,
    /// Its offset is not in use anywhere.
    Offset,
    /// The end is before the start.
    EndBeforeStart,
    /// The end is more than [`LASTS_MAX`] after the start.
    TooLong,
}

impl TimeError {
    /// Returns the reason as text for the athlete.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Before1970 => "is before 1970",
            Self::TooFarAhead => "is more than 24 hours ahead",
            Self::Offset => "must have an offset between -12:00 and +14:00",
            Self::EndBeforeStart => "is before started_at",
            Self::TooLong => "is more than 24 hours after started_at",
        }
    }
}

/// Checks the start of a workout, or the time of a set.
///
/// # Errors
/// The reason why it is invalid.
pub fn check_instant(at: DateTime<FixedOffset>, now: DateTime<Utc>) -> Result<(), TimeError> {
    if at.timestamp() < 0 {
        Err(TimeError::Before1970)
    } else if at > now + AHEAD_MAX {
        Err(TimeError::TooFarAhead)
    } else if !is_offset_in_use(*at.offset()) {
        Err(TimeError::Offset)
    } else {
        Ok(())
    }
}

/// Checks the end of a workout.
///
/// # Errors
/// The reason why it is invalid.
pub fn check_end(
    started_at: DateTime<FixedOffset>,
    ended_at: DateTime<FixedOffset>,
) -> Result<(), TimeError> {
    if ended_at < started_at {
        Err(TimeError::EndBeforeStart)
    } else if ended_at - started_at > LASTS_MAX {
        Err(TimeError::TooLong)
    } else if !is_offset_in_use(*ended_at.offset()) {
        Err(TimeError::Offset)
    } else {
        Ok(())
    }
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

    fn at(text: &str) -> DateTime<FixedOffset> {
        DateTime::parse_from_rfc3339(text).unwrap()
    }

    #[test]
    fn instants_are_since_1970_and_at_most_a_day_ahead() {
        let now = at("2026-11-23T12:00:00Z").to_utc();
        let check = |text, expected| assert_eq!(check_instant(at(text), now).err(), expected);
        check("1970-01-01T00:00:00Z", None);
        check("1969-12-31T23:59:59Z", Some(TimeError::Before1970));
        check("2026-11-24T12:00:00Z", None);
        check("2026-11-24T12:00:01Z", Some(TimeError::TooFarAhead));
        check("2026-11-23T12:00:00+14:00", None);
        check("2026-11-23T12:00:00-12:00", None);
        check("2026-11-23T12:00:00+14:01", Some(TimeError::Offset));
        check("2026-11-23T12:00:00-12:01", Some(TimeError::Offset));
    }

    #[test]
    fn workout_lasts_at_most_24_hours() {
        let start = at("2026-11-23T12:00:00Z");
        let check = |text, expected| assert_eq!(check_end(start, at(text)).err(), expected);
        check("2026-11-23T12:00:00Z", None);
        check("2026-11-24T14:00:00+02:00", None);
        check("2026-11-23T11:59:59Z", Some(TimeError::EndBeforeStart));
        check("2026-11-24T12:00:01Z", Some(TimeError::TooLong));
        check("2026-11-24T12:00:00+15:00", Some(TimeError::Offset));
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
