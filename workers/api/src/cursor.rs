//! Opaque cursors: a position in a list, as base64url of its JSON.

use crate::error::ApiResult;
use base64ct::{Base64UrlUnpadded, Encoding};
use contract::{Limit, ProblemCode};
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_kernel::json;

/// The longest cursor that is decoded.
const CURSOR_CHARS_MAX: usize = 1_000;

/// Decodes a cursor: the position after which the page begins.
pub fn decode<T: DeserializeOwned>(cursor: Option<&str>) -> ApiResult<Option<T>> {
    let position = |text| parse(text).ok_or_else(|| ProblemCode::InvalidCursor.into());
    cursor.map(position).transpose()
}

/// Encodes a position as a cursor.
pub fn encode(position: &impl Serialize) -> Result<String, serde_json::Error> {
    Ok(Base64UrlUnpadded::encode_string(&serde_json::to_vec(position)?))
}

fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    if text.len() > CURSOR_CHARS_MAX {
        return None;
    }
    json::from_str(&String::from_utf8(Base64UrlUnpadded::decode_vec(text).ok()?).ok()?).ok()
}

/// Cuts a list that was read one longer than the page. Returns the page with the cursor of the
/// next.
pub fn page<T, P: Serialize>(
    mut items: Vec<T>,
    limit: Limit,
    position: impl Fn(&T) -> P,
) -> Result<(Vec<T>, Option<String>), serde_json::Error> {
    let length = usize::try_from(limit.0).unwrap_or(usize::MAX);
    if items.len() <= length {
        return Ok((items, None));
    }
    items.truncate(length);
    let next = items.last().map(|last| encode(&position(last))).transpose()?;
    Ok((items, next))
}
