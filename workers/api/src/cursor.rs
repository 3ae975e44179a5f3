//! Opaque cursors: a position in a list, as base64url of its JSON.

use crate::error::{ApiError, ApiResult};
use crate::input::query_integer;
use base64ct::{Base64UrlUnpadded, Encoding};
use platform::http::{Request, query};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Items of a page, at most (public contract).
const LIMIT_MAX: i64 = 100;
/// Items of a page without a limit.
const LIMIT_DEFAULT: i64 = 50;
/// The longest cursor that is decoded.
const CURSOR_CHARS_MAX: usize = 1_000;

/// Parses the `limit` of a request.
pub fn limit(request: &Request) -> ApiResult<i64> {
    query_integer(request, "limit", LIMIT_DEFAULT, LIMIT_MAX)
}

/// Parses the `cursor` of a request: the position after which the page begins.
pub fn after<T: DeserializeOwned>(request: &Request) -> ApiResult<Option<T>> {
    let Some(text) = query(request, "cursor") else { return Ok(None) };
    decode(&text).map(Some).ok_or(ApiError::BadRequest("invalid cursor"))
}

/// Encodes a position as a cursor.
pub fn encode(position: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(Base64UrlUnpadded::encode_string(&serde_json::to_vec(position)?))
}

fn decode<T: DeserializeOwned>(text: &str) -> Option<T> {
    if text.len() > CURSOR_CHARS_MAX {
        return None;
    }
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(text).ok()?).ok()
}

/// Cuts a list that was read one longer than the page. Returns the page with the cursor of the
/// next.
pub fn page<T, P: Serialize>(
    mut items: Vec<T>,
    limit: i64,
    position: impl Fn(&T) -> P,
) -> Result<(Vec<T>, Option<String>), serde_json::Error> {
    let length = usize::try_from(limit).unwrap_or(usize::MAX);
    if items.len() <= length {
        return Ok((items, None));
    }
    items.truncate(length);
    let next = items.last().map(|last| encode(&position(last))).transpose()?;
    Ok((items, next))
}
