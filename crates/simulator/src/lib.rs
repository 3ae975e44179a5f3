//! The seeded simulator: the real handlers and the real SQL of all four workers, over one in-memory
//! broker and one virtual clock. One seed determines the workload, the order of events and every
//! fault; the same seed gives the same run.
//!
//! In scope: the faults of the platform (`fault`), the actions of athletes (`workload`), and the
//! properties that must hold at rest (`check`). Out of scope: the runtime itself, which the tests on
//! miniflare cover. The reasons: docs/adr/0023-a-seeded-simulator.md.
//!
//! Each layer imports only from those before it: `rng`, `statement`, `clock`, `bug`; `log_file`, `workload`; `fault`; `plan`, `broker`, `effects`; `environment`, `ports`, `pipeline`; `client`, `database`,
//! `scheduler`; `check`, `run`, `search`.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "a test fails by panicking"
)]

mod broker;
mod bug;
mod check;
mod client;
mod clock;
mod database;
mod effects;
mod environment;
mod fault;
mod log_file;
mod pipeline;
mod plan;
mod ports;
mod rng;
mod run;
mod scheduler;
mod search;
mod statement;
mod workload;

pub use bug::Bug;
pub use plan::Plan;
pub use run::{Report, simulate};
pub use search::{Failure, search, shrink};
pub use statement::KnownStatement;
