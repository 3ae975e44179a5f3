//! The training of the benchmarks: workouts of 6 exercises and 24 sets, four times a week.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use uuid::Uuid;

/// The exercises of each workout, with the weight at the beginning.
const EXERCISES: [(&str, f64); 6] = [
    ("barbell-back-squat", 80.0),
    ("barbell-bench-press", 60.0),
    ("barbell-row", 50.0),
    ("romanian-deadlift", 70.0),
    ("lateral-raise", 8.0),
    ("standing-calf-raise", 40.0),
];
const SETS_PER_EXERCISE: usize = 4;
/// Monday, Tuesday, Thursday and Friday.
const TRAINING_DAYS: [i64; 4] = [0, 1, 3, 4];
/// A Monday. A thousand workouts end in November 2026.
pub const FIRST_MONDAY: &str = "2022-01-31T00:00:00Z";
const START_HOUR: i64 = 17;
const DURATION_MINUTES: i64 = 70;
/// Workouts of an exercise until its weight grows by a step.
const WORKOUTS_PER_STEP: usize = 48;
const STEP_KG: f64 = 2.5;

/// When a workout takes place.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    pub started_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
}

impl Schedule {
    /// Returns the schedule of an athlete's workout `n`, from 0.
    pub fn of(n: usize) -> Self {
        let (week, turn) = (n / TRAINING_DAYS.len(), n % TRAINING_DAYS.len());
        let days = week as i64 * 7 + TRAINING_DAYS[turn];
        let monday: DateTime<Utc> = FIRST_MONDAY.parse().expect("a valid instant");
        let started_at = monday + TimeDelta::days(days) + TimeDelta::hours(START_HOUR);
        Self { started_at, ended_at: started_at + TimeDelta::minutes(DURATION_MINUTES) }
    }
}

/// Returns the sets of an athlete's workout `n`, in order, each with its exercise. The repetitions rise and
/// fall over seven workouts; each exercise gets heavier in its own turn, and then breaks records.
pub fn sets(n: usize) -> Vec<(&'static str, Value)> {
    let exercise = |(index, (slug, base_kg)): (usize, &(&'static str, f64))| {
        let steps = (n + index * WORKOUTS_PER_STEP / EXERCISES.len()) / WORKOUTS_PER_STEP;
        let weight_kg = base_kg + STEP_KG * steps as f64;
        let slug = *slug;
        (0..SETS_PER_EXERCISE).map(move |set| {
            let reps = 8 + (n + index) % 7 / 2;
            let rpe = 7.0 + 0.5 * set as f64;
            (slug, json!({ "kind": "working", "weight_kg": weight_kg, "reps": reps, "rpe": rpe }))
        })
    };
    EXERCISES.iter().enumerate().flat_map(exercise).collect()
}

/// Returns the body that posts an athlete's workout `n` as completed, with the sets of workout `like`.
pub fn completed(n: usize, like: usize) -> Value {
    let Schedule { started_at, ended_at } = Schedule::of(n);
    let sets = sets(like);
    let exercises = sets.chunks(SETS_PER_EXERCISE).map(|sets| {
        let each: Vec<_> = sets.iter().map(|(_, set)| set).collect();
        json!({ "exercise": sets[0].0, "sets": each })
    });
    json!({
        "started_at": started_at,
        "ended_at": ended_at,
        "exercises": exercises.collect::<Vec<_>>(),
    })
}

/// Returns an idempotency key as clients create it: a UUID without an order.
pub fn idempotency_key(athlete: usize, n: usize) -> String {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, format!("{athlete}/{n}").as_bytes()).to_string()
}
