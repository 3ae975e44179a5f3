//! Request bodies of workouts, sets and completions.

use api::error::ApiError;
use api::workout::{parse_completion, parse_logged_set, parse_set, parse_workout};
use chrono::{DateTime, Utc};
use interchange::{ReadOptions, hevy_header, hevy_rows, read};
use platform::http::FieldError;
use serde_json::Value;
use std::fmt::Debug;
use training::limits::{EXERCISES_MAX, SETS_MAX, TEXT_CHARS_MAX, first_violation};
use training::{CustomExercises, SetEntry, Volume, Workout};

/// An accepted workout is within the limits of the contract, survives storage, and is accepted again;
/// a rejected one names its invalid fields.
pub fn check(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else { return };
    let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().expect("a time");
    match parse_workout(&body, now).workout {
        Ok(workout) => check_workout(&workout, now),
        Err(errors) => check_errors(&errors),
    }
    check_rejection(parse_logged_set(&body, now).map(|logged| check_set(&logged.set)));
    check_rejection(parse_set(&body, now).map(|set| check_set(&set)));
    check_rejection(parse_completion(&body, now.into(), now));
}

fn check_rejection<T: Debug>(result: Result<T, ApiError>) {
    match result {
        Ok(_) => {}
        Err(ApiError::Invalid(errors)) => check_errors(&errors),
        Err(error) => panic!("{error:?}"),
    }
}

/// Checks that each invalid field has a JSON pointer (RFC 6901).
fn check_errors(errors: &[FieldError]) {
    assert!(!errors.is_empty());
    for error in errors {
        assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{}", error.pointer);
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
    let body = serde_json::from_str(&stored).expect("JSON");
    let accepted = parse_workout(&body, now).workout;
    assert_eq!(&accepted.expect("an accepted workout is accepted again"), workout);

    let mut numbered = workout.clone();
    numbered.assign_set_ids();
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
