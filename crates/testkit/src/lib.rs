//! Ports for native tests: the real SQL on SQLite, sinks and mailers that record, a clock that a
//! test moves. For tests only.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod databases;
mod outgoing;
mod rate_limit;
mod recording;
mod rows_written;
mod sqlite;
mod vault;

pub use databases::{Databases, HasAthletes};
pub use outgoing::{DeferredTasks, Receivers, YieldingTimer, http_response};
pub use rate_limit::{CountingRateLimiter, Unlimited};
pub use recording::{
    FixedClock, FixedEntropy, IanaTimeZones, RecordingMailer, RecordingModel, RecordingSink,
};
pub use sqlite::{DatabaseFault, Sqlite};
pub use vault::TestVault;

use platform::consumer::{Consumer, RawMessage};
use platform::{PipelineMetrics, Registry, Usage};
use shared_kernel::{AthleteId, Event, EventData, EventId, MessageResult, Queue};
use std::future::Future;
use std::path::Path;
use storage::athletes::{self, NewAthlete};
use storage::keys::NewKey;
use storage::{KeyProof, Scope, Shards};
use uuid::Uuid;

/// Runs a future to completion.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

/// Returns migrated databases, and shards over them.
pub fn databases() -> (Databases, Shards) {
    let databases = Databases::migrated();
    let shards = databases.shards();
    (databases, shards)
}

/// Returns migrated databases in new files of a folder, and shards over them.
pub fn databases_in(folder: &Path) -> (Databases, Shards) {
    let databases = Databases::migrated_in(folder);
    let shards = databases.shards();
    (databases, shards)
}

/// Returns the id of test athlete `n`, whose last byte is that of `n`: it chooses the database.
pub fn athlete_id(n: u128) -> AthleteId {
    AthleteId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n))
}

/// Stores test athlete `n` with an email address and a key, and returns the key.
pub fn create_athlete(database: &impl HasAthletes, n: u128) -> KeyProof {
    let key = NewKey {
        athlete_id: athlete_id(n),
        key_id: format!("{n:016x}"),
        secret_hash: format!("{n:064x}"),
        name: "test".to_owned(),
        scopes: Scope::ALL.into(),
        expires_at_ms: None,
    };
    let profile = NewAthlete {
        display_name: format!("Athlete {n}"),
        email: Some(format!("athlete{n}@example.com")),
        email_confirmed: true,
    };
    let database = database.database_of(key.athlete_id);
    run(athletes::create(database, &profile, &key, 0)).expect("the athlete is stored");
    key_proof(&key, Scope::Write)
}

/// Returns the proof of a key for a call that requires a scope, at time 0.
pub fn key_proof(key: &NewKey, scope: Scope) -> KeyProof {
    KeyProof {
        athlete_id: key.athlete_id,
        key_id: key.key_id.clone(),
        secret_hash: key.secret_hash.clone(),
        scope,
        now_ms: 0,
    }
}

/// The trace id of every event that [`message`] creates.
pub const TRACE_ID: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// Returns a message with an event, at its first delivery. Equal data gives an equal event id.
pub fn message(data: impl Into<EventData>) -> RawMessage {
    let data = data.into();
    let id = EventId::derived(&[&format!("{data:?}")]);
    let event = Event {
        id,
        source: "/test".to_owned(),
        subject: "test".to_owned(),
        time: "2026-11-23T11:59:58Z".parse().unwrap(),
        trace: format!("00-{TRACE_ID}-00f067aa0ba902b7-01").parse().unwrap(),
        correlation_id: "test".to_owned(),
        causation_id: None,
        data,
    };
    RawMessage { id: id.to_string(), body: event.encode().unwrap(), attempts: 1 }
}

/// Consumes a batch with a worker's handlers, at 2026-11-23T12:00:00Z.
pub fn consume(
    registry: &Registry,
    shards: &Shards,
    sink: &RecordingSink,
    queue: Queue,
    messages: &[RawMessage],
) -> Vec<MessageResult> {
    let usage = Usage::default();
    let clock = FixedClock::at("2026-11-23T12:00:00Z");
    let metrics = PipelineMetrics::default();
    let consumer = Consumer {
        worker: "test",
        registry,
        sink,
        shards,
        clock: &clock,
        usage: &usage,
        metrics: &metrics,
    };
    run(consumer.consume(queue, messages))
}
