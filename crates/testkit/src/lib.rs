//! What native tests run on: the real SQL on SQLite, sinks and mailers that record, a clock that
//! stands. For tests only.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test says what failed by panicking"
)]

mod recording;
mod sqlite;

pub use recording::{FixedClock, FixedEntropy, RecordingMailer, RecordingSink};
pub use sqlite::{Fault, Sqlite};

use shared_kernel::AthleteId;
use std::future::Future;
use std::rc::Rc;
use storage::athletes::{self, NewAthlete};
use storage::{KeyProof, Shards};
use uuid::Uuid;

/// Runs a future to its end.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    futures::executor::block_on(future)
}

/// A migrated database, and the shards over it.
pub fn database() -> (Rc<Sqlite>, Shards) {
    let database = Rc::new(Sqlite::migrated());
    (Rc::clone(&database), Shards::single(database))
}

/// The id of the nth athlete of a test.
pub fn athlete_id(n: u128) -> AthleteId {
    AthleteId(Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 + n))
}

/// Stores the nth athlete of a test, with an address for mail and a key.
pub fn athlete(database: &Sqlite, n: u128) -> KeyProof {
    let key = KeyProof {
        athlete_id: athlete_id(n),
        key_id: format!("{n:016x}"),
        secret_hash: format!("{n:064x}"),
    };
    let profile = NewAthlete {
        display_name: format!("Athlete {n}"),
        email: Some(format!("athlete{n}@example.com")),
    };
    run(athletes::create(database, &profile, &key, 0)).expect("the athlete is stored");
    key
}
