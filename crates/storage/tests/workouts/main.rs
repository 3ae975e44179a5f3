//! Workouts on real SQL: replays, changes, lists and the time zone of a start.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what failed by panicking"
)]

mod change;
mod create;
mod listing;

use chrono::DateTime;
use serde_json::{Value, json};
use shared_kernel::{TraceContext, WorkoutId};
use storage::workouts::{self, Content, Creation, Origin, StoredWorkout};
use storage::{Guarded, Idempotency, KeyProof};
use testkit::{Sqlite, run};
use training::Workout;
use uuid::Uuid;

/// 2026-11-23T12:00:00Z.
const NOW_MS: i64 = 1_795_435_200_000;

fn workout(started_at: &str, more: &Value) -> Workout {
    let mut document = json!({
        "started_at": started_at,
        "ended_at": started_at,
        "exercises": [{ "exercise": "pull-up", "sets": [{ "kind": "working", "reps": 10 }] }],
    });
    for (name, value) in more.as_object().into_iter().flatten() {
        document[name] = value.clone();
    }
    serde_json::from_value(document).unwrap()
}

fn id(n: u128) -> WorkoutId {
    WorkoutId(Uuid::from_u128(n))
}

fn origin(idempotency: Option<&Idempotency>, now_ms: i64) -> Origin<'_> {
    Origin { idempotency, trace: TraceContext::from_random([7; 24]), now_ms }
}

fn key(key: &str, hash: &str) -> Idempotency {
    Idempotency { key: key.to_owned(), request_hash: hash.to_owned() }
}

fn create(
    database: &Sqlite,
    proof: &KeyProof,
    n: u128,
    workout: &Workout,
    idempotency: Option<&Idempotency>,
) -> Guarded<Creation<StoredWorkout>> {
    let content = Content::of(workout).unwrap();
    run(workouts::create(database, proof, id(n), &content, &origin(idempotency, NOW_MS)))
}

fn at(text: &str) -> DateTime<chrono::FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}
