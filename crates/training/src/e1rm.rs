//! Estimated one-rep maximum (e1RM): the weight that an athlete could lift once, estimated from a
//! set of several repetitions.
//!
//! In scope: four published formulas over *effective* repetitions, those performed plus those in
//! reserve. Out of scope: the best set of a workout, see [`crate::performance`]. Thresholds without
//! a source are project defaults.

use crate::set::Rpe;
use crate::units::Grams;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Maximum number of effective repetitions for an estimate: at 12 Epley, Brzycki and Wathan are
/// within 3 % of each other, at 15 they are 9 % apart.
pub const EFFECTIVE_REPS_MAX: f64 = 12.0;

const RPE_OF_FAILURE: f64 = 10.0;

/// Shares of the one-rep maximum for x = 0, 0.5, 1 … 11, where x = (reps − 1) + (10 − RPE). Source:
/// the RPE table of Reactive Training Systems (Tuchscherer), which continues to x = 15; the rest is
/// beyond [`EFFECTIVE_REPS_MAX`].
const RPE_TABLE: [f64; 23] = [
    1.000, 0.978, 0.955, 0.939, 0.922, 0.907, 0.892, 0.878, 0.863, 0.850, 0.837, 0.824, 0.811,
    0.799, 0.786, 0.774, 0.762, 0.751, 0.739, 0.723, 0.707, 0.694, 0.680,
];

/// A formula for the e1RM, where w is the weight and r the number of effective repetitions.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum E1rmFormula {
    /// w · (1 + r/30), Epley 1985.
    Epley,
    /// 36·w / (37 − r), Brzycki 1993.
    Brzycki,
    /// 100·w / (48.8 + 53.8·e^(−0.075·r)), Wathan 1994.
    Wathan,
    /// w / share in the RTS table; requires an RPE.
    RpeTable,
}

impl E1rmFormula {
    /// All formulas, in the order of the JSON output.
    pub const ALL: [Self; 4] = [Self::Epley, Self::Brzycki, Self::Wathan, Self::RpeTable];

    /// Returns the name in JSON and the database: `rpe_table`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Epley => "epley",
            Self::Brzycki => "brzycki",
            Self::Wathan => "wathan",
            Self::RpeTable => "rpe_table",
        }
    }
}

/// Estimates the one-rep maximum from a set of `reps` with `weight`, rounded to the gram.
///
/// Repetitions in reserve (10 − RPE) count as performed. Without an RPE the set is assumed to be to
/// failure, so the estimate is conservative; only [`E1rmFormula::RpeTable`] requires an RPE. With
/// one effective repetition every formula returns the weight.
///
/// `None` without repetitions, without a positive weight, and above [`EFFECTIVE_REPS_MAX`].
pub fn estimate(formula: E1rmFormula, weight: Grams, reps: u32, rpe: Option<Rpe>) -> Option<Grams> {
    let reserve = rpe.map_or(0.0, |rpe| RPE_OF_FAILURE - rpe.value());
    let effective = f64::from(reps) + reserve;
    if reps == 0 || weight <= Grams(0) || effective > EFFECTIVE_REPS_MAX {
        return None;
    }
    let maximum = maximum_kg(formula, weight.kg(), effective, rpe)?;
    Some(Grams::from_kg(maximum))
}

fn maximum_kg(formula: E1rmFormula, kg: f64, effective: f64, rpe: Option<Rpe>) -> Option<f64> {
    // Epley and Wathan do not return the weight for one repetition.
    let single = effective <= 1.0;
    match formula {
        E1rmFormula::RpeTable => {
            rpe.and_then(|_| share_of_maximum(effective)).map(|share| kg / share)
        }
        E1rmFormula::Epley | E1rmFormula::Brzycki | E1rmFormula::Wathan if single => Some(kg),
        E1rmFormula::Epley => Some(kg * (1.0 + effective / 30.0)),
        E1rmFormula::Brzycki => Some(36.0 * kg / (37.0 - effective)),
        E1rmFormula::Wathan => Some(100.0 * kg / (48.8 + 53.8 * (-0.075 * effective).exp())),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "effective repetitions are 1 to 12 in halves"
)]
fn share_of_maximum(effective: f64) -> Option<f64> {
    let halves = (effective - 1.0) * 2.0;
    RPE_TABLE.get(halves.round() as usize).copied()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WEIGHT: Grams = Grams(100_000);

    fn rpe(value: f64) -> Option<Rpe> {
        let rpe = Rpe::new(value);
        assert!(rpe.is_some(), "{value} is not an RPE");
        rpe
    }

    #[test]
    fn estimates_match_published_values() {
        // The published values have two decimal places in kilograms: the tolerance is 5 g.
        let check = |formula, reps, effort, kg: f64| {
            let actual = estimate(formula, WEIGHT, reps, effort).unwrap();
            let difference = (actual.0 - Grams::from_kg(kg).0).abs();
            assert!(difference <= 5, "{formula:?} {reps} @ {effort:?}: {actual:?}, not {kg}");
        };
        let check_three = |reps, epley, brzycki, wathan| {
            check(E1rmFormula::Epley, reps, None, epley);
            check(E1rmFormula::Brzycki, reps, None, brzycki);
            check(E1rmFormula::Wathan, reps, None, wathan);
        };
        check_three(1, 100.00, 100.00, 100.00);
        check_three(3, 110.00, 105.88, 108.98);
        check_three(5, 116.67, 112.50, 116.58);
        check_three(8, 126.67, 124.14, 127.67);
        check_three(10, 133.33, 133.33, 134.75);
        check_three(12, 140.00, 144.00, 141.50);
        check(E1rmFormula::RpeTable, 5, rpe(8.0), 123.30);
        check(E1rmFormula::RpeTable, 1, rpe(10.0), 100.00);
        check(E1rmFormula::RpeTable, 1, rpe(9.5), 102.25);
        check(E1rmFormula::RpeTable, 12, rpe(10.0), 147.06);
    }

    #[test]
    fn repetitions_in_reserve_count_as_performed() {
        for formula in [E1rmFormula::Epley, E1rmFormula::Brzycki, E1rmFormula::Wathan] {
            let performed = estimate(formula, WEIGHT, 8, None);
            assert_eq!(estimate(formula, WEIGHT, 5, rpe(7.0)), performed, "{formula:?}");
            assert_eq!(estimate(formula, WEIGHT, 8, rpe(10.0)), performed, "{formula:?}");
        }
        // 1.5 effective repetitions: 100 × (1 + 1.5 / 30).
        assert_eq!(estimate(E1rmFormula::Epley, WEIGHT, 1, rpe(9.5)), Some(Grams(105_000)));
    }

    #[test]
    fn invalid_input_gives_no_estimate() {
        let check = |weight, reps, effort| {
            for formula in E1rmFormula::ALL {
                assert_eq!(estimate(formula, weight, reps, effort), None, "{formula:?} {reps}");
            }
        };
        check(WEIGHT, 0, rpe(8.0));
        check(Grams(0), 5, rpe(8.0));
        check(Grams(-1), 5, rpe(8.0));
        check(WEIGHT, 13, rpe(10.0));
        check(WEIGHT, 12, rpe(9.5));
        check(WEIGHT, 10, rpe(7.5));
        check(WEIGHT, u32::MAX, rpe(1.0));
        assert_eq!(estimate(E1rmFormula::RpeTable, WEIGHT, 5, None), None);
    }

    #[test]
    fn rpe_table_ends_at_the_maximum_effective_repetitions() {
        assert!(share_of_maximum(EFFECTIVE_REPS_MAX).is_some());
        assert!(share_of_maximum(EFFECTIVE_REPS_MAX + 0.5).is_none());
        assert!(RPE_TABLE.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn serde_uses_the_json_name() {
        for formula in E1rmFormula::ALL {
            let json = serde_json::to_string(&formula).unwrap();
            assert_eq!(json, format!("\"{}\"", formula.as_str()));
        }
    }

    proptest! {
        #[test]
        fn estimate_grows_with_repetitions_and_is_at_least_the_weight(
            grams in 1_000_i64..1_000_000,
            reps in 1_u32..=11,
            halves in 2_u32..=20,
        ) {
            let effort = Rpe::new(f64::from(halves) / 2.0);
            for formula in E1rmFormula::ALL {
                let fewer = estimate(formula, Grams(grams), reps, effort);
                let more = estimate(formula, Grams(grams), reps + 1, effort);
                prop_assert!(fewer.is_none_or(|maximum| maximum >= Grams(grams)));
                if let (Some(fewer), Some(more)) = (fewer, more) {
                    prop_assert!(more > fewer, "{:?}: {:?} after {:?}", formula, more, fewer);
                }
            }
        }
    }
}
