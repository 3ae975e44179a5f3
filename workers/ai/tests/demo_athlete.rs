//! The demo athlete of `cargo xtask dev`: the patterns of the twelve weeks, and no others.
//!
//! The programme is in `crates/xtask/src/demo`, which is no library: its lifts, plan and deload are
//! repeated here. Warm-up sets are left out, because they count for nothing.

#[path = "synthetic/diary.rs"]
mod diary;

use ai::rules::{Scope, find_patterns};
use chrono::{Days, NaiveDate, NaiveTime};
use diary::Diary;
use std::collections::BTreeSet;
use training::{ExerciseEntry, SetEntry, SetKind, WeekStart, Workout};

const WEEKS: usize = 12;
const DELOAD_WEEK: usize = 6;
const OVERSHOOT_WEEK: usize = 11;
/// Steps of weight above week 1, and the RPE.
const PLAN: [(u32, f64); WEEKS] = [
    (0, 7.5),
    (1, 8.0),
    (2, 8.0),
    (3, 8.5),
    (4, 9.0),
    (2, 7.0),
    (5, 8.0),
    (6, 8.0),
    (7, 8.5),
    (8, 8.5),
    (9, 9.0),
    (10, 9.0),
];

/// Slug, sets, repetitions, kilograms in week 1, kilograms per step of weight, steps of the plan per
/// step of weight.
type Lift = (&'static str, usize, u32, f64, f64, u32);

const BENCH: Lift = ("barbell-bench-press", 4, 6, 80.0, 2.5, 1);
const ROW: Lift = ("barbell-row", 4, 8, 65.0, 2.5, 2);
const PRESS: Lift = ("overhead-press", 3, 8, 42.5, 2.5, 4);
const PULLDOWN: Lift = ("lat-pulldown", 3, 10, 60.0, 2.5, 2);
const RAISE: Lift = ("lateral-raise", 3, 15, 10.0, 1.0, 5);
const CURL: Lift = ("barbell-curl", 3, 10, 30.0, 2.5, 4);
const PUSHDOWN: Lift = ("triceps-pushdown", 3, 12, 25.0, 2.5, 4);
const INCLINE: Lift = ("incline-dumbbell-press", 4, 9, 26.0, 2.0, 5);
const PULL_UP: Lift = ("pull-up", 4, 7, 2.5, 1.25, 2);
const FLY: Lift = ("cable-fly", 3, 12, 15.0, 1.25, 5);
const CABLE_ROW: Lift = ("seated-cable-row", 3, 10, 60.0, 2.5, 2);
const FACE_PULL: Lift = ("face-pull", 3, 15, 20.0, 2.5, 5);
const HAMMER: Lift = ("hammer-curl", 3, 10, 14.0, 2.0, 5);
const SKULL: Lift = ("skull-crusher", 3, 10, 27.5, 2.5, 4);

const UPPER_A: &[Lift] = &[BENCH, ROW, PRESS, PULLDOWN, RAISE, CURL, PUSHDOWN];
const UPPER_A_OVERSHOOT: &[Lift] = &[
    ("barbell-bench-press", 6, 6, 80.0, 2.5, 1),
    ROW,
    ("pec-deck", 4, 12, 55.0, 0.0, 1),
    PULLDOWN,
    RAISE,
    CURL,
    PUSHDOWN,
];
const LOWER_A: &[Lift] = &[
    ("barbell-back-squat", 4, 6, 100.0, 2.5, 1),
    ("romanian-deadlift", 3, 8, 80.0, 2.5, 1),
    ("leg-press", 3, 10, 160.0, 5.0, 1),
    ("lying-leg-curl", 3, 10, 40.0, 2.5, 3),
    ("standing-calf-raise", 4, 12, 80.0, 5.0, 3),
    ("hanging-leg-raise", 3, 12, 0.0, 0.0, 1),
];
const UPPER_B: &[Lift] = &[INCLINE, PULL_UP, FLY, CABLE_ROW, FACE_PULL, RAISE, HAMMER, SKULL];
const UPPER_B_OVERSHOOT: &[Lift] = &[
    ("incline-dumbbell-press", 6, 9, 26.0, 2.0, 5),
    PULL_UP,
    ("cable-fly", 6, 12, 15.0, 1.25, 5),
    ("machine-chest-press", 4, 10, 60.0, 0.0, 1),
    CABLE_ROW,
    FACE_PULL,
    RAISE,
    HAMMER,
    SKULL,
];
const LOWER_B: &[Lift] = &[
    ("deadlift", 3, 5, 120.0, 2.5, 1),
    ("front-squat", 3, 8, 70.0, 2.5, 2),
    ("hip-thrust", 3, 10, 90.0, 5.0, 2),
    ("leg-extension", 2, 12, 50.0, 2.5, 3),
    ("seated-calf-raise", 4, 15, 40.0, 2.5, 3),
    ("cable-crunch", 3, 15, 35.0, 2.5, 3),
];

fn monday(week: usize) -> NaiveDate {
    let first = NaiveDate::from_ymd_opt(2026, 8, 31).unwrap_or_default();
    first + Days::new(7 * (week as u64 - 1))
}

fn workouts() -> Vec<Workout> {
    let mut workouts = Vec::new();
    for (week, plan) in (1..).zip(PLAN) {
        let over = week == OVERSHOOT_WEEK;
        let sessions = [
            (0, if over { UPPER_A_OVERSHOOT } else { UPPER_A }, true),
            (1, LOWER_A, true),
            (3, if over { UPPER_B_OVERSHOOT } else { UPPER_B }, false),
            (5, LOWER_B, false),
        ];
        for (day, lifts, rounds_up) in sessions {
            let evening = (monday(week) + Days::new(day)).and_time(NaiveTime::MIN);
            workouts.push(Workout {
                title: None,
                notes: None,
                started_at: evening.and_utc().fixed_offset(),
                ended_at: None,
                body_weight_kg: None,
                exercises: lifts
                    .iter()
                    .map(|lift| exercise(*lift, week, plan, rounds_up))
                    .collect(),
                last_set_id: 0,
            });
        }
    }
    workouts
}

fn exercise(lift: Lift, week: usize, plan: (u32, f64), rounds_up: bool) -> ExerciseEntry {
    let (slug, sets, reps, start_kg, step_kg, step_every) = lift;
    let stuck = slug == BENCH.0 && week > DELOAD_WEEK;
    let (steps, rpe) = if stuck { (4, 9.0) } else { plan };
    let kg = start_kg + step_kg * f64::from(steps / step_every);
    let sets = match (week == DELOAD_WEEK, rounds_up) {
        (false, _) => sets,
        (true, true) => sets.div_ceil(2),
        (true, false) => sets / 2,
    };
    let set = SetEntry {
        weight_kg: (kg > 0.0).then_some(kg),
        reps: Some(reps),
        rpe: Some(rpe),
        ..SetEntry::new(SetKind::Working)
    };
    ExerciseEntry { exercise: slug.to_owned(), superset: None, notes: None, sets: vec![set; sets] }
}

/// Returns the patterns on a day after the twelve weeks when `weeks` changed, without progressive
/// overload and untrained muscles.
fn found(today: NaiveDate, weeks: &[usize]) -> BTreeSet<String> {
    let mut diary = Diary::new(today);
    for workout in workouts() {
        diary.record(&workout);
    }
    let weeks = weeks.iter().map(|week| WeekStart::containing(monday(*week))).collect();
    let scope = Scope { weeks, muscles: None };
    let found = find_patterns(diary.on(today), &scope);
    let read = find_patterns(&diary.read_on(today), &scope);
    assert_eq!(found, read, "the history that is read covers the twelve weeks");
    let names = found.iter().map(|p| format!("{} {}", p.kind.as_str(), p.subject.as_str()));
    let is_other = |name: &String| {
        !name.starts_with("progressive_overload") && !name.starts_with("untrained_muscles")
    };
    names.filter(is_other).collect()
}

fn check(weeks: &[usize], expected: &[&str]) {
    for day in 0..7 {
        let today = monday(13) + Days::new(day);
        let expected: BTreeSet<_> = expected.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(found(today, weeks), expected, "{today}, weeks {weeks:?}");
    }
}

#[test]
fn demo_athlete_has_repeated_load_deload_and_volume_over_mrv() {
    let (repeated, deload) = ("repeated_load barbell-bench-press", "deload_taken training");
    let mrv = "volume_above_mrv chest";
    // The last eight weeks are searched for deloads, whichever changed.
    check(&[12], &[repeated, deload]);
    check(&[6], &[repeated, deload]);
    check(&[11], &[repeated, deload, mrv]);
    let every: Vec<_> = (1..=WEEKS).collect();
    check(&every, &[repeated, deload, mrv]);
}
