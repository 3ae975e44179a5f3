//! The SQL of Bulktrack: migrations, and repositories over one small [`Database`] port.
//!
//! In scope: every SQL statement of the system. Each runs on D1 in production and on SQLite in
//! native tests. Out of scope: callers, schedules and the platform.
//!
//! Invariants: every statement on athletes' data names the athlete; a call is one round trip.
//! Thresholds, limits and durations without a source are project defaults.

pub mod athletes;
pub mod body_weights;
pub mod database;
pub mod dead_letters;
pub mod deleted_athletes;
pub mod email_confirmation;
pub mod exercise_names;
pub mod exercises;
pub mod expiry;
pub mod guard;
pub mod idempotency;
pub mod imports;
pub mod inbox;
pub mod keys;
pub mod latency;
pub mod ledger;
pub mod migrations;
pub mod notifications;
pub mod patterns;
pub mod pipeline;
pub mod progress;
pub mod records;
pub mod reports;
pub mod shards;
pub mod training_history;
pub mod volume;
pub mod webhooks;
pub mod workouts;

mod json_text;
mod ledger_entry;
mod lifts;
mod page;
mod sql;

pub use database::{Database, DatabaseError, QueryResult, Statement};
pub use guard::{Conflict, Guarded, Rejection};
pub use idempotency::{Creation, Idempotency};
pub use keys::{KeyProof, check_live};
pub use page::{PAGE_BYTES_MAX, Page};
pub use shards::Shards;
pub use shared_kernel::Scope;
