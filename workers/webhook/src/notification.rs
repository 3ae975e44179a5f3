//! A notification for an athlete, as an event requested it.

use serde_json::{Map, Value};
use shared_kernel::{AthleteId, Event, NotificationKind};

/// A notification for an athlete.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification<'a> {
    /// The event that requested it; its id is the key of the inbox row.
    pub event: &'a Event,
    pub athlete_id: AthleteId,
    pub kind: NotificationKind,
    pub title: String,
    pub body: String,
    pub data: Map<String, Value>,
    /// From 0 to 1; `None` is certain.
    pub confidence: Option<f64>,
}
