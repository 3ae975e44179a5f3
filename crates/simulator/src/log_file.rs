//! Training logs of another app that athletes import: which sessions they have, and their text.
//!
//! The sessions of files are in the evening, those of other workouts in the morning: so an imported workout is
//! recognised, and no other workout is taken for the same session. Numbers without a source are project defaults.

use crate::rng::Rng;
use chrono::{Days, NaiveDate};
use interchange::{hevy_header, hevy_rows};
use serde_json::{Value, json};
use training::{Exercise, Workout};

/// Few exercises, so that workouts share a day, a week, an exercise and a weight.
pub const EXERCISES: [&str; 3] = ["barbell-bench-press", "pull-up", "barbell-row"];
/// The path of a POST of a file.
pub const IMPORTS: &str = "/v1/imports";
/// The last day of recent and of old files.
const LAST_DAYS: [&str; 2] = ["2026-11-22", "2026-07-30"];
/// Sessions of most files, at most.
const SESSIONS_MAX: usize = 6;
/// One file in eight has more sessions than a slice may have, 50.
const LARGE_FILES: u64 = 8;
/// The name and the slug of an exercise that no catalogue has.
const UNKNOWN_NAME: &str = "Zygomorphic Lift";
const UNKNOWN_SLUG: &str = "zygomorphic-lift";

/// A session of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub started_at_ms: i64,
    /// Sets of exercises that the catalogue has.
    pub known_sets: u64,
    /// Sets of the exercise with the unknown name.
    pub unknown_sets: u64,
    rows: String,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogFile(pub Vec<Session>);

impl LogFile {
    /// Returns a random file with a session a day, which starts at an hour.
    pub fn random(rng: &mut Rng, hour: u32) -> Self {
        let count = if rng.below(LARGE_FILES) == 0 {
            51 + rng.index(60)
        } else {
            1 + rng.index(SESSIONS_MAX)
        };
        let last_day: NaiveDate = LAST_DAYS[rng.index(2)].parse().unwrap();
        let has_unknown = rng.below(3) == 0;
        let session = |n: usize| {
            let day = last_day - Days::new(n as u64);
            random_session(rng, &format!("{day}T{hour}"), has_unknown)
        };
        Self((0..count).map(session).collect())
    }

    /// Returns a file with every second session of this one, and those of another.
    pub fn overlapping(&self, other: &Self) -> Self {
        Self(self.0.iter().step_by(2).chain(&other.0).cloned().collect())
    }

    /// Returns the text of the file.
    pub fn text(&self) -> String {
        let rows = self.0.iter().map(|session| session.rows.as_str());
        [hevy_header()].iter().map(String::as_str).chain(rows).collect()
    }
}

fn random_session(rng: &mut Rng, hour: &str, has_unknown: bool) -> Session {
    let set = |weight_kg| json!({ "kind": "working", "weight_kg": weight_kg, "reps": 5 });
    let (known_sets, weight_kg) = (1 + rng.below(4), 20 * (1 + rng.below(6)));
    let unknown_sets = if has_unknown && rng.below(2) == 0 { 1 + rng.below(2) } else { 0 };
    let exercise = EXERCISES[rng.index(EXERCISES.len())];
    let entry = |slug: &str, sets: u64| {
        let sets: Vec<_> = (0..sets).map(|_| set(weight_kg)).collect();
        json!({ "exercise": slug, "sets": sets })
    };
    let entries = [entry(exercise, known_sets), entry(UNKNOWN_SLUG, unknown_sets)];
    let workout: Workout = serde_json::from_value(json!({
        "title": "Evening",
        "started_at": format!("{hour}:00:00Z"),
        "ended_at": format!("{hour}:50:00Z"),
        "exercises": entries,
    }))
    .unwrap();
    let name_of =
        |slug: &str| Exercise::find(slug).map_or(UNKNOWN_NAME, |exercise| exercise.name).to_owned();
    Session {
        started_at_ms: workout.started_at.timestamp_millis(),
        known_sets,
        unknown_sets,
        rows: hevy_rows(&workout, name_of),
    }
}

/// Returns the body that maps the unknown name.
pub fn mapping() -> Value {
    json!({ "mapping": { UNKNOWN_NAME: EXERCISES[0] } })
}

/// True of a workout of a file: it started in the evening, after 16:00 UTC.
pub const IS_IMPORTED: &str = "started_at_ms % 86400000 >= 57600000";
