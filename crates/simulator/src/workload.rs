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
/// Few exercises, so that workouts share a day, a week, an exercise and a weight.
const EXERCISES: [&str; 3] = ["barbell-bench-press", "pull-up", "barbell-row"];

/// One request that an athlete makes, with its retries.
#[derive(Clone, Debug)]
pub struct Action {
    /// Its position in the seed's workload, and a part of its `Idempotency-Key`.
    pub number: usize,
    /// Its time after the start of the run.
    pub after_ms: i64,
    pub athlete: usize,
    pub kind: ActionKind,
}

/// A kind of request. The number selects one of the athlete's workouts so far.
#[derive(Clone, Debug)]
pub enum ActionKind {
    Post(WorkoutInput),
    Put(usize, WorkoutInput),
    Delete(usize),
    AddSet(usize, Block),
    Complete(usize),
}

/// A workout as an athlete enters it.
#[derive(Clone, Debug)]
pub struct WorkoutInput {
    /// The day of November 2026.
    day: u64,
    has_ended: bool,
    blocks: Vec<Block>,
}

/// Equal sets of one exercise.
#[derive(Clone, Debug)]
pub struct Block {
    exercise: usize,
    weight_kg: u64,
    reps: u64,
    count: usize,
}

impl Block {
    fn random(rng: &mut Rng) -> Self {
        // One in four has enough sets to cross a landmark and form a pattern.
        let count = if rng.below(4) == 0 { 8 + rng.index(20) } else { 1 + rng.index(3) };
        let (weight_kg, reps) = (20 * (1 + rng.below(6)), 1 + rng.below(12));
        Self { exercise: rng.index(EXERCISES.len()), weight_kg, reps, count }
    }

    fn set(&self) -> Value {
        json!({ "kind": "working", "weight_kg": self.weight_kg, "reps": self.reps })
    }

    fn logged_set(&self) -> Value {
        let mut set = self.set();
        set["exercise"] = json!(EXERCISES[self.exercise]);
        set
    }

    fn to_json(&self) -> Value {
        json!({ "exercise": EXERCISES[self.exercise], "sets": vec![self.set(); self.count] })
    }
}

impl WorkoutInput {
    fn random(rng: &mut Rng) -> Self {
        let blocks = (0..=rng.below(2)).map(|_| Block::random(rng)).collect();
        // A day of the week before, whose report is due, or the day itself.
        Self { day: 16 + rng.below(8), has_ended: rng.below(3) > 0, blocks }
    }

    /// Returns the number of its sets.
    pub fn sets(&self) -> u64 {
        self.blocks.iter().map(|block| block.count as u64).sum()
    }

    fn to_json(&self) -> Value {
        let started_at = format!("2026-11-{}T08:00:00+01:00", self.day);
        let exercises: Vec<_> = self.blocks.iter().map(Block::to_json).collect();
        let mut workout = json!({ "started_at": started_at, "exercises": exercises });
        if self.has_ended {
            workout["ended_at"] = json!(format!("2026-11-{}T09:30:00+01:00", self.day));
        }
        workout
    }
}

impl Action {
    /// Returns the method and the body of the request.
    pub fn method_and_body(&self) -> (&'static str, Value) {
        match &self.kind {
            ActionKind::Post(workout) => ("POST", workout.to_json()),
            ActionKind::Put(_, workout) => ("PUT", workout.to_json()),
            ActionKind::Delete(_) => ("DELETE", Value::Null),
            ActionKind::AddSet(_, block) => ("POST", block.logged_set()),
            ActionKind::Complete(_) => ("POST", json!({ "ended_at": "2026-11-23T12:30:00Z" })),
        }
    }

    /// Returns the path of the request, given the ids of the athlete's workouts; `None` if the action
    /// needs a workout and there is none.
    pub fn path(&self, workout_ids: &[&str]) -> Option<String> {
        let workout = |number: &usize, rest: &str| {
            let id = workout_ids.get(number.checked_rem(workout_ids.len())?)?;
            Some(format!("/v1/workouts/{id}{rest}"))
        };
        match &self.kind {
            ActionKind::Post(_) => Some("/v1/workouts".to_owned()),
            ActionKind::Put(number, _) | ActionKind::Delete(number) => workout(number, ""),
            ActionKind::AddSet(number, _) => workout(number, "/sets"),
            ActionKind::Complete(number) => workout(number, "/complete"),
        }
    }

    /// Returns the `Idempotency-Key` of a request that creates a workout or a set.
    pub fn idempotency_key(&self) -> Option<String> {
        let creates = matches!(self.kind, ActionKind::Post(_) | ActionKind::AddSet(..));
        creates.then(|| format!("action-{}", self.number))
    }
}

/// Returns the actions of a seed.
pub fn from_seed(seed: u64) -> Vec<Action> {
    let mut rng = Rng::new(seed, 3);
    let count = 10 + rng.index(21);
    (0..count)
        .map(|number| {
            let after_ms = if rng.below(4) == 0 {
                rng.ms(BURSTS * BURST_INTERVAL_MS)
            } else {
                rng.ms(BURSTS) * BURST_INTERVAL_MS + rng.ms(BURST_MS)
            };
            let athlete = rng.index(ATHLETES);
            let workout = rng.index(1_000);
            let kind = match rng.below(12) {
                0..=4 => ActionKind::Post(WorkoutInput::random(&mut rng)),
                5 | 6 => ActionKind::Put(workout, WorkoutInput::random(&mut rng)),
                7 => ActionKind::Delete(workout),
                8 | 9 => ActionKind::AddSet(workout, Block::random(&mut rng)),
                _ => ActionKind::Complete(workout),
            };
            Action { number, after_ms, athlete, kind }
        })
        .collect()
}
