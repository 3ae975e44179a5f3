//! Outgoing webhooks: endpoints, their deliveries, and the lease under which attempts are made.
//!
//! A delivery is a row with a due time, and its own outbox. The holder of an endpoint's lease makes
//! all of its attempts ([`endpoint_queue`]).

pub mod deliveries;
pub mod endpoint_queue;
pub mod endpoints;
pub mod fan_out;

use serde::{Deserialize, Serialize};
use shared_kernel::{AthleteId, EventId};
use std::fmt;
use uuid::{Builder, Uuid};

/// Entries of a delivery's log, at most: two whole retry schedules. The newest stay.
pub const LOGGED_ATTEMPTS_MAX: i64 = 20;

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

/// Returns the id of an event's delivery to an endpoint: the event's id prefixed with its time, so
/// that ids sort by time. It has the form of a UUIDv7. Duplicates are recognized by the event's id,
/// because they may be published at another time.
pub fn delivery_id(event_id: EventId, occurred_at_ms: i64) -> Uuid {
    let [_, _, _, _, _, _, rest @ ..] = event_id.0.into_bytes();
    Builder::from_unix_timestamp_millis(u64::try_from(occurred_at_ms).unwrap_or(0), &rest)
        .into_uuid()
}
