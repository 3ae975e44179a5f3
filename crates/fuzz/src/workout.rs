//! The body of a workout, of a set, and of a completion.

use api::error::ApiError;
use api::workout::{parse_completion, parse_logged_set, parse_set, read_workout};
use chrono::{DateTime, Utc};
use interchange::{ReadOptions, hevy_header, hevy_rows, read};
use platform::http::FieldError;
use serde_json::Value;
use std::fmt::Debug;
use training::limits::{EXERCISES_MAX, SETS_MAX, TEXT_CHARS_MAX, first_violation};
use training::{CustomExercises, SetEntry, Volume, Workout};

/// What is accepted is within the limits of the contract, is stored and read back as it is, and is
/// accepted again; what is refused says why.
pub fn check(bytes: &[u8]) {
    let Ok(body) = serde_json::from_slice::<Value>(bytes) else { return };
    let now: DateTime<Utc> = "2026-11-23T12:00:00Z".parse().expect("a time");
    match read_workout(&body, now).workout {
        Ok(workout) => accepted(&workout, now),
        Err(errors) => says_why(&errors),
    }
    refusal_says_why(parse_logged_set(&body, now).map(|logged| set(&logged.set)));
    refusal_says_why(parse_set(&body, now).map(|entered| set(&entered)));
    refusal_says_why(parse_completion(&body, now.into(), now));
}

fn refusal_says_why<T: Debug>(outcome: Result<T, ApiError>) {
    match outcome {
        Ok(_) => {}
        Err(ApiError::Invalid(errors)) => says_why(&errors),
        Err(error) => panic!("{error:?}"),
    }
}

/// Each field that is bad is told with a JSON pointer (RFC 6901).
fn says_why(errors: &[FieldError]) {
    assert!(!errors.is_empty());
    for error in errors {
        assert!(error.pointer.is_empty() || error.pointer.starts_with('/'), "{}", error.pointer);
        assert!(!error.detail.is_empty());
    }
}

fn accepted(workout: &Workout, now: DateTime<Utc>) {
    assert!(workout.exercises.len() <= EXERCISES_MAX);
    assert!(workout.sets().count() <= SETS_MAX);
    for text in [&workout.title, &workout.notes].into_iter().flatten() {
        assert!(text.chars().count() <= TEXT_CHARS_MAX);
    }
    workout.sets().for_each(set);
    assert!(workout.started_at.timestamp() >= 0);
    assert!(workout.ended_at.is_none_or(|ended_at| ended_at >= workout.started_at));

    let performed = workout.performed_exercises(&CustomExercises::new());
    assert_eq!(first_violation(&performed, workout.body_weight()), None);
    let volume = Volume::of_workout(&performed, workout.body_weight());
    assert!(volume.tonnage_grams.0 >= 0);

    let stored = serde_json::to_string(workout).expect("a workout is JSON");
    assert_eq!(&serde_json::from_str::<Workout>(&stored).expect("it is read back"), workout);
    let again = serde_json::from_str(&stored).expect("it is JSON");
    let again = read_workout(&again, now).workout;
    assert_eq!(&again.expect("what was accepted is accepted again"), workout);

    let mut numbered = workout.clone();
    numbered.assign_set_ids();
    let mut numbers: Vec<_> = numbered.sets().map(|set| set.id).collect();
    numbers.sort_unstable();
    assert!(numbers.first() != Some(&None), "every set has a number");
    assert!(numbers.windows(2).all(|pair| pair.first() != pair.last()), "no two have one number");
    exported(workout);
}

/// An export of it is read again, with all its sets.
fn exported(workout: &Workout) {
    let file = hevy_header() + &hevy_rows(workout, str::to_owned);
    let log = read(file.as_bytes(), &ReadOptions::default()).expect("it is Hevy's");
    let zeros = |set: &&SetEntry| {
        set.reps.unwrap_or(0) > 0
            || set.duration_s.unwrap_or(0) > 0
            || set.distance_m.unwrap_or(0.0) >= 0.001
    };
    // A zero is nothing when it is read back, and a set of which nothing is left is refused.
    if workout.sets().all(|set| zeros(&set)) {
        assert_eq!((log.sets, &log.errors[..]), (workout.sets().count(), &[][..]), "{file}");
    }
}

fn set(set: &SetEntry) {
    assert!(set.weight_kg.is_none() || set.weight_lb.is_none());
    assert!(set.rpe.is_none() || set.rir.is_none());
    assert!(set.weight_kg.is_none_or(|kg| (0.0..=1_000.0).contains(&kg)));
    assert!(set.weight().is_none_or(|weight| (0..=1_000_000).contains(&weight.0)));
    assert!(set.reps.is_none_or(|reps| reps <= 1_000));
    assert!(set.effort().is_none_or(|rpe| (1.0..=10.0).contains(&rpe.value())));
    assert!(set.effort().is_some() == (set.rpe.is_some() || set.rir.is_some()));
}
