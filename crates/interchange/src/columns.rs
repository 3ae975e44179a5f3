//! The header: the format of the file and the meaning of its columns.

use crate::cell::{Cell, truncate};
use crate::distance::DistanceUnit;
use crate::records::Record;
use crate::training_log::{Format, WeightUnit};

/// The meaning of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Title,
    /// The start of the workout; only its day in `FitNotes`.
    Start,
    End,
    WorkoutDuration,
    WorkoutNotes,
    Exercise,
    /// The category of an exercise. It is ignored, but only `FitNotes` has it.
    Category,
    Superset,
    /// The notes of the exercise or the set.
    Notes,
    SetIndex,
    Kind,
    /// With the unit in the header, if any.
    Weight(Option<WeightUnit>),
    WeightUnit,
    Reps,
    /// With the unit in the header, if any.
    Distance(Option<DistanceUnit>),
    DistanceUnit,
    Duration,
    Rpe,
}

/// The known columns of a file.
pub struct Columns {
    pub format: Format,
    width: usize,
    known: Vec<Column>,
}

struct Column {
    field: Field,
    index: usize,
    name: String,
}

impl Columns {
    /// Parses a header, for one format or for the first that matches. The error states the required
    /// columns.
    pub fn parse(header: &Record<'_>, format: Option<Format>) -> Result<Self, String> {
        let is_candidate = |candidate: &Format| format.is_none_or(|format| format == *candidate);
        for candidate in Format::ALL.into_iter().filter(is_candidate) {
            let columns = Self::with_format(header, candidate);
            if columns.are_complete() {
                return Ok(columns);
            }
        }
        let required = Format::ALL.into_iter().filter(is_candidate).map(describe_required);
        Err(required.collect::<Vec<_>>().join("; "))
    }

    fn with_format(header: &Record<'_>, format: Format) -> Self {
        let column = |index: usize| {
            let name = header.field(index).trim();
            let field = field(format, &normalize(name))?;
            Some(Column { field, index, name: truncate(name) })
        };
        let known = (0..header.width()).filter_map(column).collect();
        Self { format, width: header.width(), known }
    }

    fn are_complete(&self) -> bool {
        let has = |field: &Field| self.known.iter().any(|column| column.field == *field);
        required(self.format).iter().all(has) && self.known.iter().any(Column::is_quantity)
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

    /// Returns the weight cells, each with the unit in its header. A file may have a column for each
    /// unit.
    pub fn weights<'a>(
        &'a self,
        record: &'a Record<'a>,
    ) -> impl Iterator<Item = (Cell<'a>, Option<WeightUnit>)> {
        self.known.iter().filter_map(|column| {
            let Field::Weight(unit) = column.field else { return None };
            Some((column.cell(record), unit))
        })
    }

    /// Returns the distance cells, each with the unit in its header.
    pub fn distances<'a>(
        &'a self,
        record: &'a Record<'a>,
    ) -> impl Iterator<Item = (Cell<'a>, Option<DistanceUnit>)> {
        self.known.iter().filter_map(|column| {
            let Field::Distance(unit) = column.field else { return None };
            Some((column.cell(record), unit))
        })
    }

    /// Returns the first unit of weight in the header.
    pub fn weight_unit(&self) -> Option<WeightUnit> {
        self.known.iter().find_map(|column| {
            let Field::Weight(unit) = column.field else { return None };
            unit
        })
    }
}

impl Column {
    fn cell<'a>(&'a self, record: &Record<'a>) -> Cell<'a> {
        Cell { column: &self.name, raw: record.field(self.index) }
    }

    fn is_quantity(&self) -> bool {
        matches!(self.field, Field::Reps | Field::Duration | Field::Distance(_))
    }
}

/// The columns that identify a format.
const fn required(format: Format) -> &'static [Field] {
    match format {
        Format::Strong | Format::Hevy => &[Field::Title, Field::Start, Field::Exercise],
        // Other apps, such as Fitbod, have a date and an exercise too.
        Format::FitNotes => &[Field::Start, Field::Exercise, Field::Category],
    }
}

fn describe_required(format: Format) -> String {
    let (name, columns) = match format {
        Format::Strong => ("Strong", "Date, Workout Name, Exercise Name"),
        Format::Hevy => ("Hevy", "title, start_time, exercise_title"),
        Format::FitNotes => ("FitNotes", "Date, Exercise, Category"),
    };
    format!("{name} requires {columns} and one of repetitions, duration or distance")
}

/// Returns a column name in lower case with one space between words: `Weight (kg)` and `weight_kg`
/// are `weight kg`.
fn normalize(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let words: Vec<_> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// Returns the field of a normalized column name; `None` for a column that is ignored.
fn field(format: Format, name: &str) -> Option<Field> {
    let field = match format {
        Format::Strong => strong_field(name),
        Format::Hevy => hevy_field(name),
        Format::FitNotes => fit_notes_field(name),
    };
    field.or_else(|| shared_field(name))
}

fn strong_field(name: &str) -> Option<Field> {
    match name {
        "date" => Some(Field::Start),
        "workout name" => Some(Field::Title),
        "duration" | "workout duration" | "duration sec" => Some(Field::WorkoutDuration),
        "workout notes" => Some(Field::WorkoutNotes),
        "exercise name" => Some(Field::Exercise),
        "set order" => Some(Field::Kind),
        "seconds" => Some(Field::Duration),
        "notes" => Some(Field::Notes),
        _ => None,
    }
}

fn hevy_field(name: &str) -> Option<Field> {
    match name {
        "title" => Some(Field::Title),
        "start time" => Some(Field::Start),
        "end time" => Some(Field::End),
        "description" => Some(Field::WorkoutNotes),
        "exercise title" => Some(Field::Exercise),
        "superset id" => Some(Field::Superset),
        "exercise notes" => Some(Field::Notes),
        "set index" => Some(Field::SetIndex),
        "set type" => Some(Field::Kind),
        "duration seconds" => Some(Field::Duration),
        _ => None,
    }
}

fn fit_notes_field(name: &str) -> Option<Field> {
    match name {
        "date" => Some(Field::Start),
        "exercise" => Some(Field::Exercise),
        "category" => Some(Field::Category),
        "time" => Some(Field::Duration),
        "comment" | "notes" => Some(Field::Notes),
        _ => None,
    }
}

/// The names that all formats share.
fn shared_field(name: &str) -> Option<Field> {
    match name {
        "reps" => Some(Field::Reps),
        "rpe" => Some(Field::Rpe),
        "weight" => Some(Field::Weight(None)),
        "weight unit" => Some(Field::WeightUnit),
        "distance" => Some(Field::Distance(None)),
        "distance unit" => Some(Field::DistanceUnit),
        _ => {
            let weight = name.strip_prefix("weight ").and_then(WeightUnit::from_word);
            let distance = name.strip_prefix("distance ").and_then(DistanceUnit::from_word);
            let weight = weight.map(|unit| Field::Weight(Some(unit)));
            weight.or_else(|| distance.map(|unit| Field::Distance(Some(unit))))
        }
    }
}
