//! The seeded simulator: the real handlers and the real SQL of all four workers, over one broker in
//! memory and one virtual clock. One seed decides the workload, the order of everything and every
//! fault; the same seed is the same run.
//!
//! In scope: what the platform may do to us (`fault`), what athletes do meanwhile (`workload`), and
//! what must hold when all is quiet again (`check`). Out of scope: the runtime itself; miniflare
//! has its own tests. Why it is a crate of its own: docs/adr/0023-a-seeded-simulator.md.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test says what failed by panicking"
)]

mod broker;
mod bug;
mod check;
mod dice;
mod effects;
mod fault;
mod house;
mod known;
mod ports;
mod run;
mod search;
mod workload;
mod world;

pub use bug::Bug;
pub use fault::{Fault, Faults};
pub use known::Known;
pub use run::{Report, simulate};
pub use search::{Found, Plan, SeedRange, replay_command, search, shrink};
