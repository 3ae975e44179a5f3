//! Training logs of other apps.

use chrono::FixedOffset;
use interchange::{
    LoggedWorkout, ReadOptions, TrainingLog, WeightUnit, hevy_header, hevy_rows, read,
};
use std::collections::BTreeSet;
use training::{ExerciseEntry, Workout};

/// No row is lost silently, whatever options the caller sets, and an export of the log has the same
/// content.
pub fn check(bytes: &[u8]) {
    let Ok(log) = read(bytes, &ReadOptions::default()) else { return };
    check_rows(&log);
    check_export(&log);
    let chosen = ReadOptions { format: Some(log.format), ..ReadOptions::default() };
    assert_eq!(read(bytes, &chosen).as_ref(), Ok(&log));
    for decided in [true, false] {
        let options = ReadOptions {
            weight_unit: decided.then_some(WeightUnit::Lb),
            decimal_comma: Some(decided),
            day_first: Some(decided),
            ..ReadOptions::default()
        };
        check_rows(&read(bytes, &options).expect("the same format"));
    }
}

fn check_rows(log: &TrainingLog) {
    assert_eq!(log.rows, log.read + log.skipped + log.rejected);
    let exercises = || log.workouts.iter().flat_map(|workout| &workout.exercises);
    assert_eq!(log.sets, exercises().map(|exercise| exercise.sets.len()).sum::<usize>());
    assert_eq!(log.errors.iter().map(|error| error.count).sum::<usize>(), log.rejected);
    assert!(log.errors.is_sorted_by_key(|error| error.lines.first().copied()));
    assert!(log.workouts.iter().all(|workout| workout.line > 1));
    for workout in &log.workouts {
        assert!(workout.ended_at().is_none_or(|ended_at| ended_at >= workout.started_at));
        assert!(exercises().all(|exercise| !exercise.name.trim().is_empty()));
    }
    for set in exercises().flat_map(|exercise| &exercise.sets) {
        assert!(set.weight().is_none_or(|weight| (0..=1_000_000).contains(&weight.0)));
        assert!(set.reps.is_none_or(|reps| reps <= 1_000));
        assert!(set.rpe.is_none_or(|rpe| (1.0..=10.0).contains(&rpe)));
    }
    let json = serde_json::to_string(log).expect("a log is JSON");
    assert_eq!(&serde_json::from_str::<TrainingLog>(&json).expect("a log"), log);
}

/// Exporting a parsed export gives the same file.
fn check_export(log: &TrainingLog) {
    // Hevy's format merges two workouts with the same title and start.
    let mut seen = BTreeSet::new();
    if !log.workouts.iter().all(|workout| seen.insert((&workout.title, workout.started_at))) {
        return;
    }
    let first = export(log);
    let parsed = read(first.as_bytes(), &ReadOptions::default()).expect("Hevy's format");
    check_rows(&parsed);
    assert_eq!(parsed.errors, [], "{first}");
    assert_eq!(parsed.sets, log.sets, "{first}");
    assert_eq!(export(&parsed), first);
}

fn export(log: &TrainingLog) -> String {
    let rows = log.workouts.iter().map(|workout| hevy_rows(&to_workout(workout), str::to_owned));
    hevy_header() + &rows.collect::<String>()
}

fn to_workout(workout: &LoggedWorkout) -> Workout {
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
        ended_at: workout.ended_at().map(at),
        body_weight_kg: None,
        exercises: exercises.collect(),
        last_set_id: 0,
    }
}
