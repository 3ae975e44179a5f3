//! What athletes do: they create, edit, delete and log live, from several devices at once.

use crate::dice::Dice;
use serde_json::{Value, json};

/// How many athletes there are.
pub const ATHLETES: usize = 2;
/// Most is done in bursts, so that much is under way at once: at this many moments,
const BURSTS: i64 = 4;
/// so far from each other,
const BETWEEN_BURSTS_MS: i64 = 75_000;
/// each of so long. The rest is done at any time of the whole.
const BURST_MS: i64 = 3_000;
/// Few enough that workouts meet: in a day, a week, an exercise, a weight.
const EXERCISES: [&str; 3] = ["barbell-bench-press", "pull-up", "barbell-row"];

/// Something that an athlete does.
#[derive(Clone, Debug)]
pub struct Action {
    /// Which of the seed's, and what its Idempotency-Key is made of.
    pub number: usize,
    /// When, after the start.
    pub after_ms: i64,
    /// Who.
    pub athlete: usize,
    /// What.
    pub kind: Kind,
}

/// What it is. A number stands for one of the athlete's workouts so far.
#[derive(Clone, Debug)]
pub enum Kind {
    /// POST of a workout.
    Post(Entered),
    /// PUT of a workout.
    Put(usize, Entered),
    /// DELETE of a workout.
    Delete(usize),
    /// POST of a set.
    AddSet(usize, Sets),
    /// POST of the end.
    Complete(usize),
}

/// A workout as it is entered.
#[derive(Clone, Debug)]
pub struct Entered {
    day: u64,
    ended: bool,
    blocks: Vec<Sets>,
}

/// Some equal sets.
#[derive(Clone, Debug)]
pub struct Sets {
    exercise: usize,
    weight: u64,
    reps: u64,
    count: usize,
}

impl Sets {
    fn roll(dice: &mut Dice) -> Self {
        // Now and then as many as cross a landmark and make a pattern.
        let count = if dice.below(4) == 0 { 8 + dice.index(20) } else { 1 + dice.index(3) };
        let (weight, reps) = (20 * (1 + dice.below(6)), 1 + dice.below(12));
        Self { exercise: dice.index(EXERCISES.len()), weight, reps, count }
    }

    fn one(&self) -> Value {
        json!({ "kind": "working", "weight_kg": self.weight, "reps": self.reps })
    }

    /// The body of a set that is logged live.
    pub fn logged(&self) -> Value {
        let mut set = self.one();
        set["exercise"] = json!(EXERCISES[self.exercise]);
        set
    }
}

impl Entered {
    fn roll(dice: &mut Dice) -> Self {
        let blocks = (0..=dice.below(2)).map(|_| Sets::roll(dice)).collect();
        // The week before, which is reported on, and the day itself.
        Self { day: 16 + dice.below(8), ended: dice.below(3) > 0, blocks }
    }

    /// How many sets it has.
    pub fn sets(&self) -> u64 {
        self.blocks.iter().map(|sets| sets.count as u64).sum()
    }

    /// The body.
    pub fn json(&self) -> Value {
        let block = |sets: &Sets| json!({ "exercise": EXERCISES[sets.exercise], "sets": vec![sets.one(); sets.count] });
        let started_at = format!("2026-11-{}T08:00:00+01:00", self.day);
        let exercises: Vec<_> = self.blocks.iter().map(block).collect();
        let mut workout = json!({ "started_at": started_at, "exercises": exercises });
        if self.ended {
            workout["ended_at"] = json!(format!("2026-11-{}T09:30:00+01:00", self.day));
        }
        workout
    }
}

/// What the athletes of a seed do.
pub fn of_seed(seed: u64) -> Vec<Action> {
    let mut dice = Dice::new(seed, 3);
    let count = 10 + dice.index(21);
    (0..count)
        .map(|number| {
            let after_ms = if dice.below(4) == 0 {
                dice.ms(BURSTS * BETWEEN_BURSTS_MS)
            } else {
                dice.ms(BURSTS) * BETWEEN_BURSTS_MS + dice.ms(BURST_MS)
            };
            let athlete = dice.index(ATHLETES);
            let which = dice.index(1_000);
            let kind = match dice.below(12) {
                0..=4 => Kind::Post(Entered::roll(&mut dice)),
                5 | 6 => Kind::Put(which, Entered::roll(&mut dice)),
                7 => Kind::Delete(which),
                8 | 9 => Kind::AddSet(which, Sets::roll(&mut dice)),
                _ => Kind::Complete(which),
            };
            Action { number, after_ms, athlete, kind }
        })
        .collect()
}
