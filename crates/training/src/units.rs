//! Exact units: mass in whole grams, hard sets in half sets. Sums use integers, so they do not
//! depend on the order of their parts; floats occur only in input and output.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The international avoirdupois pound, exact by definition (1959 agreement).
pub const GRAMS_PER_POUND: f64 = 453.592_37;
const GRAMS_PER_KILOGRAM: f64 = 1_000.0;

/// A mass in whole grams.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct Grams(pub i64);

impl Grams {
    /// Converts kilograms, rounded to the gram.
    pub fn from_kg(kg: f64) -> Self {
        Self(round(kg * GRAMS_PER_KILOGRAM))
    }

    /// Converts pounds, rounded to the gram.
    pub fn from_lb(lb: f64) -> Self {
        Self(round(lb * GRAMS_PER_POUND))
    }

    /// Returns the mass in kilograms, for output.
    #[expect(clippy::cast_precision_loss, reason = "exact to 2^53 g, nine million tonnes")]
    pub fn kg(self) -> f64 {
        self.0 as f64 / GRAMS_PER_KILOGRAM
    }
}

/// A number of hard sets, counted in half sets: a direct set is 2, an indirect set is 1
/// (fractional counting, Pelland et al. 2024).
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct HalfSets(pub i64);

impl HalfSets {
    /// One hard set for a direct muscle.
    pub const DIRECT: Self = Self(2);
    /// One hard set for an indirect muscle.
    pub const INDIRECT: Self = Self(1);

    /// Converts whole sets.
    pub const fn whole(sets: i64) -> Self {
        Self(sets * 2)
    }

    /// Converts sets as an athlete enters them. `None` unless `sets` is a multiple of 0.5 between 0
    /// and 500,000.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "used only when it is a small whole number"
    )]
    pub fn from_sets(sets: f64) -> Option<Self> {
        let halves = sets * 2.0;
        let valid = (0.0..=1_000_000.0).contains(&halves) && halves.fract() == 0.0;
        valid.then_some(Self(halves as i64))
    }

    /// Returns the number of sets, for output: 13 half sets are 6.5.
    #[expect(clippy::cast_precision_loss, reason = "exact to 2^53")]
    pub fn sets(self) -> f64 {
        self.0 as f64 / 2.0
    }
}

#[expect(clippy::cast_possible_truncation, reason = "numbers of training are far below the limit")]
fn round(value: f64) -> i64 {
    value.round() as i64
}

/// Units of mass for display.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Units {
    Kg,
    Lb,
}

impl Units {
    /// Returns the wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Kg => "kg",
            Self::Lb => "lb",
        }
    }

    /// Returns a weight as a lifter reads it: `102.5 kg`, `1,250 lb`. It has at most one decimal, and none from
    /// 1,000 on.
    pub fn weight_text(self, weight: Grams) -> String {
        let value = match self {
            Self::Kg => weight.kg(),
            Self::Lb => weight.kg() * 1_000.0 / GRAMS_PER_POUND,
        };
        format!("{} {}", number_text(value), self.as_str())
    }
}

/// Returns a number as a lifter reads it, with at most one decimal and none from 1,000 on, and thousands separated:
/// `6.5`, `30`, `12,500`.
pub fn number_text(number: f64) -> String {
    let tenths = round(number.abs() * 10.0);
    let (mut whole, mut tenth) = (tenths / 10, tenths % 10);
    if whole >= 1_000 {
        (whole, tenth) = (round(number.abs()), 0);
    }
    let mut groups = Vec::new();
    while whole >= 1_000 {
        groups.push(format!("{:03}", whole % 1_000));
        whole /= 1_000;
    }
    groups.push(whole.to_string());
    groups.reverse();
    let sign = if number < 0.0 && tenths > 0 { "-" } else { "" };
    let decimal = if tenth == 0 { String::new() } else { format!(".{tenth}") };
    format!("{sign}{}{decimal}", groups.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn kilograms_and_pounds_are_rounded_to_the_gram() {
        assert_eq!(Grams::from_kg(102.5), Grams(102_500));
        assert_eq!(Grams::from_lb(1.0), Grams(454));
        assert_eq!(Grams::from_lb(225.0), Grams(102_058));
        assert_eq!(Grams::from_lb(1_000.0), Grams(453_592));
    }

    #[test]
    fn weights_are_written_for_lifters() {
        let check = |units: Units, grams, text| assert_eq!(units.weight_text(Grams(grams)), text);
        check(Units::Kg, 102_500, "102.5 kg");
        check(Units::Kg, 0, "0 kg");
        check(Units::Kg, 12_345_678, "12,346 kg");
        check(Units::Lb, Grams::from_lb(230.0).0, "230 lb");
        check(Units::Lb, Grams::from_lb(2.5).0, "2.5 lb");
        assert_eq!(number_text(-0.04), "0");
        assert_eq!(number_text(-3.66), "-3.7");
        assert_eq!(number_text(1_000_000.0), "1,000,000");
    }

    #[test]
    fn hard_sets_must_be_multiples_of_one_half() {
        assert_eq!(HalfSets::from_sets(6.5), Some(HalfSets(13)));
        for invalid in [-1.0, 6.3, f64::NAN, f64::INFINITY] {
            assert_eq!(HalfSets::from_sets(invalid), None, "{invalid}");
        }
    }

    proptest! {
        #[test]
        fn grams_round_trip_through_kilograms(grams in 0_i64..1_000_000) {
            prop_assert_eq!(Grams::from_kg(Grams(grams).kg()), Grams(grams));
        }
    }
}
