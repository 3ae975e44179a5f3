//! Judges whether the weights of a file look like pounds or like kilograms. Rounded conversions and the
//! steps of the plates distinguish them; the names of exercises and the size of the numbers do not.
//!
//! Thresholds without a source are project defaults, chosen so that none of four real logs in the other
//! unit than stated stays silent, and none in the stated unit is reported.

use crate::training_log::{HintCode, WeightUnit};
use training::units::GRAMS_PER_POUND;

/// Kilograms of a pound.
const POUND_KG: f64 = GRAMS_PER_POUND / 1_000.0;
/// The difference, at most, between a converted weight and the step that it was.
const CONVERTED_TOLERANCE: f64 = 0.002;
/// The sets from which the steps of the plates are judged.
const SETS_MIN: u32 = 20;
/// The weight from which a set is done with a loaded bar rather than with dumbbells or on a machine.
const BAR_MIN: f64 = 95.0;
/// The weight from which a step of 2.5 is one of kilograms: dumbbells have it in pounds too.
const STEP_MIN: f64 = 30.0;
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
    /// Weights from [`STEP_MIN`], and those of them that are 2.5 above or below a multiple of 5.
    heavy: u32,
    half_steps: u32,
    /// Weights from [`BAR_MIN`], those of them that end in 5, and those with full plates of pounds.
    bar: u32,
    bar_in_fives: u32,
    pound_loads: [u32; 6],
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
        if weight >= STEP_MIN {
            self.heavy += 1;
            self.half_steps += u32::from(is_multiple(weight + 2.5, 5.0, 1e-6));
        }
        if weight >= BAR_MIN {
            self.bar += 1;
            self.bar_in_fives += u32::from(is_multiple(weight + 5.0, 10.0, 1e-6));
            for (count, load) in self.pound_loads.iter_mut().zip(POUND_LOADS) {
                *count += u32::from((weight - load).abs() < 1e-6);
            }
        }
    }

    /// Returns a hint if the weights look like the other unit.
    ///
    /// - Converted: most of the weights with three decimals or more are half kilograms or half pounds in the
    ///   other unit. One such weight is enough: 44.09245 lb is 20 kg.
    /// - Pounds by plates: of at least 20 sets from 95 on, 60 % end in 5, at most 2 % of the sets from 30 on are a
    ///   half step of 5, and two of the loads 135, 185, 225, 275, 315 and 405 occur.
    /// - Kilograms by plates: of at least 20 sets from 30 on, 20 % are a half step of 5 (62.5, 102.5).
    pub fn hint(&self, unit: WeightUnit) -> Option<HintCode> {
        let other = |converted: u32| self.fractions > 0 && converted * 2 > self.fractions;
        let (to_pounds, to_kilograms) =
            (other(self.converted_to_pounds), other(self.converted_to_kilograms));
        let loads = self.pound_loads.iter().filter(|count| **count > 0).count();
        let in_pounds = self.bar >= SETS_MIN
            && self.bar_in_fives * 5 >= self.bar * 3
            && self.half_steps * 50 <= self.heavy
            && loads >= 2;
        let in_kilograms = self.heavy >= SETS_MIN && self.half_steps * 5 >= self.heavy;
        match unit {
            WeightUnit::Kg if to_kilograms => None,
            WeightUnit::Kg if to_pounds || in_pounds => Some(HintCode::WeightsLookLikePounds),
            WeightUnit::Lb if to_pounds => None,
            WeightUnit::Lb if to_kilograms || in_kilograms => {
                Some(HintCode::WeightsLookLikeKilograms)
            }
            WeightUnit::Kg | WeightUnit::Lb => None,
        }
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
    fn weights_in_the_other_unit_are_noticed() {
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
