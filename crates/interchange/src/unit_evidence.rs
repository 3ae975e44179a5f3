//! Judges whether the weights of a file look like pounds or like kilograms. Rounded conversions and the
//! steps of the plates distinguish them; the names of exercises and the size of the numbers do not.
//!
//! Thresholds without a source are project defaults, chosen with four real logs, two in each unit: each has
//! the hint if it is read in the other unit, and none if it is read in its own.

use crate::training_log::{HintCode, WeightUnit};
use training::units::GRAMS_PER_POUND;

/// Kilograms of a pound.
const POUND_KG: f64 = GRAMS_PER_POUND / 1_000.0;
/// The difference, at most, between a converted weight and the step that it was.
const CONVERTED_TOLERANCE: f64 = 0.002;
/// The sets from which the steps of the plates are judged, and from which they are without the loads of
/// full plates.
const SETS_MIN: u32 = 20;
const MANY_SETS_MIN: u32 = 50;
/// The weight from which the steps are counted: below it are the smallest dumbbells.
const LOADED_MIN: f64 = 10.0;
/// The weight from which dumbbells have no steps of 2.5 in pounds.
const HEAVY_MIN: f64 = 30.0;
/// The weight from which a set is done with a loaded bar in pounds; few are in kilograms.
const BAR_MIN: f64 = 95.0;
/// Full plates on each side of a bar of 45 lb, with or without one of 25 lb.
const POUND_LOADS: [f64; 6] = [135.0, 185.0, 225.0, 275.0, 315.0, 405.0];

/// The weights of a file, counted.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnitEvidence {
    /// Weights with three decimals or more.
    fractions: u32,
    /// Those of them that are half kilograms in pounds, and half pounds in kilograms.
    converted_to_pounds: u32,
    converted_to_kilograms: u32,
    /// Weights from [`LOADED_MIN`], and the multiples of 5 among them.
    loaded: u32,
    loaded_fives: u32,
    /// Weights from [`HEAVY_MIN`]; the multiples of 5 among them, and those between two multiples.
    heavy: u32,
    heavy_fives: u32,
    half_steps: u32,
    /// Weights from [`BAR_MIN`], those of them that end in 5, and the [`POUND_LOADS`] that occur.
    bar: u32,
    bar_odd_fives: u32,
    pound_loads: [bool; 6],
}

impl UnitEvidence {
    /// Adds the weight of a set as it is written.
    pub fn add(&mut self, weight: f64) {
        if !is_multiple(weight, 0.01, 1e-6) {
            self.fractions += 1;
            let is_half = |weight: f64| is_multiple(weight, 0.5, CONVERTED_TOLERANCE);
            self.converted_to_pounds += u32::from(is_half(weight * POUND_KG));
            self.converted_to_kilograms += u32::from(is_half(weight / POUND_KG));
        }
        let is_five = is_multiple(weight, 5.0, 1e-6);
        self.loaded += u32::from(weight >= LOADED_MIN);
        self.loaded_fives += u32::from(weight >= LOADED_MIN && is_five);
        self.heavy += u32::from(weight >= HEAVY_MIN);
        self.heavy_fives += u32::from(weight >= HEAVY_MIN && is_five);
        self.half_steps += u32::from(weight >= HEAVY_MIN && is_multiple(weight + 2.5, 5.0, 1e-6));
        if weight >= BAR_MIN {
            self.bar += 1;
            self.bar_odd_fives += u32::from(is_multiple(weight + 5.0, 10.0, 1e-6));
            for (occurs, load) in self.pound_loads.iter_mut().zip(POUND_LOADS) {
                *occurs |= is_multiple(weight - load, 1_000.0, 1e-6);
            }
        }
    }

    /// Returns a hint if the weights look like the other unit: docs/adr/0048-units-are-never-guessed.md.
    pub fn hint(&self, unit: WeightUnit) -> Option<HintCode> {
        let most = |converted: u32| converted * 2 > self.fractions;
        let (to_pounds, to_kilograms) =
            (most(self.converted_to_pounds), most(self.converted_to_kilograms));
        match unit {
            WeightUnit::Kg if to_kilograms => None,
            WeightUnit::Kg if to_pounds || self.has_plates_of_pounds() => {
                Some(HintCode::WeightsLookLikePounds)
            }
            WeightUnit::Lb if to_pounds => None,
            WeightUnit::Lb if to_kilograms || self.has_steps_of_kilograms() => {
                Some(HintCode::WeightsLookLikeKilograms)
            }
            WeightUnit::Kg | WeightUnit::Lb => None,
        }
    }

    /// A third of the sets is heavy for kilograms, 85 % are multiples of 5, and 2 % lie between. Of few
    /// sets also 60 % of the heavy ones end in 5, and two loads of full plates occur.
    fn has_plates_of_pounds(&self) -> bool {
        let loads = self.pound_loads.iter().filter(|occurs| **occurs).count();
        let has_loads = loads >= 2 && self.bar_odd_fives * 5 >= self.bar * 3;
        self.loaded >= if has_loads { SETS_MIN } else { MANY_SETS_MIN }
            && self.bar * 3 >= self.loaded
            && self.loaded_fives * 20 >= self.loaded * 17
            && self.half_steps * 50 <= self.heavy
    }

    /// A fifth of the sets lies between two multiples of 5, or of many sets 12 % are no multiples of 5 and
    /// at most a quarter is heavy.
    fn has_steps_of_kilograms(&self) -> bool {
        let other_steps = (self.heavy - self.heavy_fives) * 25 >= self.heavy * 3;
        self.heavy >= SETS_MIN && self.half_steps * 5 >= self.heavy
            || self.heavy >= MANY_SETS_MIN && other_steps && self.bar * 4 <= self.loaded
    }
}

fn is_multiple(weight: f64, step: f64, tolerance: f64) -> bool {
    (weight - (weight / step).round() * step).abs() <= tolerance
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(weights: &[f64], times: usize) -> UnitEvidence {
        let mut evidence = UnitEvidence::default();
        weights.iter().cycle().take(weights.len() * times).for_each(|weight| evidence.add(*weight));
        evidence
    }

    #[test]
    fn weights_in_the_other_unit_give_a_hint() {
        let check = |unit: WeightUnit, weights: &[f64], expected: bool| {
            assert_eq!(evidence(weights, 5).hint(unit).is_some(), expected, "{unit:?} {weights:?}");
        };
        let pounds = [135.0, 185.0, 205.0, 225.0, 95.0, 150.0];
        check(WeightUnit::Kg, &pounds, true);
        check(WeightUnit::Lb, &pounds, false);
        let kilograms = [60.0, 62.5, 100.0, 102.5, 140.0];
        check(WeightUnit::Lb, &kilograms, true);
        check(WeightUnit::Kg, &kilograms, false);
        // Kilograms of a strong lifter who never loads small plates.
        check(WeightUnit::Kg, &[100.0, 120.0, 140.0, 135.0, 160.0, 180.0], false);
        let machines =
            [[25.0, 30.0, 35.0, 85.0, 100.0, 110.0, 115.0, 140.0, 150.0, 190.0]; 2].concat();
        check(WeightUnit::Kg, &machines, true);
        // Kilograms: one set of twenty with the smallest plates, or few sets over 95.
        let fives =
            [[100.0, 105.0, 110.0, 115.0, 120.0, 140.0, 90.0, 80.0, 60.0, 100.0]; 2].concat();
        check(WeightUnit::Kg, &fives, true);
        check(WeightUnit::Kg, &[&fives[1..], &[102.5]].concat(), false);
        let light = [[40.0, 50.0, 60.0, 70.0, 30.0, 35.0, 45.0, 80.0, 95.0, 100.0]; 2].concat();
        check(WeightUnit::Kg, &light, false);
        let stacks =
            [[10.0, 18.0, 22.0, 30.0, 45.0, 50.0, 57.0, 63.0, 66.0, 70.0, 80.0, 35.0]; 2].concat();
        check(WeightUnit::Lb, &stacks, true);
        check(WeightUnit::Kg, &stacks, false);
        check(WeightUnit::Kg, &[105.0, 115.0, 125.0, 132.5, 135.0, 185.0], false);
        // Dumbbells and machines in pounds have steps of 2.5 too.
        check(WeightUnit::Lb, &[12.5, 17.5, 22.5, 25.0, 50.0, 55.0, 60.0, 70.0], false);
    }

    #[test]
    fn few_round_weights_give_no_hint() {
        for unit in [WeightUnit::Kg, WeightUnit::Lb] {
            assert_eq!(evidence(&[225.0], 1).hint(unit), None);
            assert_eq!(evidence(&[135.0, 225.0, 62.5], 4).hint(unit), None);
            assert_eq!(evidence(&[], 0).hint(unit), None);
        }
    }

    #[test]
    fn one_converted_weight_gives_a_hint() {
        let check = |unit: WeightUnit, weight: f64, expected: Option<HintCode>| {
            assert_eq!(evidence(&[weight], 1).hint(unit), expected, "{unit:?} {weight}");
        };
        check(WeightUnit::Kg, 44.092_452_436_975_51, Some(HintCode::WeightsLookLikePounds));
        check(WeightUnit::Lb, 44.092_452_436_975_51, None);
        check(WeightUnit::Lb, 61.234_969, Some(HintCode::WeightsLookLikeKilograms));
        check(WeightUnit::Kg, 61.234_969, None);
        check(WeightUnit::Kg, 33.333_333, None);
        check(WeightUnit::Kg, 20.25, None);
    }
}
