//! Writes workouts in Hevy's columns, which most other apps can read.
//!
//! Not written, because there is no column: the rest after a set, its time and number, the body
//! weight, the UTC offset, exercises and workouts without sets. Changed when the file is read back:
//! pounds are kilograms rounded to the gram, RIR is RPE, a named superset has a number, a zero is
//! empty.

use crate::formula::escape_formula;
use crate::set_kind::set_type;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use training::{ExerciseEntry, SetEntry, Superset, Workout};

const TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S";
const COLUMNS: &str = "title,start_time,end_time,description,exercise_title,superset_id,\
    exercise_notes,set_index,set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n";
/// A distance is rounded to the millimetre, as in reading.
const MILLIMETRES_PER_METRE: f64 = 1_000.0;
const MILLIMETRES_PER_KILOMETRE: f64 = 1_000_000.0;

/// Returns the header line with its line end.
pub fn hevy_header() -> String {
    COLUMNS.to_owned()
}

/// Returns the rows of a workout with their line ends: one for each set. Times are local times in the
/// UTC offset of the workout's start. `name_of` returns the name of an exercise by its slug. Texts that
/// a spreadsheet would read as a formula are escaped with a `'`, which reading removes.
pub fn hevy_rows(workout: &Workout, name_of: impl Fn(&str) -> String) -> String {
    let ended_at = workout.ended_at.map(|at| at.with_timezone(&workout.started_at.timezone()));
    let mut workout_cells = String::new();
    push_text(&mut workout_cells, workout.title.as_deref().unwrap_or_default());
    let _ = write!(workout_cells, "{},", workout.started_at.format(TIME_FORMAT));
    let _ = ended_at.map(|at| write!(workout_cells, "{}", at.format(TIME_FORMAT)));
    workout_cells.push(',');
    push_text(&mut workout_cells, workout.notes.as_deref().unwrap_or_default());
    let supersets = superset_numbers(workout);
    let mut rows = String::new();
    for exercise in &workout.exercises {
        let mut exercise_cells = workout_cells.clone();
        push_text(&mut exercise_cells, &name_of(&exercise.exercise));
        let superset = exercise.superset.as_ref().and_then(|superset| match superset {
            Superset::Number(number) => Some(*number),
            Superset::Name(name) => supersets.get(name.as_str()).copied(),
        });
        push_number(&mut exercise_cells, superset);
        push_text(&mut exercise_cells, exercise.notes.as_deref().unwrap_or_default());
        push_sets(&mut rows, &exercise_cells, exercise);
    }
    rows
}

fn push_sets(rows: &mut String, exercise_cells: &str, exercise: &ExerciseEntry) {
    for (index, set) in exercise.sets.iter().enumerate() {
        let _ = write!(rows, "{exercise_cells}{index},{},", set_type(set.kind));
        push_number(rows, set.weight().map(training::Grams::kg));
        push_number(rows, set.reps);
        push_number(rows, kilometres(set));
        push_number(rows, set.duration_s);
        let _ = set.effort().map(|rpe| write!(rows, "{}", rpe.value()));
        rows.push('\n');
    }
}

fn kilometres(set: &SetEntry) -> Option<f64> {
    set.distance_m
        .map(|metres| (metres * MILLIMETRES_PER_METRE).round() / MILLIMETRES_PER_KILOMETRE)
}

/// Returns a number for each named superset of a workout: the smallest unused ones, in order.
fn superset_numbers(workout: &Workout) -> BTreeMap<&str, u64> {
    let supersets = || workout.exercises.iter().filter_map(|exercise| exercise.superset.as_ref());
    let used: BTreeSet<u64> = supersets()
        .filter_map(|superset| match superset {
            Superset::Number(number) => Some(*number),
            Superset::Name(_) => None,
        })
        .collect();
    let mut free = (0..).filter(|number| !used.contains(number));
    let mut numbers = BTreeMap::new();
    for superset in supersets() {
        if let Superset::Name(name) = superset
            && !numbers.contains_key(name.as_str())
            && let Some(number) = free.next()
        {
            numbers.insert(name.as_str(), number);
        }
    }
    numbers
}

/// Appends a text cell and a comma.
fn push_text(row: &mut String, text: &str) {
    let text = escape_formula(text);
    if text.contains(['"', ',', '\n', '\r']) {
        let _ = write!(row, "\"{}\",", text.replace('"', "\"\""));
    } else {
        let _ = write!(row, "{text},");
    }
}

/// Appends a number cell and a comma. The number is never negative.
fn push_number(row: &mut String, number: Option<impl std::fmt::Display>) {
    let _ = number.map(|number| write!(row, "{number}"));
    row.push(',');
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use training::SetKind;

    fn exercise(slug: &str, superset: Option<Superset>, sets: Vec<SetEntry>) -> ExerciseEntry {
        ExerciseEntry { exercise: slug.to_owned(), superset, notes: None, sets }
    }

    fn workout(exercises: Vec<ExerciseEntry>) -> Workout {
        Workout {
            title: Some("=Push, \"heavy\"".to_owned()),
            notes: None,
            started_at: DateTime::parse_from_rfc3339("2026-11-23T23:30:00+01:00").unwrap(),
            ended_at: DateTime::parse_from_rfc3339("2026-11-23T23:40:00Z").ok(),
            body_weight_kg: None,
            exercises,
            last_set_id: 0,
        }
    }

    #[test]
    fn row_has_hevy_columns() {
        let check = |set: SetEntry, expected: &str| {
            let rows = hevy_rows(&workout(vec![exercise("dip", None, vec![set])]), str::to_owned);
            let head =
                "\"'=Push, \"\"heavy\"\"\",2026-11-23 23:30:00,2026-11-24 00:40:00,,dip,,,0,";
            assert_eq!(rows, format!("{head}{expected}\n"));
        };
        let new = SetEntry::new;
        let pounds = SetEntry { weight_lb: Some(225.0), reps: Some(5), ..new(SetKind::Warmup) };
        check(pounds, "warmup,102.058,5,,,");
        let reserve = SetEntry { reps: Some(5), rir: Some(1.5), ..new(SetKind::Working) };
        check(reserve, "normal,,5,,,8.5");
        let carry = SetEntry { distance_m: Some(40.0), ..new(SetKind::Drop) };
        check(carry, "dropset,,,0.04,,");
        let hold = SetEntry { duration_s: Some(45), rpe: Some(10.0), ..new(SetKind::Failure) };
        check(hold, "failure,,,,45,10");
    }

    #[test]
    fn exercise_without_sets_has_no_row() {
        assert_eq!(hevy_rows(&workout(Vec::new()), str::to_owned), "");
        assert_eq!(hevy_rows(&workout(vec![exercise("dip", None, Vec::new())]), str::to_owned), "");
    }

    #[test]
    fn header_has_as_many_columns_as_a_row() {
        let set = SetEntry { reps: Some(5), ..SetEntry::new(SetKind::Working) };
        let plain = Workout { title: None, ..workout(vec![exercise("dip", None, vec![set])]) };
        let commas = |text: &str| text.matches(',').count();
        assert_eq!(commas(&hevy_header()), commas(&hevy_rows(&plain, str::to_owned)));
        assert!(hevy_header().ends_with("duration_seconds,rpe\n"));
    }

    #[test]
    fn named_superset_gets_an_unused_number() {
        let named = |name: &str| Some(Superset::Name(name.to_owned()));
        let supersets = [named("A"), Some(Superset::Number(0)), named("B"), named("A")];
        let exercises = supersets.map(|superset| exercise("dip", superset, Vec::new())).to_vec();
        let workout = workout(exercises);
        assert_eq!(superset_numbers(&workout), BTreeMap::from([("A", 1), ("B", 2)]));
    }
}
