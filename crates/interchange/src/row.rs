//! A row of a file, and the parsing of its sets from the columns that all formats share.
//!
//! Units and precisions without a source are project defaults.

use crate::cell::Cell;
use crate::columns::Columns;
use crate::distance::DistanceUnit;
use crate::duration::parse_duration_s;
use crate::fields::Field;
use crate::findings::RowError;
use crate::memo::Memo;
use crate::numbers::NumberParser;
use crate::records::Record;
use crate::timestamp::DateParser;
use crate::training_log::WeightUnit;
use crate::unit_evidence::UnitEvidence;
use training::limits::{DISTANCE_M_MAX, DURATION_S_MAX, REPS_MAX, WEIGHT_MAX};
use training::units::Grams;
use training::{Rpe, SetEntry, SetKind};

/// A distance is rounded to the millimetre: 5.2 km are 5,200 m, not 5,200.000000000001 m.
const MILLIMETRES_PER_METRE: f64 = 1_000.0;
const NO_QUANTITY: &str = "must have repetitions, a duration or a distance";
const NO_SET_LIST: &str = "must be sets like 60x10,65x8";
const WRONG_RPE: &str = "must be between 1 and 10, in steps of 0.5";
const WRONG_RIR: &str = "must be between 0 and 9, in steps of 0.5";
const WRONG_DURATION: &str = "must be seconds, or a duration like 0:01:30 or 1h 5m";

/// The knowledge about the whole file so far.
pub struct FileState {
    pub numbers: NumberParser,
    pub dates: DateParser,
    pub durations: Memo<Option<u32>>,
    /// The unit of a weight for which the file states none.
    pub default_unit: WeightUnit,
    /// The first unit of weight that the header or a row states.
    pub file_unit: Option<WeightUnit>,
    pub evidence: UnitEvidence,
}

/// A row of a file.
pub struct Row<'a> {
    pub columns: &'a Columns,
    pub record: &'a Record<'a>,
    pub file: &'a mut FileState,
}

impl<'a> Row<'a> {
    /// Returns the cell of a field.
    pub fn cell(&self, field: Field) -> Cell<'a> {
        self.columns.cell(self.record, field)
    }

    /// Parses the sets: one, or those of an exercise. Fails without repetitions, duration and distance; a
    /// zero counts as empty.
    pub fn parse_sets(&mut self, kind: SetKind) -> Result<Vec<SetEntry>, RowError<'a>> {
        let list = self.cell(Field::SetList);
        let sets = if list.is_empty() {
            self.parse_numbered_sets(kind)?
        } else {
            self.parse_set_list(list, kind)?
        };
        if !sets.is_empty() {
            return Ok(sets);
        }
        let mut set = SetEntry::new(kind);
        self.parse_weight(&mut set)?;
        set.reps = self.parse_reps(self.cell(Field::Reps))?;
        set.duration_s = self.parse_duration()?;
        set.distance_m = self.parse_distance()?;
        set.rpe = self.parse_effort(Field::Rpe, Rpe::new, WRONG_RPE)?;
        if set.rpe.is_none() {
            set.rir = self.parse_effort(Field::Rir, Rpe::from_rir, WRONG_RIR)?;
        }
        if set.reps.is_none() && set.duration_s.is_none() && set.distance_m.is_none() {
            let value = "the row".into();
            return Err(RowError { column: "", value, reason: NO_QUANTITY.into() });
        }
        Ok(vec![set])
    }

    fn parse_reps(&mut self, cell: Cell<'a>) -> Result<Option<u32>, RowError<'a>> {
        self.file.numbers.parse_integer(cell, REPS_MAX)
    }

    /// Parses the sets of a row that has columns for each. A set without repetitions was not done.
    fn parse_numbered_sets(&mut self, kind: SetKind) -> Result<Vec<SetEntry>, RowError<'a>> {
        let (columns, record) = (self.columns, self.record);
        let reps = columns.cells(record, |field| match field {
            Field::SetReps(number) => Some(number),
            _ => None,
        });
        let mut sets = Vec::new();
        for (cell, number) in reps {
            let Some(reps) = self.parse_reps(cell)? else { continue };
            let mut set = SetEntry { reps: Some(reps), ..SetEntry::new(kind) };
            let weights = columns.cells(record, |field| match field {
                Field::SetWeight(other, unit) if other == number => Some(unit),
                _ => None,
            });
            self.parse_first_weight(weights, &mut set)?;
            sets.push(set);
        }
        Ok(sets)
    }

    /// Parses `60x10,65x8`: weights and repetitions. A set without repetitions was not done.
    fn parse_set_list(
        &mut self,
        list: Cell<'a>,
        kind: SetKind,
    ) -> Result<Vec<SetEntry>, RowError<'a>> {
        let mut sets = Vec::new();
        for part in list.value().split(',') {
            let (weight, reps) = part.split_once('x').ok_or_else(|| list.error(NO_SET_LIST))?;
            let cell = |raw| Cell { raw, ..list };
            let Some(reps) = self.parse_reps(cell(reps))? else { continue };
            let mut set = SetEntry { reps: Some(reps), ..SetEntry::new(kind) };
            self.parse_first_weight([(cell(weight), None)].into_iter(), &mut set)?;
            sets.push(set);
        }
        Ok(sets)
    }

    fn parse_weight(&mut self, set: &mut SetEntry) -> Result<(), RowError<'a>> {
        let weights = self.columns.cells(self.record, |field| match field {
            Field::Weight(unit) => Some(unit),
            _ => None,
        });
        self.parse_first_weight(weights, set)
    }

    /// Stores the first weight of several columns in the unit in which it was entered: a file may have a
    /// column for each unit. Zero counts as empty: the apps write it for body weight, and a load of 0 kg
    /// would look like one that was entered.
    fn parse_first_weight(
        &mut self,
        weights: impl Iterator<Item = (Cell<'a>, Option<WeightUnit>)>,
        set: &mut SetEntry,
    ) -> Result<(), RowError<'a>> {
        for (cell, header_unit) in weights {
            let Some(weight) = self.file.numbers.parse(cell)? else { continue };
            let file_unit = self.unit(header_unit, Field::WeightUnit, WeightUnit::from_word)?;
            let unit = file_unit.unwrap_or(self.file.default_unit);
            if weight * unit.grams() > WEIGHT_MAX.kg() * WeightUnit::Kg.grams() {
                return Err(cell.error("must be at most 1,000 kg"));
            }
            match unit {
                WeightUnit::Kg => set.weight_kg = Some(weight),
                WeightUnit::Lb => set.weight_lb = Some(weight),
            }
            if set.weight() == Some(Grams(0)) {
                return Err(cell.error("must be at least 1 g"));
            }
            self.file.file_unit = self.file.file_unit.or(file_unit);
            self.file.evidence.add(weight);
            break;
        }
        Ok(())
    }

    /// Returns the distance in metres. The default unit is kilometres where that of weights is
    /// kilograms, and miles where it is pounds.
    fn parse_distance(&mut self) -> Result<Option<f64>, RowError<'a>> {
        let distances = self.columns.cells(self.record, |field| match field {
            Field::Distance(unit) => Some(unit),
            _ => None,
        });
        for (cell, header_unit) in distances {
            let Some(distance) = self.file.numbers.parse(cell)? else { continue };
            let file_unit = self.unit(header_unit, Field::DistanceUnit, DistanceUnit::from_word)?;
            let unit = file_unit.unwrap_or(match self.file.default_unit {
                WeightUnit::Kg => DistanceUnit::Km,
                WeightUnit::Lb => DistanceUnit::Mi,
            });
            let metres = distance * unit.metres();
            if metres > f64::from(DISTANCE_M_MAX) {
                return Err(cell.error("must be at most 1,000 km"));
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
    ) -> Result<Option<T>, RowError<'a>> {
        let cell = self.cell(field);
        if header_unit.is_some() || cell.is_empty() {
            return Ok(header_unit);
        }
        let reason = match field {
            Field::DistanceUnit => "must be m, km, mi, yd, ft, in or cm",
            _ => "must be kg or lb",
        };
        from_word(cell.value()).map(Some).ok_or_else(|| cell.error(reason))
    }

    /// Parses seconds, rounded, or a duration like `0:01:30` or `1h 5m`.
    fn parse_duration(&mut self) -> Result<Option<u32>, RowError<'a>> {
        let cell = self.cell(Field::Duration);
        let is_number =
            !cell.value().contains(|c: char| !c.is_ascii_digit() && !matches!(c, '.' | ',' | '-'));
        let seconds = if is_number || cell.is_empty() {
            self.file.numbers.parse(cell)?.unwrap_or_default().round()
        } else {
            parse_duration_s(cell.value()).ok_or_else(|| cell.error(WRONG_DURATION))?.into()
        };
        if seconds > f64::from(DURATION_S_MAX) {
            return Err(cell.error("must be at most 86,400 s"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an integer between 0 and a day"
        )]
        let seconds = seconds as u32;
        Ok(Some(seconds).filter(|seconds| *seconds > 0))
    }

    /// Parses an effort. An RIR of 0 is a value; an RPE of 0 is none.
    fn parse_effort(
        &mut self,
        field: Field,
        to_rpe: impl Fn(f64) -> Option<Rpe>,
        reason: &'static str,
    ) -> Result<Option<f64>, RowError<'a>> {
        let cell = self.cell(field);
        let number = match self.file.numbers.parse(cell)? {
            None if field == Field::Rir && !cell.is_empty() => 0.0,
            None => return Ok(None),
            Some(number) => number,
        };
        to_rpe(number).map(|_| Some(number)).ok_or_else(|| cell.error(reason))
    }
}
