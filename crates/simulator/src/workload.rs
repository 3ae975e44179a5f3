//! The actions of athletes: they create, edit, delete and log live, from several devices at once.
//!
//! Thresholds without a source are project defaults.

use crate::rng::Rng;
use serde_json::{Value, json};

/// The number of athletes.
pub const ATHLETES: usize = 2;
/// Three in four actions come in bursts, so that much is in progress at once; the others at any time.
const BURSTS: i64 = 4;
const BURST_INTERVAL_MS: i64 = 75_000;
const BURST_MS: i64 = 3_000;
/// The seeds of which one has workouts of the largest size: their documents cost time.
const LARGE_SEEDS: u64 = 50;
const LARGE_EXERCISES: usize = 31;
const NOTES_CHARS: usize = 2_000;
/// Few exercises, so that workouts share a day, a week, an exercise and a weight.
const EXERCISES: [&str; 3] = ["barbell-bench-press", "pull-up", "barbell-row"];

/// A request that an athlete makes.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its position in the seed's workload, and a part of its `Idempotency-Key`.
    pub number: usize,
    /// Its time after the start of the run.
    pub after_ms: i64,
    pub athlete: usize,
    /// Selects one of the athlete's workouts so far.
    workout: usize,
    pub kind: ActionKind,
    pub body: Value,
}

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    Post,
    Put,
    Delete,
    AddSet,
    Complete,
}

impl ActionKind {
    /// Returns the method of the request.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Post | Self::AddSet | Self::Complete => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl Action {
    /// Returns the path of the request, given the ids of the athlete's workouts; `None` if the action
    /// needs a workout and there is none.
    pub fn path(&self, workout_ids: &[&str]) -> Option<String> {
        let sub_path = match self.kind {
            ActionKind::Post => return Some("/v1/workouts".to_owned()),
            ActionKind::Put | ActionKind::Delete => "",
            ActionKind::AddSet => "/sets",
            ActionKind::Complete => "/complete",
        };
        let id = self.select(workout_ids)?;
        Some(format!("/v1/workouts/{id}{sub_path}"))
    }

    /// Returns the body of a completion, given the athlete's workouts as they were posted: its end is
    /// on the day of the start. `None` for another kind of action.
    pub fn completion(&self, posted: &[&Value]) -> Option<Value> {
        let day = self.select(posted)?["started_at"].as_str()?.get(..10)?;
        (self.kind == ActionKind::Complete)
            .then(|| json!({ "ended_at": format!("{day}T12:30:00Z") }))
    }

    fn select<'a, T>(&self, workouts: &'a [T]) -> Option<&'a T> {
        workouts.get(self.workout.checked_rem(workouts.len())?)
    }

    /// Returns the `Idempotency-Key` of a request that creates a workout or a set.
    pub fn idempotency_key(&self) -> Option<String> {
        let is_keyed = matches!(self.kind, ActionKind::Post | ActionKind::AddSet);
        is_keyed.then(|| format!("action-{}", self.number))
    }
}

/// Returns the actions of a seed.
pub fn from_seed(seed: u64) -> Vec<Action> {
    let mut rng = Rng::new(seed, 3);
    let count = 10 + rng.index(21);
    let mut actions: Vec<_> = (0..count).map(|number| random_action(&mut rng, number)).collect();
    if seed % LARGE_SEEDS == 0 {
        actions.iter_mut().for_each(enlarge);
    }
    actions
}

/// Makes a workout nearly as large as a request may be, and leaves it open, in one burst with the others: the
/// sweep finds them together.
fn enlarge(action: &mut Action) {
    if action.kind != ActionKind::Post {
        return;
    }
    action.after_ms %= BURST_MS;
    let sets = action.body["exercises"][0]["sets"].take();
    let exercise = |index| {
        let sets = if index == 0 { sets.clone() } else { json!([]) };
        let notes = "💪".repeat(NOTES_CHARS);
        json!({ "exercise": EXERCISES[0], "notes": notes, "sets": sets })
    };
    let started_at = &action.body["started_at"];
    let exercises: Vec<_> = (0..LARGE_EXERCISES).map(exercise).collect();
    action.body = json!({ "started_at": started_at, "exercises": exercises });
}

fn random_action(rng: &mut Rng, number: usize) -> Action {
    let after_ms = if rng.below(4) == 0 {
        rng.ms(BURSTS * BURST_INTERVAL_MS)
    } else {
        rng.ms(BURSTS) * BURST_INTERVAL_MS + rng.ms(BURST_MS)
    };
    let athlete = rng.index(ATHLETES);
    let workout = rng.index(1_000);
    let (kind, body) = match rng.below(12) {
        0..=4 => (ActionKind::Post, random_workout(rng)),
        5 | 6 => (ActionKind::Put, random_workout(rng)),
        7 => (ActionKind::Delete, Value::Null),
        8 | 9 => (ActionKind::AddSet, random_logged_set(rng)),
        _ => (ActionKind::Complete, Value::Null),
    };
    Action { number, after_ms, athlete, workout, kind, body }
}

fn random_workout(rng: &mut Rng) -> Value {
    let exercises: Vec<_> = (0..=rng.below(2)).map(|_| random_exercise(rng)).collect();
    // A day of the previous week, which a report covers, or the current day.
    let day = 17 + rng.below(8);
    let started_at = format!("2026-11-{day}T08:00:00+01:00");
    let mut workout = json!({ "started_at": started_at, "exercises": exercises });
    if rng.below(3) > 0 {
        workout["ended_at"] = json!(format!("2026-11-{day}T09:30:00+01:00"));
    }
    workout
}

/// Returns an exercise with equal sets. One in four has enough to cross a landmark and form a pattern.
fn random_exercise(rng: &mut Rng) -> Value {
    let count = if rng.below(4) == 0 { 8 + rng.index(20) } else { 1 + rng.index(3) };
    let (weight_kg, reps) = (20 * (1 + rng.below(6)), 1 + rng.below(12));
    let set = json!({ "kind": "working", "weight_kg": weight_kg, "reps": reps });
    json!({ "exercise": EXERCISES[rng.index(EXERCISES.len())], "sets": vec![set; count] })
}

fn random_logged_set(rng: &mut Rng) -> Value {
    let mut exercise = random_exercise(rng);
    let mut set = exercise["sets"][0].take();
    set["exercise"] = exercise["exercise"].take();
    set
}
