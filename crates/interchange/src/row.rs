//! A row of a file, and the parsing of its set from the columns that all formats share.
//!
//! Units and precisions without a source are project defaults.

use crate::cell::Cell;
use crate::columns::{Columns, Field};
use crate::distance::DistanceUnit;
use crate::numbers::NumberParser;
use crate::records::Record;
use crate::timestamp::parse_duration_s;
use crate::training_log::WeightUnit;
use training::limits::{DISTANCE_M_MAX, DURATION_S_MAX, REPS_MAX, WEIGHT_MAX};
use training::units::Grams;
use training::{Rpe, SetEntry, SetKind};

/// A distance is rounded to the millimetre: 5.2 km are 5,200 m, not 5,200.000000000001 m.
const MILLIMETRES_PER_METRE: f64 = 1_000.0;

/// A row of a file, with what is known about the whole file.
pub struct Row<'a> {
    pub columns: &'a Columns,
    pub record: &'a Record<'a>,
    pub numbers: &'a mut NumberParser,
    /// The unit of a weight for which the file states none.
    pub default_unit: WeightUnit,
    /// The first unit of weight that the header or a row states.
    pub file_unit: &'a mut Option<WeightUnit>,
}

impl<'a> Row<'a> {
    /// Returns the cell of a field.
    pub fn cell(&self, field: Field) -> Cell<'a> {
        self.columns.cell(self.record, field)
    }

    /// Parses the set. Fails without repetitions, duration and distance; a zero counts as empty.
    pub fn parse_set(&mut self, kind: SetKind) -> Result<SetEntry, String> {
        let mut set = SetEntry::new(kind);
        self.parse_weight(&mut set)?;
        set.reps = self.numbers.parse_integer(self.cell(Field::Reps), REPS_MAX)?;
        set.duration_s = self.parse_duration()?;
        set.distance_m = self.parse_distance()?;
        set.rpe = self.parse_rpe()?;
        if set.reps.is_none() && set.duration_s.is_none() && set.distance_m.is_none() {
            return Err("the row has no repetitions, duration or distance".to_owned());
        }
        Ok(set)
    }

    /// Stores the weight in the unit in which it was entered. Zero counts as empty: the apps write it
    /// for body weight, and a load of 0 kg would look like one that was entered.
    fn parse_weight(&mut self, set: &mut SetEntry) -> Result<(), String> {
        for (cell, header_unit) in self.columns.weights(self.record) {
            let Some(weight) = self.numbers.parse(cell)? else { continue };
            let file_unit = self.unit(header_unit, Field::WeightUnit, WeightUnit::from_word)?;
            let unit = file_unit.unwrap_or(self.default_unit);
            if weight * unit.grams() > WEIGHT_MAX.kg() * WeightUnit::Kg.grams() {
                return Err(cell.error(&format!("must be at most {} kg", WEIGHT_MAX.kg())));
            }
            match unit {
                WeightUnit::Kg => set.weight_kg = Some(weight),
                WeightUnit::Lb => set.weight_lb = Some(weight),
            }
            if set.weight() == Some(Grams(0)) {
                return Err(cell.error("must be at least 1 g"));
            }
            *self.file_unit = self.file_unit.or(file_unit);
            break;
        }
        Ok(())
    }

    /// Returns the distance in metres. The default unit is kilometres where that of weights is
    /// kilograms, and miles where it is pounds.
    fn parse_distance(&mut self) -> Result<Option<f64>, String> {
        for (cell, header_unit) in self.columns.distances(self.record) {
            let Some(distance) = self.numbers.parse(cell)? else { continue };
            let file_unit = self.unit(header_unit, Field::DistanceUnit, DistanceUnit::from_word)?;
            let unit = file_unit.unwrap_or(match self.default_unit {
                WeightUnit::Kg => DistanceUnit::Km,
                WeightUnit::Lb => DistanceUnit::Mi,
            });
            let metres = distance * unit.metres();
            if metres > f64::from(DISTANCE_M_MAX) {
                return Err(cell.error(&format!("must be at most {DISTANCE_M_MAX} m")));
            }
            let metres = (metres * MILLIMETRES_PER_METRE).round() / MILLIMETRES_PER_METRE;
            return Ok(Some(metres).filter(|metres| *metres > 0.0));
        }
        Ok(None)
    }

    /// Returns the unit that the file states: that of the header, or else that of the row.
    fn unit<T>(
        &self,
        header_unit: Option<T>,
        field: Field,
        from_word: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, String> {
        let cell = self.cell(field);
        if header_unit.is_some() || cell.value().is_empty() {
            return Ok(header_unit);
        }
        from_word(cell.value()).map(Some).ok_or_else(|| cell.error("unknown unit"))
    }

    /// Parses whole seconds, or a duration like `0:01:30`.
    fn parse_duration(&mut self) -> Result<Option<u32>, String> {
        let cell = self.cell(Field::Duration);
        if !cell.value().contains(':') {
            return self.numbers.parse_integer(cell, DURATION_S_MAX);
        }
        let seconds =
            parse_duration_s(cell.value()).ok_or_else(|| cell.error("invalid duration"))?;
        if seconds > DURATION_S_MAX {
            return Err(cell.error(&format!("must be at most {DURATION_S_MAX} s")));
        }
        Ok(Some(seconds).filter(|seconds| *seconds > 0))
    }

    fn parse_rpe(&mut self) -> Result<Option<f64>, String> {
        let cell = self.cell(Field::Rpe);
        let Some(rpe) = self.numbers.parse(cell)? else { return Ok(None) };
        match Rpe::new(rpe) {
            Some(rpe) => Ok(Some(rpe.value())),
            None => Err(cell.error("must be between 1 and 10, in steps of 0.5")),
        }
    }
}
