//! The message to an athlete that an event requested: a notification, or the email that confirms an
//! address.

use serde_json::{Map, Value};
use shared_kernel::{AthleteId, Event, NotificationKind};

/// A message to an athlete.
#[derive(Clone, Debug, PartialEq)]
pub enum Requested<'a> {
    Notification(Notification<'a>),
    Confirmation(Confirmation<'a>),
}

impl Requested<'_> {
    /// Returns its athlete.
    pub const fn athlete_id(&self) -> AthleteId {
        match self {
            Self::Notification(notification) => notification.athlete_id,
            Self::Confirmation(confirmation) => confirmation.athlete_id,
        }
    }
}

/// The email with the link that confirms the athlete's address.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confirmation<'a> {
    /// The event that requested it; its id is the key of the row.
    pub event: &'a Event,
    pub athlete_id: AthleteId,
}

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
