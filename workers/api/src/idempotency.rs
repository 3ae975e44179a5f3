//! The `Idempotency-Key` header.

use crate::auth::sha256;
use crate::call::Call;
use crate::error::ApiResult;
use contract::ProblemCode;
use platform::http::text_header;
use storage::workouts::Idempotency;

/// The longest key; a project default (a UUID has 36 characters).
pub const KEY_CHARS_MAX: usize = 255;

/// Parses the Idempotency-Key of a request, with the hash of the request's path and body.
pub fn parse_idempotency_key(call: &Call) -> ApiResult<Option<Idempotency>> {
    if !call.request.headers().contains_key("idempotency-key") {
        return Ok(None);
    }
    let text = text_header(&call.request, "idempotency-key").unwrap_or_default().trim();
    // The draft requires a quoted string; most clients send it without quotes.
    let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
    let key = quoted.unwrap_or(text);
    if key.is_empty() || key.len() > KEY_CHARS_MAX {
        let detail = "the Idempotency-Key must have 1 to 255 visible ASCII characters";
        return Err(ProblemCode::InvalidHeader.with(detail).into());
    }
    let request_hash = sha256(&[call.request.uri().path().as_bytes(), call.body()?].concat());
    Ok(Some(Idempotency { key: key.to_owned(), request_hash }))
}
