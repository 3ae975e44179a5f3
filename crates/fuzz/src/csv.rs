//! A training log of another app.

use chrono::FixedOffset;
use interchange::{
    Format, LoggedWorkout, ReadOptions, TrainingLog, WeightUnit, hevy_header, hevy_rows, read,
};
use std::collections::BTreeSet;
use training::{ExerciseEntry, Workout};

/// Whatever the caller says of the file, no row of it is lost silently; what was read is exported to
/// a file that says the same.
pub fn check(bytes: &[u8]) {
    let Ok(log) = read(bytes, &ReadOptions::default()) else { return };
    no_row_is_lost(&log);
    an_export_says_the_same(&log);
    // A header can be of two formats at once; which one is read then, the caller may say.
    for format in Format::ALL {
        let told = read(bytes, &ReadOptions { format: Some(format), ..ReadOptions::default() });
        assert!(told.as_ref().is_ok_and(|told| *told == log) || format != log.format);
    }
    for decimal_comma in [true, false] {
        let weight_unit = decimal_comma.then_some(WeightUnit::Lb);
        let options = ReadOptions { weight_unit, decimal_comma: Some(decimal_comma), format: None };
        no_row_is_lost(&read(bytes, &options).expect("what was a log is one"));
    }
}

fn no_row_is_lost(log: &TrainingLog) {
    assert_eq!(log.rows, log.sets + log.skipped + log.rejected);
    let exercises = || log.workouts.iter().flat_map(|workout| &workout.exercises);
    assert_eq!(log.sets, exercises().map(|exercise| exercise.sets.len()).sum::<usize>());
    assert!(log.errors.len() <= log.rejected);
    assert!(log.errors.is_sorted_by_key(|error| error.line));
    assert!(log.workouts.iter().all(|workout| workout.line > 1));
    for workout in &log.workouts {
        assert!(workout.ended_at.is_none_or(|ended_at| ended_at >= workout.started_at));
        assert!(exercises().all(|exercise| !exercise.name.trim().is_empty()));
    }
    for set in exercises().flat_map(|exercise| &exercise.sets) {
        assert!(set.weight().is_none_or(|weight| (0..=1_000_000).contains(&weight.0)));
        assert!(set.reps.is_none_or(|reps| reps <= 1_000));
        assert!(set.rpe.is_none_or(|rpe| (1.0..=10.0).contains(&rpe)));
    }
    let json = serde_json::to_string(log).expect("a log is JSON");
    assert_eq!(&serde_json::from_str::<TrainingLog>(&json).expect("it is read back"), log);
}

/// Two exports, the second of what the first was read as, are one.
fn an_export_says_the_same(log: &TrainingLog) {
    // Two workouts of one title and one start are one to Hevy.
    let mut seen = BTreeSet::new();
    if !log.workouts.iter().all(|workout| seen.insert((&workout.title, workout.started_at))) {
        return;
    }
    let first = exported(log);
    let read_back = read(first.as_bytes(), &ReadOptions::default()).expect("it is Hevy's");
    no_row_is_lost(&read_back);
    assert_eq!(read_back.errors, [], "{first}");
    assert_eq!(read_back.sets, log.sets, "{first}");
    assert_eq!(exported(&read_back), first);
}

fn exported(log: &TrainingLog) -> String {
    let rows = log.workouts.iter().map(|workout| hevy_rows(&entered(workout), str::to_owned));
    hevy_header() + &rows.collect::<String>()
}

fn entered(workout: &LoggedWorkout) -> Workout {
    let utc = FixedOffset::east_opt(0).expect("an offset");
    let at = |local: chrono::NaiveDateTime| local.and_utc().with_timezone(&utc);
    let exercises = workout.exercises.iter().map(|exercise| ExerciseEntry {
        exercise: exercise.name.clone(),
        superset: exercise.superset.clone(),
        notes: exercise.notes.clone(),
        sets: exercise.sets.clone(),
    });
    Workout {
        title: workout.title.clone(),
        notes: workout.notes.clone(),
        started_at: at(workout.started_at),
        ended_at: workout.ended_at.map(at),
        body_weight_kg: None,
        exercises: exercises.collect(),
        last_set_id: 0,
    }
}
