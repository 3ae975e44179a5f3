//! What was done in a set, from the cells that all formats name alike.

use crate::cell::Cell;
use crate::columns::{Columns, Field};
use crate::distance::DistanceUnit;
use crate::numbers::Numbers;
use crate::records::Record;
use crate::timestamp::duration_s;
use crate::training_log::WeightUnit;
use std::cell::Cell as Shared;
use training::limits::{DISTANCE_M_MAX, DURATION_S_MAX, REPS_MAX, WEIGHT_MAX};
use training::units::Grams;
use training::{Rpe, SetEntry, SetKind};

/// A distance is kept to the millimetre (ours): 5.2 km are 5,200 m, and not 5,200.000000000001.
const PARTS_OF_A_METRE: f64 = 1_000.0;

/// A row of a file, and what is known of the whole file.
pub struct Row<'a> {
    /// The columns of the file.
    pub columns: &'a Columns,
    /// The row itself.
    pub record: &'a Record<'a>,
    /// How the file writes numbers.
    pub numbers: &'a Numbers,
    /// The unit of a weight that nothing says.
    pub weight_unit: WeightUnit,
    /// The first unit that a row said itself.
    pub unit_said: &'a Shared<Option<WeightUnit>>,
}

impl<'a> Row<'a> {
    /// A cell.
    pub fn cell(&self, field: Field) -> Cell<'a> {
        self.columns.cell(self.record, field)
    }

    /// What was done, as a set of a kind. Refused when it says neither repetitions, nor a
    /// duration, nor a distance; a written zero says nothing.
    pub fn set(&self, kind: SetKind) -> Result<SetEntry, String> {
        let mut set = SetEntry::new(kind);
        self.weigh(&mut set)?;
        set.reps = self.numbers.whole(self.cell(Field::Reps), REPS_MAX)?;
        set.duration_s = self.duration()?;
        set.distance_m = self.distance()?;
        set.rpe = self.rpe()?;
        if set.reps.is_none() && set.duration_s.is_none() && set.distance_m.is_none() {
            return Err("the row has no repetitions, no duration and no distance".to_owned());
        }
        Ok(set)
    }

    /// The weight, in the unit in which it was entered. A zero is none: the apps write it in rows
    /// of body weight, where nothing was loaded, and a load of 0 kg would pass for one entered.
    fn weigh(&self, set: &mut SetEntry) -> Result<(), String> {
        for (cell, header_unit) in self.columns.weights(self.record) {
            let Some(weight) = self.numbers.number(cell)? else { continue };
            let unit = match header_unit {
                Some(unit) => unit,
                None => {
                    self.unit(Field::WeightUnit, WeightUnit::from_word)?.unwrap_or(self.weight_unit)
                }
            };
            if weight * unit.grams() > WEIGHT_MAX.kg() * WeightUnit::Kg.grams() {
                return Err(cell.refused(&format!("over {} kg", WEIGHT_MAX.kg())));
            }
            let slot = match unit {
                WeightUnit::Kg => &mut set.weight_kg,
                WeightUnit::Lb => &mut set.weight_lb,
            };
            *slot = Some(weight);
            if set.weight() == Some(Grams(0)) {
                return Err(cell.refused("under a gram"));
            }
            if header_unit.is_none() && self.unit_said.get().is_none() {
                let said = WeightUnit::from_word(self.cell(Field::WeightUnit).raw);
                self.unit_said.set(said);
            }
            break;
        }
        Ok(())
    }

    /// Metres. Where nothing says the unit, it goes with that of the weights: kilometres with
    /// kilograms, miles with pounds (ours).
    fn distance(&self) -> Result<Option<f64>, String> {
        for (cell, header_unit) in self.columns.distances(self.record) {
            let Some(distance) = self.numbers.number(cell)? else { continue };
            let fallback = match self.weight_unit {
                WeightUnit::Kg => DistanceUnit::Km,
                WeightUnit::Lb => DistanceUnit::Mi,
            };
            let unit = match header_unit {
                Some(unit) => unit,
                None => {
                    self.unit(Field::DistanceUnit, DistanceUnit::from_word)?.unwrap_or(fallback)
                }
            };
            let metres = distance * unit.metres();
            if metres > f64::from(DISTANCE_M_MAX) {
                return Err(cell.refused(&format!("over {DISTANCE_M_MAX} m")));
            }
            let metres = (metres * PARTS_OF_A_METRE).round() / PARTS_OF_A_METRE;
            return Ok(Some(metres).filter(|metres| *metres > 0.0));
        }
        Ok(None)
    }

    /// The unit that the row says itself.
    fn unit<T>(&self, field: Field, of: impl Fn(&str) -> Option<T>) -> Result<Option<T>, String> {
        let cell = self.cell(field);
        if cell.value().is_empty() {
            return Ok(None);
        }
        of(cell.value()).map(Some).ok_or_else(|| cell.refused("not a unit that is known"))
    }

    /// Whole seconds, or `0:01:30`.
    fn duration(&self) -> Result<Option<u32>, String> {
        let cell = self.cell(Field::Duration);
        if !cell.value().contains(':') {
            return self.numbers.whole(cell, DURATION_S_MAX);
        }
        let seconds = duration_s(cell.value()).ok_or_else(|| cell.refused("not a duration"))?;
        if seconds > DURATION_S_MAX {
            return Err(cell.refused(&format!("over {DURATION_S_MAX} s")));
        }
        Ok(Some(seconds).filter(|seconds| *seconds > 0))
    }

    fn rpe(&self) -> Result<Option<f64>, String> {
        let cell = self.cell(Field::Rpe);
        let Some(rpe) = self.numbers.number(cell)? else { return Ok(None) };
        match Rpe::new(rpe) {
            Some(rpe) => Ok(Some(rpe.value())),
            None => Err(cell.refused("an RPE is 1 to 10 in halves")),
        }
    }
}
