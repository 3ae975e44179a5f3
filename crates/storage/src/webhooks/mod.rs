//! Outgoing webhooks: where they go, what is to be delivered, and who is delivering it.
//!
//! A delivery is a row that is due, and its own outbox. An endpoint is a lane: whoever holds its
//! lease makes all of its attempts ([`endpoint_queue`]).

pub mod deliveries;
pub mod endpoint_queue;
pub mod endpoints;
pub mod fan_out;

use serde::{Deserialize, Serialize};
use shared_kernel::{AthleteId, EventId};
use std::fmt;
use uuid::{Builder, Uuid};

/// Entries of a delivery's log, at most: the newest ones of two whole retry schedules.
pub const LOGGED_ATTEMPTS_MAX: i64 = 20;

/// An endpoint of an athlete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct EndpointKey {
    /// Whose.
    pub athlete_id: AthleteId,
    /// Which.
    pub endpoint_id: Uuid,
}

impl fmt::Display for EndpointKey {
    /// What its keys are sealed for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.athlete_id, self.endpoint_id)
    }
}

/// How attempts are signed: as the header of Standard Webhooks names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Signature {
    /// HMAC-SHA256, with a secret that both sides have.
    V1,
    /// ed25519, with a key of which the receiver has the public half.
    V1a,
}

/// A signing key as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedKey {
    /// The key, sealed for its [`EndpointKey`].
    pub sealed: String,
    /// What it signs: told without opening it.
    pub signature: Signature,
    /// From when on nothing is signed with it: it was rotated.
    pub expires_at_ms: Option<i64>,
}

/// The id of an event's delivery to an endpoint: the event's id with a time in front, so that ids sort
/// by it. A UUIDv7 by its form. A repeat of an event may be published at another time: what it is a
/// repeat of is told by the event's id.
pub fn delivery_id(event_id: EventId, occurred_at_ms: i64) -> Uuid {
    let [_, _, _, _, _, _, rest @ ..] = event_id.0.into_bytes();
    Builder::from_unix_timestamp_millis(u64::try_from(occurred_at_ms).unwrap_or(0), &rest)
        .into_uuid()
}
