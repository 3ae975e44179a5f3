//! Request bodies of workouts, sets and completions.

use chrono::{DateTime, Utc};
use contract::sets::{LoggedSet, NewSet};
use contract::workouts::{Completion, NewWorkout};
use contract::{FieldError, ParseError, parse_json};
use interchange::{ReadOptions, hevy_header, hevy_rows, read};
use training::limits::{EXERCISES_MAX, SETS_MAX, TEXT_CHARS_MAX, first_violation};
use training::{CustomExercises, SetEntry, Volume, Workout};

/// An accepted workout is within the limits of the contract, survives storage, and is accepted again;
/// a rejected one names its invalid fields.
pub fn check(bytes: &[u8]) {
    let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().expect("a time");
    check_rejection(
        parse_json(bytes, now).map(|new: NewWorkout| check_workout(&new.document(), now)),
    );
    check_rejection(parse_json(bytes, now).map(|logged: LoggedSet| check_set(&logged.entry())));
    check_rejection(parse_json(bytes, now).map(|set: NewSet| check_set(&set.entry())));
    check_rejection(parse_json::<Completion>(bytes, now).map(drop));
}

fn check_rejection(result: Result<(), ParseError>) {
    match result {
        Ok(()) => {}
        Err(ParseError::NotJson(detail)) => assert!(!detail.is_empty()),
        Err(ParseError::Invalid(errors)) => check_errors(errors.kept()),
    }
}

/// Checks that each invalid field has a JSON pointer (RFC 6901).
fn check_errors(errors: &[FieldError]) {
    assert!(!errors.is_empty());
    for error in errors {
        let pointer = error.pointer.as_deref().expect("a field has a pointer");
        assert!(pointer.is_empty() || pointer.starts_with('/'), "{pointer}");
        assert!(!error.detail.is_empty());
    }
}

fn check_workout(workout: &Workout, now: DateTime<Utc>) {
    assert!(workout.exercises.len() <= EXERCISES_MAX);
    assert!(workout.sets().count() <= SETS_MAX);
    for text in [&workout.title, &workout.notes].into_iter().flatten() {
        assert!(text.chars().count() <= TEXT_CHARS_MAX);
    }
    workout.sets().for_each(check_set);
    assert!(workout.started_at.timestamp() >= 0);
    assert!(workout.ended_at.is_none_or(|ended_at| ended_at >= workout.started_at));

    let performed = workout.performed_exercises(&CustomExercises::new());
    assert_eq!(first_violation(&performed, workout.body_weight()), None);
    let volume = Volume::of_workout(&performed, workout.body_weight());
    assert!(volume.tonnage_grams.0 >= 0);

    let stored = serde_json::to_string(workout).expect("a workout is JSON");
    assert_eq!(&serde_json::from_str::<Workout>(&stored).expect("a workout"), workout);
    let accepted = parse_json::<NewWorkout>(stored.as_bytes(), now);
    assert_eq!(&accepted.expect("an accepted workout is accepted again").document(), workout);

    let mut numbered = workout.clone();
    numbered.assign_new_set_ids();
    let mut numbers: Vec<_> = numbered.sets().map(|set| set.id).collect();
    numbers.sort_unstable();
    assert!(numbers.first() != Some(&None), "every set has a number");
    assert!(numbers.windows(2).all(|pair| pair.first() != pair.last()), "set numbers are distinct");
    check_export(workout);
}

/// Checks that an export is read back with all sets.
fn check_export(workout: &Workout) {
    let file = hevy_header() + &hevy_rows(workout, str::to_owned);
    let log = read(file.as_bytes(), &ReadOptions::default()).expect("Hevy's format");
    let has_value = |set: &&SetEntry| {
        set.reps.unwrap_or(0) > 0
            || set.duration_s.unwrap_or(0) > 0
            || set.distance_m.unwrap_or(0.0) >= 0.001
    };
    // The reader takes zeros as absent, and rejects a set without any value.
    if workout.sets().all(|set| has_value(&set)) {
        assert_eq!((log.sets, &log.errors[..]), (workout.sets().count(), &[][..]), "{file}");
    }
}

fn check_set(set: &SetEntry) {
    assert!(set.weight_kg.is_none() || set.weight_lb.is_none());
    assert!(set.rpe.is_none() || set.rir.is_none());
    assert!(set.weight_kg.is_none_or(|kg| (0.0..=1_000.0).contains(&kg)));
    assert!(set.weight().is_none_or(|weight| (0..=1_000_000).contains(&weight.0)));
    assert!(set.reps.is_none_or(|reps| reps <= 1_000));
    assert!(set.effort().is_none_or(|rpe| (1.0..=10.0).contains(&rpe.value())));
    assert!(set.effort().is_some() == (set.rpe.is_some() || set.rir.is_some()));
}
