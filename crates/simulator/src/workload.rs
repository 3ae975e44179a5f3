//! The actions of athletes: they create, edit, delete and log live, from several devices at once.
//!
//! Thresholds without a source are project defaults.

use crate::log_file::{self, EXERCISES, IMPORTS, LogFile};
use crate::rng::Rng;
use serde_json::{Value, json};
use std::rc::Rc;

/// The number of athletes.
pub const ATHLETES: usize = 2;
/// Three in four actions come in bursts, so that much is in progress at once; the others at any time.
const BURSTS: i64 = 4;
const BURST_INTERVAL_MS: i64 = 75_000;
const BURST_MS: i64 = 3_000;
/// The duration of a contest: some batches of aggregation.
const CONTEST_MS: i64 = 12_000;
/// The seeds of which one has workouts of the largest size: their documents cost time.
const LARGE_SEEDS: u64 = 50;
const LARGE_EXERCISES: usize = 31;
const NOTES_CHARS: usize = 2_000;

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
    /// JSON, or the text of a file.
    pub body: Value,
    /// The file of an import.
    pub file: Option<Rc<LogFile>>,
}

/// A kind of request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActionKind {
    Post,
    Put,
    /// Replaces a workout by itself as it was posted, with another title.
    Retitle,
    Delete,
    AddSet,
    Complete,
    /// Imports a file.
    Import,
    /// Maps the unknown name of an import.
    Map,
}

impl ActionKind {
    /// Returns the method of the request.
    pub const fn method(self) -> &'static str {
        match self {
            Self::Post | Self::AddSet | Self::Complete | Self::Import => "POST",
            Self::Put | Self::Retitle | Self::Map => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

impl Action {
    /// Returns the path of the request, given the ids of the athlete's workouts and imports; `None` if the action
    /// needs one and there is none.
    pub fn path(&self, workout_ids: &[&str], import_ids: &[&str]) -> Option<String> {
        let sub_path = match self.kind {
            ActionKind::Post => return Some("/v1/workouts".to_owned()),
            ActionKind::Import => return Some(IMPORTS.to_owned()),
            ActionKind::Map => {
                return Some(format!("{IMPORTS}/{}/mapping", self.select(import_ids)?));
            }
            ActionKind::Put | ActionKind::Retitle | ActionKind::Delete => "",
            ActionKind::AddSet => "/sets",
            ActionKind::Complete => "/complete",
        };
        let id = self.select(workout_ids)?;
        Some(format!("/v1/workouts/{id}{sub_path}"))
    }

    /// Returns the body that depends on the workout as it was posted, given the athlete's workouts: that of
    /// a completion ends on the day of the start, that of a new title is the workout itself. `None` for
    /// another kind of action.
    pub fn dependent_body(&self, posted: &[&Value]) -> Option<Value> {
        let workout = *self.select(posted)?;
        match self.kind {
            ActionKind::Complete => {
                let day = workout["started_at"].as_str()?.get(..10)?;
                Some(json!({ "ended_at": format!("{day}T12:30:00Z") }))
            }
            ActionKind::Retitle => {
                let mut workout = workout.clone();
                workout["title"] = json!(format!("Title {}", self.number));
                Some(workout)
            }
            ActionKind::Post
            | ActionKind::Put
            | ActionKind::Delete
            | ActionKind::AddSet
            | ActionKind::Import
            | ActionKind::Map => None,
        }
    }

    fn select<'a, T>(&self, workouts: &'a [T]) -> Option<&'a T> {
        workouts.get(self.workout.checked_rem(workouts.len())?)
    }

    /// Returns the `Idempotency-Key` of a request that creates a workout, a set or an import.
    pub fn idempotency_key(&self) -> Option<String> {
        let is_keyed =
            matches!(self.kind, ActionKind::Post | ActionKind::AddSet | ActionKind::Import);
        is_keyed.then(|| format!("action-{}", self.number))
    }
}

/// Returns the actions of a seed.
pub fn from_seed(seed: u64) -> Vec<Action> {
    let mut rng = Rng::new(seed, 3);
    let theme = Theme::from_seed(seed);
    if theme == Theme::Contest {
        return contest(&mut rng);
    }
    let count = 10 + rng.index(21);
    let era = Era::from_seed(seed);
    let mut actions: Vec<_> =
        (0..count).map(|number| random_action(&mut rng, number, era)).collect();
    if seed.is_multiple_of(LARGE_SEEDS) {
        actions.iter_mut().for_each(enlarge);
    }
    if theme == Theme::Imports {
        add_imports(&mut rng, &mut actions);
    }
    actions
}

/// The situation that a seed makes frequent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Plain,
    /// The sweep's job for slices of imports fails for the whole run, which has no imports.
    FailingJob,
    /// The athletes import files.
    Imports,
    /// Workouts of one athlete take records from each other while those are announced.
    Contest,
}

impl Theme {
    /// Returns the theme of a seed.
    pub const fn from_seed(seed: u64) -> Self {
        match seed % 5 {
            1 => Self::FailingJob,
            2 | 3 => Self::Imports,
            4 => Self::Contest,
            _ => Self::Plain,
        }
    }
}

/// Adds imports of two files that share sessions. Each file may be imported several times, at once or later, and by
/// both athletes.
fn add_imports(rng: &mut Rng, actions: &mut Vec<Action>) {
    let first = LogFile::random(rng, 17);
    let second = first.overlapping(&LogFile::random(rng, 20));
    let files = [Rc::new(first), Rc::new(second)];
    let burst_ms = rng.ms(BURSTS) * BURST_INTERVAL_MS;
    for _ in 0..2 + rng.index(4) {
        let number = actions.len();
        let file = Rc::clone(&files[rng.index(files.len())]);
        let is_in_burst = rng.below(3) > 0;
        let after_ms = if is_in_burst {
            burst_ms + rng.ms(BURST_MS)
        } else {
            rng.ms(BURSTS * BURST_INTERVAL_MS)
        };
        let (athlete, body) = (usize::from(rng.below(4) == 0), Value::String(file.text()));
        let (kind, workout, file) = (ActionKind::Import, 0, Some(file));
        actions.push(Action { number, after_ms, athlete, workout, kind, body, file });
    }
    for _ in 0..rng.index(4) {
        let (number, workout, athlete) =
            (actions.len(), rng.index(1_000), usize::from(rng.below(4) == 0));
        let after_ms = burst_ms + rng.ms(2 * BURST_INTERVAL_MS);
        let (kind, body) = (ActionKind::Map, log_file::mapping());
        actions.push(Action { number, after_ms, athlete, workout, kind, body, file: None });
    }
}

/// Workouts of one athlete on one day within some seconds, each with two of the three exercises and heavier than those
/// before: each takes a part of the records of another, which may not have been announced yet. Some are retitled.
fn contest(rng: &mut Rng) -> Vec<Action> {
    let count = 10 + rng.index(11);
    let action = |number: usize| {
        let after_ms = rng.ms(CONTEST_MS);
        let left_out = rng.index(EXERCISES.len());
        let exercise = |slug: &&str| {
            let weight_kg = 20 + after_ms / 100;
            let set = json!({ "kind": "working", "weight_kg": weight_kg, "reps": 5 });
            json!({ "exercise": slug, "sets": [set] })
        };
        let exercises = EXERCISES.iter().enumerate().filter(|(index, _)| *index != left_out);
        let exercises: Vec<_> = exercises.map(|(_, slug)| exercise(slug)).collect();
        let (kind, body) = match rng.below(6) {
            0 => (ActionKind::Retitle, Value::Null),
            _ => (
                ActionKind::Post,
                json!({
                    "started_at": format!("2026-11-24T06:{number:02}:00+01:00"),
                    "ended_at": "2026-11-24T09:30:00+01:00",
                    "exercises": exercises,
                }),
            ),
        };
        Action { number, after_ms, athlete: 0, workout: rng.index(1_000), kind, body, file: None }
    };
    (0..count).map(action).collect()
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

/// When the workouts of a seed took place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Era {
    Recent,
    /// One workout in four is of this summer.
    Mixed,
    /// All are of this summer: an athlete enters an old log, changes it and deletes it.
    LongAgo,
}

impl Era {
    fn from_seed(seed: u64) -> Self {
        match Rng::new(seed, 4).below(8) {
            0 => Self::LongAgo,
            1 | 2 => Self::Mixed,
            _ => Self::Recent,
        }
    }
}

fn random_action(rng: &mut Rng, number: usize, era: Era) -> Action {
    let after_ms = if rng.below(4) == 0 {
        rng.ms(BURSTS * BURST_INTERVAL_MS)
    } else {
        rng.ms(BURSTS) * BURST_INTERVAL_MS + rng.ms(BURST_MS)
    };
    let athlete = rng.index(ATHLETES);
    let workout = rng.index(1_000);
    let (kind, body) = match rng.below(14) {
        0..=4 => (ActionKind::Post, random_workout(rng, era)),
        5 | 6 => (ActionKind::Put, random_workout(rng, era)),
        7 => (ActionKind::Delete, Value::Null),
        8 | 9 => (ActionKind::AddSet, random_logged_set(rng)),
        10 | 11 => (ActionKind::Retitle, Value::Null),
        _ => (ActionKind::Complete, Value::Null),
    };
    Action { number, after_ms, athlete, workout, kind, body, file: None }
}

fn random_workout(rng: &mut Rng, era: Era) -> Value {
    let exercises: Vec<_> = (0..=rng.below(2)).map(|_| random_exercise(rng)).collect();
    // A day of the previous week, which a report covers, or the current day.
    let is_recent = match era {
        Era::Recent => true,
        Era::Mixed => rng.below(4) > 0,
        Era::LongAgo => false,
    };
    let (month, day) = if is_recent { (11, 17 + rng.below(8)) } else { (7, 10 + rng.below(21)) };
    let day = format!("2026-{month:02}-{day}");
    let started_at = format!("{day}T0{}:00:00+01:00", 8 - rng.below(3));
    let mut workout = json!({ "started_at": started_at, "exercises": exercises });
    if rng.below(3) > 0 {
        workout["ended_at"] = json!(format!("{day}T09:30:00+01:00"));
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
