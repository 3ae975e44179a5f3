//! The calls of the outer contract, one file a resource.

pub mod athletes;
pub mod body_weights;
pub mod daily_volume;
pub mod dead_letter_actions;
pub mod dead_letters;
pub mod edit;
pub mod email_confirmation;
pub mod exercises;
pub mod export;
pub mod health;
pub mod imports;
pub mod keys;
mod link_page;
pub mod me;
pub mod notification_stream;
pub mod notifications;
pub mod patterns;
pub mod pipeline;
pub mod progress;
pub mod queues;
pub mod records;
pub mod sets;
pub mod unsubscribe;
pub mod webhook_deliveries;
pub mod webhook_replay;
pub mod webhooks;
pub mod weekly_volume;
pub mod workouts;

use chrono::{DateTime, SecondsFormat};

/// An instant in responses: RFC 3339 in UTC, to the millisecond.
fn instant(milliseconds: i64) -> String {
    DateTime::from_timestamp_millis(milliseconds)
        .unwrap_or_default()
        .to_rfc3339_opts(SecondsFormat::Millis, true)
}
