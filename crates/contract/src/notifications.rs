//! The inbox.

use crate::page::Limit;
use crate::values::Instant;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// The query of the inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NotificationFilter {
    /// Only unread notifications.
    #[serde(default)]
    pub unread: bool,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    #[serde(default)]
    pub limit: Limit,
}

/// A page of the inbox, newest first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Inbox {
    pub items: Vec<Notification>,
    /// The unread notifications of the whole inbox.
    pub unread: i64,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// The position of the newest notification: a stream that starts from it misses nothing.
    pub last_id: String,
}

/// A notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Notification {
    pub id: Uuid,
    pub kind: String,
    pub title: String,
    pub body: String,
    /// The details; their names depend on the kind.
    pub data: Map<String, Value>,
    pub created_at: Instant,
    pub read_at: Option<Instant>,
}

/// The query of the stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamStart {
    /// The `last_id` of the inbox or the `id` of an event. The header `Last-Event-ID` takes precedence.
    pub last_event_id: Option<String>,
}
