//! A performed set, its effort, and the definition of a hard set.
//!
//! Thresholds without a source are project defaults.

use crate::units::Grams;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};
use std::ops::RangeInclusive;

/// Minimum RPE of a hard set.
const HARD_SET_RPE_MIN: Rpe = Rpe { halves: 12 };
/// Number of repetitions of a hard set. Sets of 1 to 4 repetitions close to failure build muscle about as
/// well, set for set, as longer ones (Schoenfeld et al. 2014, 2017).
const HARD_SET_REPS: RangeInclusive<u32> = 1..=30;
/// A set without an RPE at up to this share of the top load of its exercise in the workout, in percent, is a
/// warm-up that the athlete did not mark.
const UNMARKED_WARMUP_PERCENT_MAX: i64 = 60;

/// The kind of a set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SetKind {
    /// A warm-up set, which never counts.
    Warmup,
    #[default]
    Working,
    /// A drop set: continued at a lower weight without rest.
    Drop,
    /// A set to failure: no further repetition was possible.
    Failure,
}

/// Rating of perceived exertion (RPE), 1 to 10 in steps of 0.5. Repetitions in reserve: RIR =
/// 10 − RPE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, JsonSchema)]
#[schemars(with = "f64", extend("minimum" = 1, "maximum" = 10, "multipleOf" = 0.5))]
pub struct Rpe {
    halves: u8,
}

impl Rpe {
    /// Converts a number. `None` unless it is a multiple of 0.5 between 1 and 10.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "used only when it is a whole number from 2 to 20"
    )]
    pub fn new(rpe: f64) -> Option<Self> {
        let halves = rpe * 2.0;
        let valid = (2.0..=20.0).contains(&halves) && halves.fract() == 0.0;
        valid.then_some(Self { halves: halves as u8 })
    }

    /// Converts repetitions in reserve. `None` unless they are a multiple of 0.5 between 0 and 9.
    pub fn from_rir(rir: f64) -> Option<Self> {
        Self::new(10.0 - rir)
    }

    /// Returns the RPE as a number.
    pub fn value(self) -> f64 {
        f64::from(self.halves) / 2.0
    }
}

impl Serialize for Rpe {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(self.value())
    }
}

impl<'de> Deserialize<'de> for Rpe {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = f64::deserialize(deserializer)?;
        Self::new(value)
            .ok_or_else(|| de::Error::custom("an RPE must be a multiple of 0.5 between 1 and 10"))
    }
}

/// A performed set in exact units.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PerformedSet {
    pub kind: SetKind,
    /// The weight as entered: per hand, added or assisting, depending on the exercise's load type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_grams: Option<Grams>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reps: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rpe: Option<Rpe>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_s: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub distance_m: Option<u32>,
}

impl PerformedSet {
    /// Whether it is a warm-up set, which never counts.
    pub fn is_warmup(&self) -> bool {
        self.kind == SetKind::Warmup
    }

    /// Whether it is a warm-up in all but name: a working set without an RPE far below the heaviest weight of
    /// its exercise in the workout. It counts in totals, and not against landmarks.
    pub fn is_unmarked_warmup(&self, top: Option<Grams>) -> bool {
        let is_light = self.weight_grams.zip(top).is_some_and(|(weight, top)| {
            weight.0.saturating_mul(100) <= top.0.saturating_mul(UNMARKED_WARMUP_PERCENT_MAX)
                && weight < top
        });
        self.kind == SetKind::Working && self.rpe.is_none() && is_light
    }

    /// Whether it is a hard set: not a warm-up, RPE 6 or more or absent, and 1 to 30 repetitions. A
    /// hold or a carry has a duration or a distance instead of repetitions.
    pub fn is_hard(&self) -> bool {
        let effort = self.rpe.is_none_or(|rpe| rpe >= HARD_SET_RPE_MIN);
        let work = match self.reps {
            Some(reps) => HARD_SET_REPS.contains(&reps),
            None => {
                self.duration_s.is_some_and(|s| s > 0) || self.distance_m.is_some_and(|m| m > 0)
            }
        };
        !self.is_warmup() && effort && work
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(kind: SetKind, reps: Option<u32>, rpe: Option<f64>) -> PerformedSet {
        PerformedSet {
            kind,
            weight_grams: Some(Grams(100_000)),
            reps,
            rpe: rpe.and_then(Rpe::new),
            duration_s: None,
            distance_m: None,
        }
    }

    #[test]
    fn hard_sets_depend_on_kind_repetitions_and_rpe() {
        let check = |kind, reps, rpe, hard| {
            assert_eq!(set(kind, reps, rpe).is_hard(), hard, "{kind:?} {reps:?} @{rpe:?}");
        };
        check(SetKind::Working, Some(8), None, true);
        check(SetKind::Working, Some(8), Some(6.0), true);
        check(SetKind::Working, Some(8), Some(5.5), false);
        check(SetKind::Warmup, Some(8), None, false);
        check(SetKind::Warmup, Some(8), Some(9.0), false);
        check(SetKind::Drop, Some(12), None, true);
        check(SetKind::Failure, Some(5), Some(10.0), true);
        check(SetKind::Working, Some(3), None, true);
        check(SetKind::Working, Some(1), Some(9.0), true);
        check(SetKind::Working, Some(30), None, true);
        check(SetKind::Working, Some(31), None, false);
        check(SetKind::Working, Some(0), None, false);
        check(SetKind::Working, None, None, false);
    }

    #[test]
    fn light_working_set_without_rpe_is_an_unmarked_warmup() {
        let check = |kind, rpe, top_kg: Option<f64>, expected| {
            let set = set(kind, Some(5), rpe);
            let found = set.is_unmarked_warmup(top_kg.map(Grams::from_kg));
            assert_eq!(found, expected, "{kind:?} @{rpe:?} {top_kg:?}");
        };
        check(SetKind::Working, None, Some(200.0), true);
        check(SetKind::Working, None, Some(166.0), false);
        check(SetKind::Working, Some(6.0), Some(200.0), false);
        check(SetKind::Drop, None, Some(200.0), false);
        check(SetKind::Working, None, None, false);
    }

    #[test]
    fn hold_and_carry_are_hard_without_repetitions() {
        let hold = PerformedSet { duration_s: Some(45), ..set(SetKind::Working, None, None) };
        let carry = PerformedSet { distance_m: Some(40), ..set(SetKind::Working, None, Some(8.0)) };
        let easy = PerformedSet { duration_s: Some(45), ..set(SetKind::Working, None, Some(3.0)) };
        assert!(hold.is_hard() && carry.is_hard() && !easy.is_hard());
    }

    #[test]
    fn rpe_must_be_a_multiple_of_one_half() {
        for valid in [1.0, 6.5, 10.0] {
            assert_eq!(Rpe::new(valid).map(Rpe::value), Some(valid));
        }
        for invalid in [0.5, 10.5, 7.3, f64::NAN, f64::INFINITY, -8.0] {
            assert_eq!(Rpe::new(invalid), None, "{invalid}");
        }
        assert_eq!(Rpe::from_rir(2.5), Rpe::new(7.5));
        assert_eq!(Rpe::from_rir(9.5), None);
    }
}
