//! The `Idempotency-Key` header.

use crate::auth::sha256;
use crate::error::{ApiError, ApiResult};
use crate::input::body_bytes;
use platform::http::{Request, text_header};
use storage::workouts::Idempotency;

/// The longest key; a project default (a UUID has 36 characters).
const KEY_CHARS_MAX: usize = 255;

/// Parses the Idempotency-Key of a request, with the hash of the request's path and body.
pub fn parse_idempotency_key(request: &Request) -> ApiResult<Option<Idempotency>> {
    if !request.headers().contains_key("idempotency-key") {
        return Ok(None);
    }
    let text = text_header(request, "idempotency-key").unwrap_or_default().trim();
    // The draft requires a quoted string; most clients send it without quotes.
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let key = quoted.unwrap_or(text);
    if key.is_empty() || key.len() > KEY_CHARS_MAX {
        return Err(ApiError::BadRequest("the Idempotency-Key must have 1 to 255 characters"));
    }
    let request_hash = sha256(&[request.uri().path().as_bytes(), body_bytes(request)?].concat());
    Ok(Some(Idempotency { key: key.to_owned(), request_hash }))
}
