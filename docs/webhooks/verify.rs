//! Verifies Bulktrack's webhooks, with `crates/standard-webhooks` of this repository.

use serde::Deserialize;
use standard_webhooks::sign::VerifyError;
use standard_webhooks::{VerifyingKey, verify};

/// The body of every delivery.
#[derive(Debug, Deserialize)]
pub struct Delivery {
    /// Such as `pattern.detected`.
    pub r#type: String,
    /// The time of the event, in RFC 3339.
    pub timestamp: String,
    /// Depends on the type: see the schemas.
    pub data: serde_json::Value,
}

/// The reason that a request is rejected.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryError {
    /// Respond with 401.
    #[error(transparent)]
    Signature(#[from] VerifyError),
    /// Signed, but not JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// Returns the delivery if one of the keys (`whsec_…`, `whpk_…`) signed it just now. `header` returns
/// a header by its name in lower case. `body` is the exact bytes received: JSON that was parsed and
/// serialized has another signature.
pub fn parse_delivery<'a>(
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
    keys: &[VerifyingKey],
    now_s: u64,
) -> Result<Delivery, DeliveryError> {
    verify(header, body, keys, now_s)?;
    Ok(serde_json::from_slice(body)?)
}
