//! Writing workouts in Hevy's columns, which most other apps read too.
//!
//! What the columns have no room for is lost: the rest after a set, when a set was done, its
//! number, the body weight, the offset of the times, and an exercise or a workout without sets.
//! A weight in pounds becomes kilograms to the gram, RIR becomes RPE, the name of a superset a
//! number, a zero nothing when it is read back.

use crate::hevy::{guarded, kind_word};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use training::{ExerciseEntry, SetEntry, Superset, Workout};

const TIME_FORMAT: &str = "%Y-%m-%d %H:%M:%S";
const COLUMNS: &str = "title,start_time,end_time,description,exercise_title,superset_id,\
    exercise_notes,set_index,set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n";
/// A distance is written to the millimetre, as it is read.
const MILLIMETRES_PER_METRE: f64 = 1_000.0;
const MILLIMETRES_PER_KILOMETRE: f64 = 1_000_000.0;

/// The header, with the end of its line.
pub fn hevy_header() -> String {
    COLUMNS.to_owned()
}

/// The rows of a workout, one for each set, each with the end of its line; none for a workout
/// without sets. Its times are the local ones of the offset in which it began. `name_of` gives
/// the name of an exercise by its slug. Texts that a spreadsheet would take for a formula begin
/// with a `'`, which reading takes off again.
pub fn hevy_rows(workout: &Workout, name_of: impl Fn(&str) -> String) -> String {
    let ended_at = workout.ended_at.map(|at| at.with_timezone(&workout.started_at.timezone()));
    let mut head = String::new();
    push_text(&mut head, workout.title.as_deref().unwrap_or_default());
    let _ = write!(head, "{},", workout.started_at.format(TIME_FORMAT));
    let _ = ended_at.map(|at| write!(head, "{}", at.format(TIME_FORMAT)));
    head.push(',');
    push_text(&mut head, workout.notes.as_deref().unwrap_or_default());
    let supersets = superset_numbers(workout);
    let mut rows = String::new();
    for exercise in &workout.exercises {
        let mut middle = String::new();
        push_text(&mut middle, &name_of(&exercise.exercise));
        let superset = exercise.superset.as_ref().and_then(|superset| match superset {
            Superset::Number(number) => Some(*number),
            Superset::Name(name) => supersets.get(name.as_str()).copied(),
        });
        push_number(&mut middle, superset);
        push_text(&mut middle, exercise.notes.as_deref().unwrap_or_default());
        push_sets(&mut rows, &format!("{head}{middle}"), exercise);
    }
    rows
}

fn push_sets(rows: &mut String, beginning: &str, exercise: &ExerciseEntry) {
    for (index, set) in exercise.sets.iter().enumerate() {
        let _ = write!(rows, "{beginning}{index},{},", kind_word(set.kind));
        push_number(rows, set.weight().map(training::Grams::kg));
        push_number(rows, set.reps);
        push_number(rows, kilometres(set));
        push_number(rows, set.duration_s);
        let _ = set.effort().map(|rpe| write!(rows, "{}", rpe.value()));
        rows.push('\n');
    }
}

fn kilometres(set: &SetEntry) -> Option<f64> {
    let kilometres =
        |metres: f64| (metres * MILLIMETRES_PER_METRE).round() / MILLIMETRES_PER_KILOMETRE;
    set.distance_m.map(kilometres)
}

/// The numbers of the supersets that have names: the smallest that no other one of the workout
/// has, in the order in which they come.
fn superset_numbers(workout: &Workout) -> BTreeMap<&str, u64> {
    let supersets = || workout.exercises.iter().filter_map(|exercise| exercise.superset.as_ref());
    let taken: BTreeSet<u64> = supersets()
        .filter_map(|superset| match superset {
            Superset::Number(number) => Some(*number),
            Superset::Name(_) => None,
        })
        .collect();
    let mut free = (0..).filter(|number| !taken.contains(number));
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

/// A cell of text and the comma after it.
fn push_text(row: &mut String, text: &str) {
    let text = guarded(text);
    if text.contains(['"', ',', '\n', '\r']) {
        let _ = write!(row, "\"{}\",", text.replace('"', "\"\""));
    } else {
        let _ = write!(row, "{text},");
    }
}

/// A cell of a number, never negative, and the comma after it.
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
    fn a_row_is_hevys() {
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
    fn what_has_no_set_has_no_row() {
        assert_eq!(hevy_rows(&workout(Vec::new()), str::to_owned), "");
        assert_eq!(hevy_rows(&workout(vec![exercise("dip", None, Vec::new())]), str::to_owned), "");
    }

    #[test]
    fn the_header_has_as_many_columns_as_a_row() {
        let set = SetEntry { reps: Some(5), ..SetEntry::new(SetKind::Working) };
        let plain = Workout { title: None, ..workout(vec![exercise("dip", None, vec![set])]) };
        let commas = |text: &str| text.matches(',').count();
        assert_eq!(commas(&hevy_header()), commas(&hevy_rows(&plain, str::to_owned)));
        assert!(hevy_header().ends_with("duration_seconds,rpe\n"));
    }

    #[test]
    fn a_superset_with_a_name_gets_a_number_that_no_other_has() {
        let named = |name: &str| Some(Superset::Name(name.to_owned()));
        let supersets = [named("A"), Some(Superset::Number(0)), named("B"), named("A")];
        let exercises = supersets.map(|superset| exercise("dip", superset, Vec::new())).to_vec();
        let workout = workout(exercises);
        assert_eq!(superset_numbers(&workout), BTreeMap::from([("A", 1), ("B", 2)]));
    }
}
