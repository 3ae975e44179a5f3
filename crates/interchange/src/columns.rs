//! The header: which app wrote the file, and where each thing stands in a row.

use crate::cell::{Cell, shown};
use crate::distance::DistanceUnit;
use crate::records::Record;
use crate::training_log::{Format, WeightUnit};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The name of the workout.
    Title,
    /// When the workout began, or its day.
    Start,
    /// When the workout ended.
    End,
    /// How long the workout was.
    WorkoutDuration,
    /// The notes of the workout.
    WorkoutNotes,
    /// The name of the exercise.
    Exercise,
    /// What `FitNotes` files the exercise under; not read, but only its files have it.
    Category,
    /// The number of the superset.
    Superset,
    /// The notes of the exercise or the set.
    Notes,
    /// The number of the set within its exercise.
    SetIndex,
    /// The kind of the set.
    Kind,
    /// The weight, in a unit that the header may say.
    Weight(Option<WeightUnit>),
    /// The unit of the row's weight.
    WeightUnit,
    /// Repetitions.
    Reps,
    /// The distance, in a unit that the header may say.
    Distance(Option<DistanceUnit>),
    /// The unit of the row's distance.
    DistanceUnit,
    /// How long the set was.
    Duration,
    /// Effort.
    Rpe,
}

/// Why a header is refused.
pub struct UnknownHeader {
    /// What was expected of it.
    pub expected: String,
}

/// The columns of a file that mean something here.
pub struct Columns {
    /// The app that has such columns.
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
    /// Those of a header, for one format or for whichever it fits.
    pub fn of(header: &Record<'_>, format: Option<Format>) -> Result<Self, UnknownHeader> {
        let wanted = |candidate: &Format| format.is_none_or(|format| format == *candidate);
        for candidate in Format::ALL.into_iter().filter(wanted) {
            let columns = Self::of_format(header, candidate);
            if columns.are_complete() {
                return Ok(columns);
            }
        }
        let expected: Vec<_> = Format::ALL.into_iter().filter(wanted).map(expectation).collect();
        Err(UnknownHeader { expected: expected.join("; ") })
    }

    fn of_format(header: &Record<'_>, format: Format) -> Self {
        let column = |index: usize| {
            let name = header.field(index).trim();
            let field = field(format, &words(name))?;
            Some(Column { field, index, name: shown(name) })
        };
        let known = (0..header.width()).filter_map(column).collect();
        Self { format, width: header.width(), known }
    }

    fn are_complete(&self) -> bool {
        let has = |field: &Field| self.known.iter().any(|column| column.field == *field);
        required(self.format).iter().all(has) && self.known.iter().any(Column::is_work)
    }

    /// How many fields the header has.
    pub const fn width(&self) -> usize {
        self.width
    }

    /// The first cell of a kind; an empty one without a column when the file has none.
    pub fn cell<'a>(&'a self, record: &Record<'a>, field: Field) -> Cell<'a> {
        let column = self.known.iter().find(|column| column.field == field);
        column.map_or(Cell { column: "", raw: "" }, |column| column.cell(record))
    }

    /// The cells of the weight, each with the unit that the header says. Files with a column for
    /// each unit exist.
    pub fn weights<'a>(
        &'a self,
        record: &'a Record<'a>,
    ) -> impl Iterator<Item = (Cell<'a>, Option<WeightUnit>)> {
        self.known.iter().filter_map(|column| match column.field {
            Field::Weight(unit) => Some((column.cell(record), unit)),
            _ => None,
        })
    }

    /// The cells of the distance, each with the unit that the header says.
    pub fn distances<'a>(
        &'a self,
        record: &'a Record<'a>,
    ) -> impl Iterator<Item = (Cell<'a>, Option<DistanceUnit>)> {
        self.known.iter().filter_map(|column| match column.field {
            Field::Distance(unit) => Some((column.cell(record), unit)),
            _ => None,
        })
    }

    /// The unit of the weights as far as the header says it.
    pub fn weight_unit(&self) -> Option<WeightUnit> {
        self.known.iter().find_map(|column| match column.field {
            Field::Weight(unit) => unit,
            _ => None,
        })
    }
}

impl Column {
    fn cell<'a>(&'a self, record: &Record<'a>) -> Cell<'a> {
        Cell { column: &self.name, raw: record.field(self.index) }
    }

    fn is_work(&self) -> bool {
        matches!(self.field, Field::Reps | Field::Duration | Field::Distance(_))
    }
}

/// What makes a file one of the format's.
const fn required(format: Format) -> &'static [Field] {
    match format {
        Format::Strong | Format::Hevy => &[Field::Title, Field::Start, Field::Exercise],
        // Other apps have a date and an exercise too; Fitbod's file would pass for one.
        Format::FitNotes => &[Field::Start, Field::Exercise, Field::Category],
    }
}

fn expectation(format: Format) -> String {
    let (name, columns) = match format {
        Format::Strong => ("Strong", "Date, Workout Name, Exercise Name"),
        Format::Hevy => ("Hevy", "title, start_time, exercise_title"),
        Format::FitNotes => ("FitNotes", "Date, Exercise, Category"),
    };
    format!("{name} has {columns} and one of repetitions, duration and distance")
}

/// A name in lower case, its words apart by one blank: `Weight (kg)` and `weight_kg` are
/// `weight kg`.
fn words(name: &str) -> String {
    let lower = name.to_ascii_lowercase();
    let words: Vec<_> =
        lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// What a column of the format holds; `None` for one that does not matter here.
fn field(format: Format, words: &str) -> Option<Field> {
    let own = match format {
        Format::Strong => strong_field(words),
        Format::Hevy => hevy_field(words),
        Format::FitNotes => fit_notes_field(words),
    };
    own.or_else(|| measure_field(words))
}

fn strong_field(words: &str) -> Option<Field> {
    match words {
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

fn hevy_field(words: &str) -> Option<Field> {
    match words {
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

fn fit_notes_field(words: &str) -> Option<Field> {
    match words {
        "date" => Some(Field::Start),
        "exercise" => Some(Field::Exercise),
        "category" => Some(Field::Category),
        "time" => Some(Field::Duration),
        "comment" | "notes" => Some(Field::Notes),
        _ => None,
    }
}

/// What all formats name alike.
fn measure_field(words: &str) -> Option<Field> {
    let unit = |name: &str| words.strip_prefix(name).map(str::trim_start);
    match words {
        "reps" => Some(Field::Reps),
        "rpe" => Some(Field::Rpe),
        "weight" => Some(Field::Weight(None)),
        "weight unit" => Some(Field::WeightUnit),
        "distance" => Some(Field::Distance(None)),
        "distance unit" => Some(Field::DistanceUnit),
        _ => {
            let weight = unit("weight ").and_then(WeightUnit::from_word);
            let distance = unit("distance ").and_then(DistanceUnit::from_word);
            let weight = weight.map(|unit| Field::Weight(Some(unit)));
            weight.or_else(|| distance.map(|unit| Field::Distance(Some(unit))))
        }
    }
}
