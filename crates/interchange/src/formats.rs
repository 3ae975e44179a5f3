//! The formats as data: their columns, and how their rows make workouts. Sources: docs/imports.md.

use crate::distance::DistanceUnit;
use crate::fields::Field;
use crate::training_log::{Format, WeightUnit};
use chrono::TimeDelta;

/// A time between two sets of one workout, at most, in a format with a time for each set; a project
/// default.
const PAUSE_MAX: TimeDelta = TimeDelta::hours(3);

/// How the rows of a workout belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// Rows with the same title and start; an exercise is consecutive rows with its name.
    Consecutive,
    /// The same, but an exercise that is repeated starts its set indexes from 0.
    SetIndexes,
    /// Rows in the order of entry: those of a superset alternate.
    Entered,
    /// Rows within a time of each other.
    Within(TimeDelta),
}

/// A format.
pub struct FormatSpec {
    pub format: Format,
    /// The columns that identify the format.
    pub required: &'static [Field],
    /// The same in words.
    pub description: &'static str,
    pub grouping: Grouping,
    /// The normalized names of its columns, in every language.
    pub columns: &'static [(&'static str, Field)],
}

/// The formats with names of columns, in the order of detection.
pub const FORMATS: [&FormatSpec; 7] =
    [&STRONG, &HEVY, &LYFTA, &FIT_NOTES, &FITBOD, &STRONG_LIFTS, &JEFIT];

/// The columns of Strong from 2018 to 2025, in every language.
pub const STRONG_ORDER: [Field; 12] = [
    Field::Start,
    Field::Title,
    Field::WorkoutDuration,
    Field::Exercise,
    Field::Kind,
    Field::Weight(None),
    Field::Reps,
    Field::Distance(None),
    Field::Duration,
    Field::Notes,
    Field::WorkoutNotes,
    Field::Rpe,
];

/// Every version of Strong.
pub const STRONG: FormatSpec = FormatSpec {
    format: Format::Strong,
    required: &[Field::Title, Field::Start, Field::Exercise],
    description: "Strong requires Date, Workout Name, Exercise Name",
    grouping: Grouping::Consecutive,
    columns: &[
        ("date", Field::Start),
        ("workout name", Field::Title),
        ("duration", Field::WorkoutDuration),
        ("workout duration", Field::WorkoutDuration),
        ("duration sec", Field::WorkoutDuration),
        ("exercise name", Field::Exercise),
        ("set order", Field::Kind),
        ("kg", Field::Weight(Some(WeightUnit::Kg))),
        ("lb", Field::Weight(Some(WeightUnit::Lb))),
        ("lbs", Field::Weight(Some(WeightUnit::Lb))),
        ("km", Field::Distance(Some(DistanceUnit::Km))),
        ("mi", Field::Distance(Some(DistanceUnit::Mi))),
        ("seconds", Field::Duration),
        ("notes", Field::Notes),
        ("workout notes", Field::WorkoutNotes),
        // A number that the file gives each workout.
        ("workout", Field::Ignored),
        // German.
        ("datum", Field::Start),
        ("dauer", Field::WorkoutDuration),
        ("name der ubung", Field::Exercise),
        ("reihenfolge festlegen", Field::Kind),
        ("gewicht", Field::Weight(None)),
        ("gewichtseinheit", Field::WeightUnit),
        ("wiederh", Field::Reps),
        ("entfernung", Field::Distance(None)),
        ("entfernungseinheit", Field::DistanceUnit),
        ("sekunden", Field::Duration),
        ("notizen", Field::Notes),
        ("workout notizen", Field::WorkoutNotes),
        // French.
        ("nom de l entrainement", Field::Title),
        ("duree", Field::WorkoutDuration),
        ("nom de l exercice", Field::Exercise),
        ("ordre de la serie", Field::Kind),
        ("poids", Field::Weight(None)),
        ("secondes", Field::Duration),
        ("notes d entrainement", Field::WorkoutNotes),
        // Portuguese.
        ("data", Field::Start),
        ("nome do treino", Field::Title),
        ("duracao", Field::WorkoutDuration),
        ("nome do exercicio", Field::Exercise),
        ("ordem da serie", Field::Kind),
        ("peso", Field::Weight(None)),
        ("distancia", Field::Distance(None)),
        ("segundos", Field::Duration),
        ("notas", Field::Notes),
        ("notas do treino", Field::WorkoutNotes),
        // Chinese.
        ("日期", Field::Start),
        ("锻炼名称", Field::Title),
        ("时长", Field::WorkoutDuration),
        ("运动名称", Field::Exercise),
        ("设置顺序", Field::Kind),
        ("重量", Field::Weight(None)),
        ("次", Field::Reps),
        ("距离", Field::Distance(None)),
        ("秒", Field::Duration),
        ("备注", Field::Notes),
        ("锻炼备注", Field::WorkoutNotes),
    ],
};

const HEVY: FormatSpec = FormatSpec {
    format: Format::Hevy,
    required: &[Field::Title, Field::Start, Field::Exercise],
    description: "Hevy requires title, start_time, exercise_title",
    grouping: Grouping::SetIndexes,
    columns: &[
        ("title", Field::Title),
        ("start time", Field::Start),
        ("end time", Field::End),
        ("description", Field::WorkoutNotes),
        ("exercise title", Field::Exercise),
        ("superset id", Field::Superset),
        ("exercise notes", Field::Notes),
        ("set index", Field::SetIndex),
        ("set type", Field::Kind),
        ("duration seconds", Field::Duration),
    ],
};

const LYFTA: FormatSpec = FormatSpec {
    format: Format::Lyfta,
    required: &[Field::Title, Field::Start, Field::Exercise, Field::Kind],
    description: "Lyfta requires Title, Date, Exercise, Set Type",
    grouping: Grouping::Consecutive,
    columns: &[
        ("title", Field::Title),
        ("date", Field::Start),
        ("duration", Field::WorkoutDuration),
        ("exercise", Field::Exercise),
        ("superset id", Field::Superset),
        ("time", Field::Duration),
        ("set type", Field::Kind),
    ],
};

const FIT_NOTES: FormatSpec = FormatSpec {
    format: Format::FitNotes,
    // Other apps have a date and an exercise too.
    required: &[Field::Start, Field::Exercise, Field::Category],
    description: "FitNotes requires Date, Exercise, Category",
    grouping: Grouping::Entered,
    columns: &[
        ("date", Field::Start),
        ("exercise", Field::Exercise),
        ("category", Field::Category),
        ("time", Field::Duration),
        ("comment", Field::Notes),
        ("notes", Field::Notes),
        // The quantities of an exercise.
        ("kind", Field::Ignored),
    ],
};

const FITBOD: FormatSpec = FormatSpec {
    format: Format::Fitbod,
    required: &[Field::Start, Field::Exercise, Field::Kind],
    description: "Fitbod requires Date, Exercise, isWarmup",
    grouping: Grouping::Within(PAUSE_MAX),
    columns: &[
        ("date", Field::Start),
        ("exercise", Field::Exercise),
        ("exercise name", Field::Exercise),
        ("iswarmup", Field::Kind),
        ("duration s", Field::Duration),
        ("duration seconds", Field::Duration),
        ("note", Field::Notes),
        // 1, or 2 for exercises with two dumbbells.
        ("multiplier", Field::Ignored),
    ],
};

const STRONG_LIFTS: FormatSpec = FormatSpec {
    format: Format::StrongLifts,
    required: &[Field::Start, Field::Exercise, Field::SetReps(1)],
    description: "StrongLifts requires Date, Exercise, Set 1 (Reps)",
    grouping: Grouping::Consecutive,
    columns: &[
        ("date yyyy mm dd", Field::Start),
        ("date", Field::Start),
        ("workout name", Field::Title),
        ("start time h mm", Field::StartTime),
        ("end time h mm", Field::EndTime),
        ("exercise", Field::Exercise),
        ("notes", Field::Notes),
        // Numbers that follow from the sets.
        ("workout", Field::Ignored),
        ("reps", Field::Ignored),
        ("sets reps", Field::Ignored),
        ("setsxreps", Field::Ignored),
        ("top set reps kg", Field::Ignored),
        ("top set reps lb", Field::Ignored),
        ("top set reps x kg", Field::Ignored),
        ("top set reps x lb", Field::Ignored),
        ("e1rm kg", Field::Ignored),
        ("e1rm lb", Field::Ignored),
        ("volume kg", Field::Ignored),
        ("volume lb", Field::Ignored),
        ("workout volume kg", Field::Ignored),
        ("workout volume lb", Field::Ignored),
        ("duration hours", Field::Ignored),
    ],
};

const JEFIT: FormatSpec = FormatSpec {
    format: Format::Jefit,
    required: &[Field::Start, Field::Exercise, Field::SetList],
    description: "Jefit requires mydate, ename, logs below ### EXERCISE LOGS",
    grouping: Grouping::Consecutive,
    columns: &[
        ("mydate", Field::Start),
        ("ename", Field::Exercise),
        ("logs", Field::SetList),
        ("belongsession", Field::Session),
        // Keys, and numbers that follow from the sets.
        ("userid", Field::Ignored),
        ("row id", Field::Ignored),
        ("timestamp", Field::Ignored),
        ("belongsys", Field::Ignored),
        ("id", Field::Ignored),
        ("record", Field::Ignored),
        ("eid", Field::Ignored),
        ("day item id", Field::Ignored),
        ("logtime", Field::Ignored),
        ("interval logs", Field::Ignored),
        ("auto generated", Field::Ignored),
    ],
};

/// A file whose columns the caller names.
pub const CSV: FormatSpec = FormatSpec {
    format: Format::Csv,
    required: &[Field::Start, Field::Exercise],
    description: "columns must name date, exercise",
    grouping: Grouping::Consecutive,
    columns: &[
        ("date", Field::Start),
        ("time", Field::StartTime),
        ("end", Field::End),
        ("end_time", Field::EndTime),
        ("workout_duration", Field::WorkoutDuration),
        ("title", Field::Title),
        ("workout_notes", Field::WorkoutNotes),
        ("exercise", Field::Exercise),
        ("superset", Field::Superset),
        ("notes", Field::Notes),
        ("set_type", Field::Kind),
        ("weight", Field::Weight(None)),
        ("weight_unit", Field::WeightUnit),
        ("reps", Field::Reps),
        ("distance", Field::Distance(None)),
        ("distance_unit", Field::DistanceUnit),
        ("duration", Field::Duration),
        ("rpe", Field::Rpe),
        ("rir", Field::Rir),
    ],
};

/// The names that all formats share.
pub const SHARED: [(&str, Field); 7] = [
    ("reps", Field::Reps),
    ("rpe", Field::Rpe),
    ("rir", Field::Rir),
    ("weight", Field::Weight(None)),
    ("weight unit", Field::WeightUnit),
    ("distance", Field::Distance(None)),
    ("distance unit", Field::DistanceUnit),
];

/// The keys by which a caller names the columns of a file.
pub fn csv_keys() -> impl Iterator<Item = &'static str> {
    CSV.columns.iter().map(|(key, _)| *key)
}
