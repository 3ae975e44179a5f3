//! The definitions that the four workers share: events and their wire format, ids, the routing and retry
//! table, the policies of patterns and notifications, and the result of a message.
//!
//! In scope: data and pure decisions. Out of scope: I/O, clocks, randomness; `now`, ids and random
//! numbers are arguments.

pub mod dead_letter;
pub mod email_address;
pub mod event;
pub mod ids;
pub mod json;
pub mod json_error;
pub mod links;
pub mod notification;
pub mod notification_details;
pub mod outcome;
pub mod payload;
pub mod policy;
pub mod quiet_hours;
pub mod recommendation;
pub mod routing;
pub mod scope;
pub mod trace;
pub mod webhook_event;

pub use dead_letter::DeadLetter;
pub use email_address::is_email_address;
pub use event::{DecodeError, Event, EventData, EventType, Payload};
pub use ids::{AthleteId, EventId, WorkoutId, derived};
pub use json_error::without_values;
pub use links::LinkKey;
pub use notification::{Channel, ChannelPreferences, EmailKind};
pub use outcome::{MessageResult, Outcome, settle};
pub use policy::NotificationKind;
pub use quiet_hours::QuietHours;
pub use routing::{Queue, RetryPolicy};
pub use scope::Scope;
pub use trace::TraceContext;
pub use webhook_event::WebhookEventType;
