//! The sample training: twelve weeks of an upper/lower split, four sessions a week. It contains:
//!
//! | week | training |
//! |---|---|
//! | 1–5 | weights and effort increase |
//! | 6 | a deload: half the sets, the weights of week 3, RPE 7 |
//! | 7–12 | weights increase, but the bench press stays at 90 kg × 6 @ 9: a plateau |
//! | 11 | 26 hard sets for the chest, over its MRV of 24: pec deck replaces the overhead press |
//!
//! All other muscles stay below their MRV, and reach their MEV outside the deload.

use anyhow::{Context, Result};
use chrono::{Datelike, Days, NaiveDate};
use serde::Deserialize;
use serde_json::{Value, json};

/// The length of the programme.
pub const WEEKS: usize = 12;
const DELOAD_WEEK: usize = 6;
const OVERSHOOT_WEEK: usize = 11;
const BENCH_STUCK_FROM_WEEK: usize = 7;
const BENCH: &str = "barbell-bench-press";
const BENCH_STUCK_STEPS: u32 = 4;
const BENCH_STUCK_RPE: f64 = 9.0;

/// Steps of weight above the first week.
const STEPS: [u32; WEEKS] = [0, 1, 2, 3, 4, 2, 5, 6, 7, 8, 9, 10];
/// The RPE of working sets.
const RPE: [f64; WEEKS] = [7.5, 8.0, 8.0, 8.5, 9.0, 7.0, 8.0, 8.0, 8.5, 8.5, 9.0, 9.0];

/// Central European winter time.
const OFFSET: &str = "+01:00";
/// Share of the working weight and repetitions of the warm-up sets.
const WARMUPS: [(f64, u32); 2] = [(0.5, 8), (0.75, 4)];
/// The smallest pair of plates.
const PLATES_KG: f64 = 2.5;

/// A workout to post.
pub struct DemoWorkout {
    /// The `Idempotency-Key`.
    pub key: String,
    pub body: Value,
}

/// A session of each week, from `demo/sessions.json`.
#[derive(Deserialize)]
struct Session {
    name: String,
    days_after_monday: u64,
    start: String,
    end: String,
    /// Whether a deload halves three sets to two or to one. The total is about half.
    deload_rounds_up: bool,
    lifts: Vec<Lift>,
    /// The exercises of the overshoot week, if others.
    overshoot_lifts: Option<Vec<Lift>>,
}

#[derive(Deserialize)]
struct Lift {
    exercise: String,
    sets: usize,
    reps: u32,
    /// The weight of week 1; 0 is body weight alone.
    start_kg: f64,
    step_kg: f64,
    /// Entries of [`STEPS`] for one step of weight.
    step_every: u32,
    warmups: bool,
}

/// Returns the last Sunday before a day: the programme ends with a complete week.
pub fn last_sunday_before(day: NaiveDate) -> NaiveDate {
    day - Days::new(u64::from(day.weekday().num_days_from_monday()) + 1)
}

/// Returns the first day of the programme that ends on a Sunday.
pub fn first_monday(ends_on: NaiveDate) -> NaiveDate {
    ends_on - Days::new(7 * WEEKS as u64 - 1)
}

/// Returns all workouts of the programme that ends on a Sunday, in order.
pub fn workouts(ends_on: NaiveDate) -> Result<Vec<DemoWorkout>> {
    let sessions: Vec<Session> = serde_json::from_str(include_str!("demo/sessions.json"))
        .context("demo/sessions.json is invalid")?;
    let mut workouts = Vec::new();
    for (index, (steps, rpe)) in STEPS.into_iter().zip(RPE).enumerate() {
        let monday = first_monday(ends_on) + Days::new(7 * index as u64);
        let week = Week { number: index + 1, monday, steps, rpe };
        workouts.extend(sessions.iter().map(|session| session.in_week(&week)));
    }
    Ok(workouts)
}

struct Week {
    number: usize,
    monday: NaiveDate,
    steps: u32,
    rpe: f64,
}

impl Session {
    fn in_week(&self, week: &Week) -> DemoWorkout {
        let date = week.monday + Days::new(self.days_after_monday);
        let lifts = match &self.overshoot_lifts {
            Some(lifts) if week.number == OVERSHOOT_WEEK => lifts,
            _ => &self.lifts,
        };
        let exercises: Vec<Value> = lifts
            .iter()
            .map(|lift| json!({ "exercise": lift.exercise, "sets": self.sets(lift, week) }))
            .collect();
        let Self { name, start, end, .. } = self;
        DemoWorkout {
            key: format!("demo-{date}"),
            body: json!({
                "title": format!("{name}, week {}", week.number),
                "started_at": format!("{date}T{start}{OFFSET}"),
                "ended_at": format!("{date}T{end}{OFFSET}"),
                "exercises": exercises,
            }),
        }
    }

    fn sets(&self, lift: &Lift, week: &Week) -> Vec<Value> {
        let (kg, rpe) = lift.in_week(week);
        let working = match (week.number == DELOAD_WEEK, self.deload_rounds_up) {
            (false, _) => lift.sets,
            (true, true) => lift.sets.div_ceil(2),
            (true, false) => lift.sets / 2,
        };
        let mut sets = Vec::new();
        for (share, reps) in WARMUPS.into_iter().filter(|_| lift.warmups) {
            let kg = (kg * share / PLATES_KG).round() * PLATES_KG;
            sets.push(json!({ "kind": "warmup", "weight_kg": kg, "reps": reps }));
        }
        for _ in 0..working {
            let mut set = json!({ "kind": "working", "reps": lift.reps, "rpe": rpe });
            if let (Some(fields), true) = (set.as_object_mut(), kg > 0.0) {
                fields.insert("weight_kg".to_owned(), json!(kg));
            }
            sets.push(set);
        }
        sets
    }
}

impl Lift {
    /// Returns weight in kg and RPE of the working sets.
    fn in_week(&self, week: &Week) -> (f64, f64) {
        let stuck = self.exercise == BENCH && week.number >= BENCH_STUCK_FROM_WEEK;
        let (steps, rpe) =
            if stuck { (BENCH_STUCK_STEPS, BENCH_STUCK_RPE) } else { (week.steps, week.rpe) };
        (self.start_kg + self.step_kg * f64::from(steps / self.step_every), rpe)
    }
}

#[cfg(test)]
mod tests;
