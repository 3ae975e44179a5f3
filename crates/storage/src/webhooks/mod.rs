//! Outgoing webhooks: endpoints, their deliveries, and the lease under which attempts are made.
//!
//! A delivery is a row with a due time, and its own outbox. The holder of an endpoint's lease makes
//! all of its attempts ([`endpoint_queue`]).

pub mod deliveries;
pub mod disabled;
pub mod endpoint_queue;
pub mod endpoints;
pub mod fan_out;
pub mod replay;
pub mod workouts;

use serde::{Deserialize, Serialize};
use shared_kernel::ids::derived;
use shared_kernel::payload::WebhookDeliveryRequested;
use shared_kernel::{AthleteId, EventId};
use std::fmt;
use uuid::{Builder, Uuid};

/// Entries of a delivery's log, at most: two whole retry schedules. The newest stay.
pub const LOGGED_ATTEMPTS_MAX: i64 = 20;

/// How long a lease lasts without a renewal, in milliseconds: three times the longest attempt.
pub(crate) const LEASE_MS: i64 = 60_000;

/// The key of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EndpointKey {
    pub athlete_id: AthleteId,
    pub endpoint_id: Uuid,
}

impl fmt::Display for EndpointKey {
    /// The name for which the endpoint's keys are sealed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.athlete_id, self.endpoint_id)
    }
}

/// The kind of signature, by its Standard Webhooks name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// HMAC-SHA256 with a shared secret.
    V1,
    /// ed25519: the receiver has the public key.
    V1a,
}

/// A stored signing key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedKey {
    /// The key, sealed for its [`EndpointKey`].
    pub sealed: String,
    pub signature: Signature,
    /// The end of the overlap after a rotation.
    pub expires_at_ms: Option<i64>,
}

/// An endpoint with a due delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(from = "DueDeliveryRow")]
pub struct DueDelivery {
    pub key: EndpointKey,
    /// The one that has waited longest.
    pub delivery_id: Uuid,
    pub event_id: EventId,
    pub attempt: u32,
}

impl DueDelivery {
    /// The payload that requests the next attempt.
    pub const fn request(&self) -> WebhookDeliveryRequested {
        let EndpointKey { athlete_id, endpoint_id } = self.key;
        let (event_id, attempt) = (self.event_id, self.attempt + 1);
        WebhookDeliveryRequested { athlete_id, endpoint_id, event_id, attempt }
    }
}

/// Flat, because each `serde(flatten)` adds 1 KB of wasm.
#[derive(Deserialize)]
struct DueDeliveryRow {
    athlete_id: AthleteId,
    endpoint_id: Uuid,
    delivery_id: Uuid,
    event_id: EventId,
    attempt: u32,
}

impl From<DueDeliveryRow> for DueDelivery {
    fn from(row: DueDeliveryRow) -> Self {
        let DueDeliveryRow { athlete_id, endpoint_id, delivery_id, event_id, attempt } = row;
        Self { key: EndpointKey { athlete_id, endpoint_id }, delivery_id, event_id, attempt }
    }
}

/// Returns the id of an event for one endpoint, the `webhook-id` of all attempts. It is derived from the
/// event and the endpoint alone: a replay has the same one, and two endpoints with one URL have two.
pub fn webhook_id(endpoint_id: Uuid, event_id: EventId) -> String {
    let (endpoint, event) = (endpoint_id.to_string(), event_id.to_string());
    format!("msg_{}", derived(&["webhook", &endpoint, &event]).simple())
}

/// Returns the id of an event's delivery to an endpoint: the event's id prefixed with its time, so
/// that ids sort by time. It has the form of a UUIDv7. Duplicates are recognized by the event's id,
/// because they may be published at another time.
pub fn delivery_id(event_id: EventId, occurred_at_ms: i64) -> Uuid {
    let [_, _, _, _, _, _, rest @ ..] = event_id.0.into_bytes();
    Builder::from_unix_timestamp_millis(u64::try_from(occurred_at_ms).unwrap_or(0), &rest)
        .into_uuid()
}
