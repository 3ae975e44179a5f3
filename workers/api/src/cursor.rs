//! Opaque cursors: a position in a list, as base64url of its JSON.

use crate::error::ApiResult;
use base64ct::{Base64UrlUnpadded, Encoding};
use contract::ProblemCode;
use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_kernel::json;
use storage::Page;

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

/// Returns the items of a page with the cursor of the next.
pub fn page<T, P: Serialize>(
    Page { items, has_more }: Page<T>,
    position: impl Fn(&T) -> P,
) -> Result<(Vec<T>, Option<String>), serde_json::Error> {
    let last = items.last().filter(|_| has_more);
    let next = last.map(|last| encode(&position(last))).transpose()?;
    Ok((items, next))
}
