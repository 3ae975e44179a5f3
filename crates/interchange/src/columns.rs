//! The header: the format of the file and the meaning of its columns.

use crate::cell::{Cell, truncate};
use crate::distance::DistanceUnit;
use crate::fields::Field;
use crate::fold::normalize;
use crate::formats::{CSV, FORMATS, FormatSpec, SHARED, STRONG, STRONG_ORDER};
use crate::records::Record;
use crate::training_log::{Format, WeightUnit};
use std::collections::BTreeMap;

/// The names of a file's columns by what they mean: `{"date": "When", "exercise": "Lift"}`.
pub type ColumnNames = BTreeMap<String, String>;

/// The known columns of a file.
pub struct Columns {
    pub spec: &'static FormatSpec,
    width: usize,
    known: Vec<Column>,
    pub unknown: UnknownColumns,
}

/// The columns without a meaning, and whether a row has a value in them.
#[derive(Default)]
pub struct UnknownColumns(Vec<(Column, bool)>);

struct Column {
    field: Field,
    index: usize,
    name: String,
}

impl Columns {
    /// Parses a header, for one format or for the first that matches. The error states the required
    /// columns.
    pub fn parse(header: &Record<'_>, format: Option<Format>) -> Result<Self, String> {
        let is_candidate = |spec: &&FormatSpec| format.is_none_or(|format| format == spec.format);
        let mut required = Vec::new();
        for spec in FORMATS.into_iter().filter(is_candidate) {
            let columns = Self::new(header, spec, |name| field(spec, &normalize(name)));
            if columns.are_complete() {
                return Ok(columns);
            }
            required.push(spec.description);
        }
        if let Some(columns) = Self::in_order(header, format) {
            return Ok(columns);
        }
        let required = required.join("; ");
        Err(format!("{required} and one of repetitions, duration or distance"))
    }

    /// Parses the header of Strong in an unknown language: it has the same twelve columns in the same order, and
    /// `RPE` in every language.
    fn in_order(header: &Record<'_>, format: Option<Format>) -> Option<Self> {
        let is_candidate = format.is_none_or(|format| format == Format::Strong)
            && header.width() == STRONG_ORDER.len()
            && normalize(header.field(STRONG_ORDER.len() - 1)) == "rpe";
        is_candidate.then(|| {
            let mut fields = STRONG_ORDER.into_iter();
            let mut columns = Self::new(header, &STRONG, |_| None);
            for (mut column, _) in std::mem::take(&mut columns.unknown.0) {
                let field = fields.next().unwrap_or(Field::Ignored);
                column.field =
                    with_unit(field, last_word(&normalize(&column.name))).unwrap_or(field);
                columns.known.push(column);
            }
            columns
        })
    }

    /// Parses a header whose columns are named. The error states what is missing.
    pub fn with_names(header: &Record<'_>, names: &ColumnNames) -> Result<Self, String> {
        let by_name = |name: &str| {
            let mut same =
                names.iter().filter(|(_, own)| own.trim().to_lowercase() == name.to_lowercase());
            let field = same.find_map(|(key, _)| lookup(CSV.columns, key))?;
            Some(with_unit(field, last_word(&normalize(name))).unwrap_or(field))
        };
        let columns = Self::new(header, &CSV, by_name);
        let has = |name: &&String| {
            (0..header.width())
                .any(|index| header.field(index).trim().eq_ignore_ascii_case(name.trim()))
        };
        if let Some(missing) = names.values().find(|name| !has(name)) {
            return Err(format!("the column `{}` is not in the file", truncate(missing)));
        }
        let required = format!("{} and one of reps, duration or distance", CSV.description);
        if columns.are_complete() { Ok(columns) } else { Err(required) }
    }

    fn new(
        header: &Record<'_>,
        spec: &'static FormatSpec,
        field: impl Fn(&str) -> Option<Field>,
    ) -> Self {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for index in 0..header.width() {
            let name = header.field(index).trim();
            let column = |field| Column { field, index, name: truncate(name).into_owned() };
            match field(name) {
                Some(field) => known.push(column(field)),
                None => unknown.push((column(Field::Ignored), false)),
            }
        }
        Self { spec, width: header.width(), known, unknown: UnknownColumns(unknown) }
    }

    fn are_complete(&self) -> bool {
        let has = |field: &Field| self.known.iter().any(|column| column.field == *field);
        self.spec.required.iter().all(has) && self.known.iter().any(Column::is_quantity)
    }

    /// Returns the number of fields of the header.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// Returns the first cell of a field; an empty cell if the file has no such column.
    pub fn cell<'a>(&'a self, record: &Record<'a>, field: Field) -> Cell<'a> {
        let column = self.known.iter().find(|column| column.field == field);
        column.map_or(Cell { column: "", raw: "" }, |column| column.cell(record))
    }

    /// Returns the cells of the fields that a function selects, each with what it returns.
    pub fn cells<'a, T>(
        &'a self,
        record: &'a Record<'a>,
        select: impl Fn(Field) -> Option<T>,
    ) -> impl Iterator<Item = (Cell<'a>, T)> {
        let selected = move |column: &'a Column| Some((column.cell(record), select(column.field)?));
        self.known.iter().filter_map(selected)
    }

    /// Returns the first unit of weight in the header.
    pub fn weight_unit(&self) -> Option<WeightUnit> {
        self.known.iter().find_map(|column| match column.field {
            Field::Weight(unit) | Field::SetWeight(_, unit) => unit,
            _ => None,
        })
    }
}

impl UnknownColumns {
    /// Records which of the columns have values.
    pub fn record(&mut self, record: &Record<'_>) {
        for (column, has_value) in &mut self.0 {
            let text = || record.field(column.index).trim();
            *has_value = *has_value || !matches!(text(), "" | "0" | "0.0" | "null" | "false");
        }
    }

    /// Returns the names of the columns with values.
    pub fn with_values(&self) -> Vec<&str> {
        let with_values = self.0.iter().filter(|(_, has_value)| *has_value);
        with_values.map(|(column, _)| column.name.as_str()).collect()
    }
}

impl Column {
    fn cell<'a>(&'a self, record: &Record<'a>) -> Cell<'a> {
        Cell { column: &self.name, raw: record.field(self.index) }
    }

    const fn is_quantity(&self) -> bool {
        matches!(
            self.field,
            Field::Reps | Field::Duration | Field::Distance(_) | Field::SetReps(_) | Field::SetList
        )
    }
}

fn lookup(columns: &[(&str, Field)], name: &str) -> Option<Field> {
    columns.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

fn last_word(name: &str) -> &str {
    name.rsplit(' ').next().unwrap_or_default()
}

/// Returns the field of a normalized column name; `None` for a column that is not read.
fn field(spec: &FormatSpec, name: &str) -> Option<Field> {
    let known = |name: &str| lookup(spec.columns, name).or_else(|| lookup(&SHARED, name));
    known(name).or_else(|| {
        let unit = last_word(name);
        let rest = name.strip_suffix(unit)?.trim_end();
        match rest.strip_prefix("set ").and_then(|number| number.parse().ok()) {
            Some(number) if unit == "reps" => Some(Field::SetReps(number)),
            Some(number) => Some(Field::SetWeight(number, Some(WeightUnit::from_word(unit)?))),
            None => with_unit(known(rest)?, unit),
        }
    })
}

/// Returns the field with a unit from its header.
fn with_unit(field: Field, unit: &str) -> Option<Field> {
    match field {
        Field::Weight(None) => WeightUnit::from_word(unit).map(|unit| Field::Weight(Some(unit))),
        Field::Distance(None) => {
            DistanceUnit::from_word(unit).map(|unit| Field::Distance(Some(unit)))
        }
        _ => None,
    }
}
