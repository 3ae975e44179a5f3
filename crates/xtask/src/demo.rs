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

use chrono::{Datelike, Days, NaiveDate};
use serde_json::{Value, json};

pub const WEEKS: usize = 12;
const DELOAD_WEEK: usize = 6;
const OVERSHOOT_WEEK: usize = 11;
const BENCH_STUCK_FROM_WEEK: usize = 7;
const BENCH: &str = "barbell-bench-press";
const BENCH_STUCK_STEPS: u32 = 4;
const BENCH_STUCK_RPE: f64 = 9.0;

/// For each week: steps of weight above the first week, and the RPE of working sets.
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

/// An exercise of a session.
#[derive(Clone, Copy)]
struct Lift {
    slug: &'static str,
    sets: usize,
    reps: u32,
    /// The weight of week 1; 0 is body weight alone.
    start_kg: f64,
    step_kg: f64,
    /// Steps of the plan for one step of weight.
    step_every: u32,
    warmups: bool,
}

struct Session {
    name: &'static str,
    /// Days after Monday.
    day: u64,
    hours: (&'static str, &'static str),
    /// Whether a deload halves three sets to two or to one. The total is about half.
    deload_rounds_up: bool,
    lifts: &'static [Lift],
    /// The exercises of the overshoot week.
    overshoot: Option<&'static [Lift]>,
}

const EVENING: (&str, &str) = ("18:00:00", "19:15:00");
const MORNING: (&str, &str) = ("10:00:00", "11:20:00");

const SESSIONS: [Session; 4] = [
    Session {
        name: "Upper A",
        day: 0,
        hours: EVENING,
        deload_rounds_up: true,
        lifts: &UPPER_A,
        overshoot: Some(&UPPER_A_OVERSHOOT),
    },
    Session {
        name: "Lower A",
        day: 1,
        hours: EVENING,
        deload_rounds_up: true,
        lifts: &LOWER_A,
        overshoot: None,
    },
    Session {
        name: "Upper B",
        day: 3,
        hours: EVENING,
        deload_rounds_up: false,
        lifts: &UPPER_B,
        overshoot: Some(&UPPER_B_OVERSHOOT),
    },
    Session {
        name: "Lower B",
        day: 5,
        hours: MORNING,
        deload_rounds_up: false,
        lifts: &LOWER_B,
        overshoot: None,
    },
];

const BENCH_PRESS: Lift = heavy(BENCH, 4, 6, 80.0, 2.5, 1);
const BARBELL_ROW: Lift = heavy("barbell-row", 4, 8, 65.0, 2.5, 2);
const OVERHEAD_PRESS: Lift = light("overhead-press", 3, 8, 42.5, 2.5, 4);
const LAT_PULLDOWN: Lift = light("lat-pulldown", 3, 10, 60.0, 2.5, 2);
const LATERAL_RAISE: Lift = light("lateral-raise", 3, 15, 10.0, 1.0, 5);
const BARBELL_CURL: Lift = light("barbell-curl", 3, 10, 30.0, 2.5, 4);
const PUSHDOWN: Lift = light("triceps-pushdown", 3, 12, 25.0, 2.5, 4);
const INCLINE_PRESS: Lift = heavy("incline-dumbbell-press", 4, 9, 26.0, 2.0, 5);
const PULL_UP: Lift = light("pull-up", 4, 7, 2.5, 1.25, 2);
const CABLE_FLY: Lift = light("cable-fly", 3, 12, 15.0, 1.25, 5);
const CABLE_ROW: Lift = light("seated-cable-row", 3, 10, 60.0, 2.5, 2);
const FACE_PULL: Lift = light("face-pull", 3, 15, 20.0, 2.5, 5);
const HAMMER_CURL: Lift = light("hammer-curl", 3, 10, 14.0, 2.0, 5);
const SKULL_CRUSHER: Lift = light("skull-crusher", 3, 10, 27.5, 2.5, 4);

const UPPER_A: [Lift; 7] =
    [BENCH_PRESS, BARBELL_ROW, OVERHEAD_PRESS, LAT_PULLDOWN, LATERAL_RAISE, BARBELL_CURL, PUSHDOWN];

/// The pec deck replaces the overhead press, so that the front delts stay below their MRV.
const UPPER_A_OVERSHOOT: [Lift; 7] = [
    Lift { sets: 6, ..BENCH_PRESS },
    BARBELL_ROW,
    light("pec-deck", 4, 12, 55.0, 0.0, 1),
    LAT_PULLDOWN,
    LATERAL_RAISE,
    BARBELL_CURL,
    PUSHDOWN,
];

const LOWER_A: [Lift; 6] = [
    heavy("barbell-back-squat", 4, 6, 100.0, 2.5, 1),
    heavy("romanian-deadlift", 3, 8, 80.0, 2.5, 1),
    light("leg-press", 3, 10, 160.0, 5.0, 1),
    light("lying-leg-curl", 3, 10, 40.0, 2.5, 3),
    light("standing-calf-raise", 4, 12, 80.0, 5.0, 3),
    light("hanging-leg-raise", 3, 12, 0.0, 0.0, 1),
];

const UPPER_B: [Lift; 8] = [
    INCLINE_PRESS,
    PULL_UP,
    CABLE_FLY,
    CABLE_ROW,
    FACE_PULL,
    LATERAL_RAISE,
    HAMMER_CURL,
    SKULL_CRUSHER,
];

const UPPER_B_OVERSHOOT: [Lift; 9] = [
    Lift { sets: 6, ..INCLINE_PRESS },
    PULL_UP,
    Lift { sets: 6, ..CABLE_FLY },
    light("machine-chest-press", 4, 10, 60.0, 0.0, 1),
    CABLE_ROW,
    FACE_PULL,
    LATERAL_RAISE,
    HAMMER_CURL,
    SKULL_CRUSHER,
];

const LOWER_B: [Lift; 6] = [
    heavy("deadlift", 3, 5, 120.0, 2.5, 1),
    heavy("front-squat", 3, 8, 70.0, 2.5, 2),
    light("hip-thrust", 3, 10, 90.0, 5.0, 2),
    light("leg-extension", 2, 12, 50.0, 2.5, 3),
    light("seated-calf-raise", 4, 15, 40.0, 2.5, 3),
    light("cable-crunch", 3, 15, 35.0, 2.5, 3),
];

/// An exercise with warm-up sets.
const fn heavy(
    slug: &'static str,
    sets: usize,
    reps: u32,
    start_kg: f64,
    step_kg: f64,
    step_every: u32,
) -> Lift {
    Lift { slug, sets, reps, start_kg, step_kg, step_every, warmups: true }
}

/// An exercise without warm-up sets, after heavy ones.
const fn light(
    slug: &'static str,
    sets: usize,
    reps: u32,
    start_kg: f64,
    step_kg: f64,
    step_every: u32,
) -> Lift {
    Lift { warmups: false, ..heavy(slug, sets, reps, start_kg, step_kg, step_every) }
}

/// Returns the last Sunday before a day: the programme ends with a complete week.
pub fn last_sunday_before(day: NaiveDate) -> NaiveDate {
    let days = u64::from(day.weekday().num_days_from_sunday());
    minus_days(day, if days == 0 { 7 } else { days })
}

/// Returns the first day of the programme that ends on a Sunday.
pub fn first_monday(ends_on: NaiveDate) -> NaiveDate {
    minus_days(ends_on, 7 * WEEKS as u64 - 1)
}

/// Returns all workouts of the programme that ends on a Sunday, in order.
pub fn workouts(ends_on: NaiveDate) -> Vec<DemoWorkout> {
    let mut workouts = Vec::new();
    for (index, (steps, rpe)) in PLAN.into_iter().enumerate() {
        let monday = plus_days(first_monday(ends_on), 7 * index as u64);
        for session in &SESSIONS {
            workouts.push(session.in_week(Week { number: index + 1, monday, steps, rpe }));
        }
    }
    workouts
}

#[derive(Clone, Copy)]
struct Week {
    number: usize,
    monday: NaiveDate,
    steps: u32,
    rpe: f64,
}

impl Session {
    fn in_week(&self, week: Week) -> DemoWorkout {
        let date = plus_days(week.monday, self.day);
        let lifts = match self.overshoot {
            Some(lifts) if week.number == OVERSHOOT_WEEK => lifts,
            _ => self.lifts,
        };
        let exercises: Vec<Value> = lifts
            .iter()
            .map(|lift| json!({ "exercise": lift.slug, "sets": self.sets(*lift, week) }))
            .collect();
        let (start, end) = self.hours;
        DemoWorkout {
            key: format!("demo-{date}"),
            body: json!({
                "title": format!("{}, week {}", self.name, week.number),
                "started_at": format!("{date}T{start}{OFFSET}"),
                "ended_at": format!("{date}T{end}{OFFSET}"),
                "exercises": exercises,
            }),
        }
    }

    fn sets(&self, lift: Lift, week: Week) -> Vec<Value> {
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
    fn in_week(self, week: Week) -> (f64, f64) {
        let stuck = self.slug == BENCH && week.number >= BENCH_STUCK_FROM_WEEK;
        let (steps, rpe) =
            if stuck { (BENCH_STUCK_STEPS, BENCH_STUCK_RPE) } else { (week.steps, week.rpe) };
        (self.start_kg + self.step_kg * f64::from(steps / self.step_every), rpe)
    }
}

/// Only the ends of chrono's calendar, 262,000 years away, overflow.
fn plus_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days)).unwrap_or(date)
}

fn minus_days(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(days)).unwrap_or(date)
}

#[cfg(test)]
mod tests;
