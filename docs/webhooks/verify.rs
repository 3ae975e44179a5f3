//! Verifies Bulktrack's webhooks, with `crates/standard-webhooks` of this repository.

use serde::Deserialize;
use standard_webhooks::sign::VerifyError;
use standard_webhooks::{VerifyingKey, verify};

/// What every delivery is.
#[derive(Debug, Deserialize)]
pub struct Delivery {
    /// `pattern.detected`.
    pub r#type: String,
    /// When it happened, as RFC 3339.
    pub timestamp: String,
    /// Of its type: see the schemas.
    pub data: serde_json::Value,
}

/// Why a request is no delivery.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// Answer 401.
    #[error(transparent)]
    Unsigned(#[from] VerifyError),
    /// Signed, and not JSON.
    #[error(transparent)]
    Unreadable(#[from] serde_json::Error),
}

/// The delivery, if one of the keys (`whsec_…`, `whpk_…`) signed it just now. `header` looks a
/// header up by its name in lower case; `body` is the bytes that came: JSON that was parsed and
/// written again has another signature.
pub fn delivery<'a>(
    header: impl Fn(&str) -> Option<&'a str>,
    body: &[u8],
    keys: &[VerifyingKey],
    now_s: u64,
) -> Result<Delivery, Refused> {
    verify(header, body, keys, now_s)?;
    Ok(serde_json::from_slice(body)?)
}
