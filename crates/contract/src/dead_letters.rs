//! Dead letters: their filter, a page, the groups, and one with its body and history.

use crate::checks::Validate;
use crate::page::Limit;
use crate::values::{Instant, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The `type` that selects messages that are no event.
pub const NO_EVENT: &str = "none";

/// The state of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeadLetterStatus {
    /// An operator has to act on it.
    Open,
    /// The sweep redrives it, because its cause was an outage.
    Waiting,
    Redriven,
    Discarded,
}

impl DeadLetterStatus {
    /// The name in JSON and in the database.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Waiting => "waiting",
            Self::Redriven => "redriven",
            Self::Discarded => "discarded",
        }
    }
}

/// Declares a model with the fields of a filter and others.
macro_rules! filter_model {
    ($(#[$doc:meta])* $name:ident { $($(#[$more_doc:meta])* $more:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub queue: Option<String>,
            /// The type of the event; `none` selects messages that are no event.
            #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
            pub event_type: Option<String>,
            /// A part of the reason.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reason: Option<String>,
            /// The reason with `#` in place of its numbers and ids.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub reason_group: Option<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub status: Option<DeadLetterStatus>,
            /// A part of the reason or body, or the id of the dead letter or message.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub q: Option<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub event_id: Option<String>,
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub athlete_id: Option<String>,
            /// The earliest last failure.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub since: Option<Timestamp>,
            /// The time before which the last failure was.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            pub until: Option<Timestamp>,
            $($(#[$more_doc])* pub $more: $type,)*
        }
    };
}

filter_model! {
    /// Selects dead letters. Without a field it selects all.
    DeadLetterFilter {}
}

filter_model! {
    /// The query of the list: a filter and a position.
    DeadLetterQuery {
        /// The `next_cursor` of the page before.
        cursor: Option<String>,
        #[serde(default)]
        limit: Limit,
    }
}

impl Validate for DeadLetterFilter {}

impl From<DeadLetterQuery> for DeadLetterFilter {
    fn from(query: DeadLetterQuery) -> Self {
        Self {
            queue: query.queue,
            event_type: query.event_type,
            reason: query.reason,
            reason_group: query.reason_group,
            status: query.status,
            q: query.q,
            event_id: query.event_id,
            athlete_id: query.athlete_id,
            since: query.since,
            until: query.until,
        }
    }
}

/// A message that failed permanently or exhausted its retries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetter {
    pub id: Uuid,
    pub queue: String,
    /// Null when the message is no event; so are the next three.
    pub event_id: Option<String>,
    pub event_type: Option<String>,
    pub athlete_id: Option<String>,
    pub traceparent: Option<String>,
    pub reason: String,
    /// The reason with `#` in place of its numbers and ids.
    pub reason_group: String,
    /// The deliveries before the last failure.
    pub attempts: i64,
    pub failed_at: Instant,
    pub status: DeadLetterStatus,
    /// When the sweep redrives it; null unless it is waiting.
    pub next_redrive_at: Option<Instant>,
    /// Those of operators. After the third only `force` redrives it.
    pub redrives: i64,
    /// The reason for which it was discarded.
    pub note: Option<String>,
}

/// A page of dead letters, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterPage {
    pub items: Vec<DeadLetter>,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
    /// The number of dead letters on all pages, up to 10,000.
    pub total: i64,
}

/// The open dead letters of one queue, event type and reason, as far as the query selects them. Of more than
/// 10,000 dead letters the newest are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterGroup {
    pub queue: String,
    pub event_type: Option<String>,
    pub reason_group: String,
    pub count: i64,
    pub first_failed_at: Instant,
    pub last_failed_at: Instant,
}

/// A dead letter with its body and history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeadLetterDetail {
    #[serde(flatten)]
    pub summary: DeadLetter,
    pub trace_id: Option<String>,
    pub message_id: String,
    /// The message as it failed.
    pub body: String,
    /// The text that redrives send in place of the body.
    pub edited_body: Option<String>,
    /// Failures, redrives of the sweep and actions of operators, the oldest first: the first failure and the
    /// newest 49 entries.
    pub history: Vec<HistoryEntry>,
}

/// An entry in the history of a dead letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HistoryEntry {
    pub at: Instant,
    pub what: HistoryKind,
    /// Of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Of a failure: the deliveries before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<i64>,
    /// Of an action: the name in `X-Operator`, or the fingerprint of the token. `sweep` of a redrive of the
    /// sweep.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// The kind of an entry in the history of a dead letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HistoryKind {
    Failed,
    Redrive,
    /// A redrive with an edited body.
    Edit,
    Discard,
    /// The queue rejected a redrive.
    NotSent,
}

impl HistoryKind {
    /// The name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Redrive => "redrive",
            Self::Edit => "edit",
            Self::Discard => "discard",
            Self::NotSent => "not_sent",
        }
    }
}
