//! Exact units: mass in whole grams, hard sets in whole halves. Floats only at the edge, so that
//! a sum does not depend on the order of its parts.

use serde::{Deserialize, Serialize};

/// The international avoirdupois pound, exact by definition (1959 agreement).
pub const GRAMS_PER_POUND: f64 = 453.592_37;
const GRAMS_PER_KILOGRAM: f64 = 1_000.0;

/// A mass in whole grams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Grams(pub i64);

impl Grams {
    /// From kilograms as an athlete enters them, rounded to the gram.
    pub fn from_kg(kg: f64) -> Self {
        Self(round(kg * GRAMS_PER_KILOGRAM))
    }

    /// From pounds as an athlete enters them, rounded to the gram.
    pub fn from_lb(lb: f64) -> Self {
        Self(round(lb * GRAMS_PER_POUND))
    }

    /// In kilograms, for the edge.
    #[expect(clippy::cast_precision_loss, reason = "exact to 2^53 g, nine million tonnes")]
    pub fn kg(self) -> f64 {
        self.0 as f64 / GRAMS_PER_KILOGRAM
    }
}

/// Hard sets counted in halves: a direct set is 2, an indirect one is 1
/// (fractional counting, Pelland et al. 2024).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HalfSets(pub i64);

impl HalfSets {
    /// One set for a muscle that does the work.
    pub const DIRECT: Self = Self(2);
    /// One set for a muscle that helps.
    pub const INDIRECT: Self = Self(1);

    /// From whole sets.
    pub const fn whole(sets: i64) -> Self {
        Self(sets * 2)
    }

    /// From sets as an athlete enters them; `None` off the halves, below 0, or past any use.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "used only when it is a small whole number"
    )]
    pub fn from_sets(sets: f64) -> Option<Self> {
        let halves = sets * 2.0;
        let valid = (0.0..=1_000_000.0).contains(&halves) && halves.fract() == 0.0;
        valid.then_some(Self(halves as i64))
    }

    /// In sets, for the edge: 13 halves are 6.5.
    #[expect(clippy::cast_precision_loss, reason = "exact to 2^53")]
    pub fn sets(self) -> f64 {
        self.0 as f64 / 2.0
    }
}

#[expect(clippy::cast_possible_truncation, reason = "entries are bounded to 1,000 kg at the edge")]
fn round(value: f64) -> i64 {
    value.round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn pounds_and_kilograms_become_the_gram_they_are() {
        assert_eq!(Grams::from_kg(102.5), Grams(102_500));
        assert_eq!(Grams::from_lb(1.0), Grams(454));
        assert_eq!(Grams::from_lb(225.0), Grams(102_058));
        assert_eq!(Grams::from_lb(1_000.0), Grams(453_592));
    }

    #[test]
    fn hard_sets_are_entered_in_halves() {
        assert_eq!(HalfSets::from_sets(6.5), Some(HalfSets(13)));
        for none in [-1.0, 6.3, f64::NAN, f64::INFINITY] {
            assert_eq!(HalfSets::from_sets(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn kilograms_in_grams_survive_the_round_trip(grams in 0_i64..1_000_000) {
            prop_assert_eq!(Grams::from_kg(Grams(grams).kg()), Grams(grams));
        }
    }
}
