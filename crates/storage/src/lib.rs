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
pub mod email_confirmation;
pub mod exercises;
pub mod expiry;
pub mod guard;
pub mod idempotency;
pub mod imports;
pub mod inbox;
pub mod keys;
pub mod latency;
pub mod ledger;
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

pub use database::{Database, DatabaseError, QueryResult, Statement};
pub use guard::{Conflict, Guarded, Rejection};
pub use idempotency::{Creation, Idempotency};
pub use keys::{KeyProof, check_live};
pub use shards::Shards;
pub use shared_kernel::Scope;

/// The migrations in order, by file name.
pub const MIGRATIONS: &[(&str, &str)] = &[
    ("0001_pipeline.sql", include_str!("../migrations/0001_pipeline.sql")),
    ("0002_training.sql", include_str!("../migrations/0002_training.sql")),
    ("0003_patterns.sql", include_str!("../migrations/0003_patterns.sql")),
    ("0004_deliveries.sql", include_str!("../migrations/0004_deliveries.sql")),
    ("0005_operators.sql", include_str!("../migrations/0005_operators.sql")),
    ("0006_account.sql", include_str!("../migrations/0006_account.sql")),
    ("0007_webhooks.sql", include_str!("../migrations/0007_webhooks.sql")),
    ("0008_lifts.sql", include_str!("../migrations/0008_lifts.sql")),
];

#[cfg(test)]
mod tests {
    #[test]
    fn every_migration_file_is_listed_in_order() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let listed: Vec<_> = super::MIGRATIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(listed, files);
    }
}
