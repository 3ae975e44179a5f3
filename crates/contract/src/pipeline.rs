//! The counts and latencies of the pipeline.

use crate::page::integer;
use crate::values::Instant;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// The minutes by default: long enough for rare events, short enough to show a change.
const MINUTES_DEFAULT: i64 = 60;
/// The minutes of a call, at most: a day, half of the retention; a project default.
const MINUTES_MAX: i64 = 1_440;

/// The query of the pipeline's counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PipelineQuery {
    #[serde(default)]
    pub minutes: Minutes,
}

/// The number of minutes before now, including the current one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Minutes(pub i64);

impl Default for Minutes {
    fn default() -> Self {
        Self(MINUTES_DEFAULT)
    }
}

impl<'de> Deserialize<'de> for Minutes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer(deserializer, MINUTES_MAX).map(Self)
    }
}

impl JsonSchema for Minutes {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Minutes".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "minimum": 1,
            "maximum": MINUTES_MAX,
            "default": MINUTES_DEFAULT,
            "description": "The number of minutes before now, including the current one.",
        })
    }
}

/// The state of the pipeline. Counts are up to ten seconds late.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PipelineHealth {
    pub since: Instant,
    pub until: Instant,
    /// By queue and event type.
    pub items: Vec<EventCounts>,
    /// By queue; queues without open or waiting dead letters are absent.
    pub dead_letters: Vec<OpenDeadLetters>,
    /// Of all available databases together.
    pub pending: PendingWorkouts,
    pub databases: Vec<DatabaseHealth>,
}

/// The state of one database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DatabaseHealth {
    /// The name of its binding.
    pub name: String,
    pub status: DatabaseStatus,
    /// Null for an unavailable database, and for the operators', which has no workouts.
    pub pending: Option<PendingWorkouts>,
    /// Enabled webhook endpoints of which no signing key can be opened, so that their deliveries wait. Null
    /// for an unavailable database, and for the operators'.
    pub unsigned_endpoints: Option<i64>,
    /// Null when it is unknown.
    pub size_bytes: Option<i64>,
}

/// Whether a database responds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatabaseStatus {
    Ok,
    Unavailable,
}

/// The events of one type from one queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventCounts {
    pub queue: String,
    /// Null for messages that are no events.
    #[serde(rename = "type")]
    pub event_type: Option<String>,
    pub handled: i64,
    pub retried: i64,
    pub dead_lettered: i64,
    pub latency_ms: Latency,
}

/// The time from an event to its handling, in milliseconds; null without a handled event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    pub p50: Option<i64>,
    pub p95: Option<i64>,
}

/// The open and the waiting dead letters of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OpenDeadLetters {
    pub queue: String,
    /// Those that an operator has to act on.
    pub open: i64,
    /// Those that the sweep redrives, because their cause was an outage.
    pub waiting: i64,
    pub oldest_failed_at: Instant,
    pub oldest_age_s: i64,
}

/// The workouts that are not aggregated yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PendingWorkouts {
    pub workouts: i64,
    /// Null when none is waiting.
    pub oldest_at: Option<Instant>,
    pub oldest_age_s: Option<i64>,
}
