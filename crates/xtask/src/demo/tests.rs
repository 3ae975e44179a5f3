//! The sample training has the properties that its documentation lists.

use super::*;
use contract::workouts::NewWorkout;
use std::collections::BTreeMap;
use training::landmarks::default_landmarks;
use training::{
    Exercise, Grams, Muscle, PerformedExercise, PerformedSet, Rpe, SetKind, Volume, VolumeLevel,
    WeekStart,
};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn programme() -> Vec<DemoWorkout> {
    workouts(date("2026-11-22")).unwrap()
}

/// Parses a set as the api does.
fn set(value: &Value) -> PerformedSet {
    PerformedSet {
        kind: serde_json::from_value::<SetKind>(value["kind"].clone()).unwrap(),
        weight_grams: value["weight_kg"].as_f64().map(Grams::from_kg),
        reps: value["reps"].as_u64().map(|reps| u32::try_from(reps).unwrap()),
        rpe: value["rpe"].as_f64().map(|rpe| Rpe::new(rpe).expect("an RPE in halves")),
        duration_s: None,
        distance_m: None,
    }
}

fn volume(workout: &DemoWorkout) -> Volume {
    let exercises = workout.body["exercises"].as_array().unwrap().iter().map(|value| {
        let slug = value["exercise"].as_str().unwrap();
        let known =
            Exercise::find(slug).unwrap_or_else(|| panic!("{slug} is not in the catalogue"));
        PerformedExercise {
            exercise: slug.to_owned(),
            load: known.load,
            primary: known.primary.to_vec(),
            secondary: known.secondary.to_vec(),
            sets: value["sets"].as_array().unwrap().iter().map(set).collect(),
        }
    });
    Volume::of_workout(&exercises.collect::<Vec<_>>(), None)
}

/// Returns half sets by muscle, for each week in order.
fn weeks() -> Vec<BTreeMap<Muscle, training::HalfSets>> {
    let mut weeks: BTreeMap<WeekStart, BTreeMap<Muscle, training::HalfSets>> = BTreeMap::new();
    for workout in programme() {
        let started_at = workout.body["started_at"].as_str().unwrap().parse().unwrap();
        let week = weeks
            .entry(WeekStart::containing(training::calendar::local_date(started_at)))
            .or_default();
        for muscle in Muscle::ALL {
            week.entry(muscle).or_default().0 += volume(&workout).half_sets_of(muscle).0;
        }
    }
    weeks.into_values().collect()
}

fn hard_sets(week: usize) -> f64 {
    programme()[4 * (week - 1)..4 * week].iter().map(|w| volume(w).hard_half_sets.sets()).sum()
}

#[test]
fn programme_has_four_sessions_a_week_until_last_sunday() {
    assert_eq!(last_sunday_before(date("2026-11-23")), date("2026-11-22"));
    assert_eq!(last_sunday_before(date("2026-11-22")), date("2026-11-15"));
    assert_eq!(last_sunday_before(date("2026-11-28")), date("2026-11-22"));
    assert_eq!(first_monday(date("2026-11-22")), date("2026-08-31"));
    let programme = programme();
    assert_eq!(programme.len(), 4 * WEEKS);
    assert_eq!(weeks().len(), WEEKS);
    assert_eq!(programme[0].body["started_at"], "2026-08-31T18:00:00+01:00");
    assert_eq!(programme[47].body["started_at"], "2026-11-21T10:00:00+01:00");
}

#[test]
fn idempotency_keys_are_unique() {
    let mut keys: Vec<_> = programme().into_iter().map(|workout| workout.key).collect();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 4 * WEEKS);
}

#[test]
fn muscles_reach_their_mev_outside_the_deload() {
    for (index, week) in weeks().iter().enumerate().filter(|(index, _)| index + 1 != DELOAD_WEEK) {
        for (muscle, half_sets) in week {
            let Some(landmarks) = default_landmarks(*muscle) else { continue };
            let week = index + 1;
            assert!(*half_sets >= landmarks.mev, "week {week}: {muscle:?} {half_sets:?}");
        }
    }
}

#[test]
fn deload_halves_the_hard_sets() {
    let share = hard_sets(DELOAD_WEEK) / hard_sets(DELOAD_WEEK - 1);
    assert!((0.45..=0.55).contains(&share), "{share}");
}

#[test]
fn bench_press_plateaus_from_week_7() {
    let top_sets: Vec<Value> = programme()
        .iter()
        .step_by(4)
        .map(|workout| workout.body["exercises"][0]["sets"][WARMUPS.len()].clone())
        .collect();
    let stuck = json!({ "kind": "working", "weight_kg": 90.0, "reps": 6, "rpe": 9.0 });
    assert!(top_sets[6..].iter().all(|set| *set == stuck), "{top_sets:?}");
    assert_eq!(top_sets[0]["weight_kg"], 80.0);
}

#[test]
fn only_the_chest_exceeds_its_mrv_in_week_11() {
    for (index, week) in weeks().iter().enumerate() {
        let over: Vec<(Muscle, f64)> = week
            .iter()
            .filter(|(muscle, half_sets)| {
                let landmarks = default_landmarks(**muscle);
                landmarks.is_some_and(|l| l.level(**half_sets) == VolumeLevel::AboveMrv)
            })
            .map(|(muscle, half_sets)| (*muscle, half_sets.sets()))
            .collect();
        let expected: &[_] =
            if index + 1 == OVERSHOOT_WEEK { &[(Muscle::Chest, 26.0)] } else { &[] };
        assert_eq!(over, expected, "week {}", index + 1);
    }
}

#[test]
fn workouts_are_valid_requests() {
    let now = "2026-11-23T12:00:00Z".parse().unwrap();
    for DemoWorkout { key, body } in programme() {
        let parsed = contract::parse_json::<NewWorkout>(body.to_string().as_bytes(), now);
        assert!(parsed.is_ok(), "{key}: {parsed:?}");
    }
}
