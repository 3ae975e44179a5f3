//! Opaque cursors: the place in a list, as hex of its JSON. A client sends back what it got.

use crate::error::ApiError;
use platform::http::{FieldError, Request, query};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt::Write;

/// Items of a page, at most (the outer contract).
const LIMIT_MAX: i64 = 100;
/// Items of a page that names no limit.
const LIMIT_DEFAULT: i64 = 50;
/// The longest cursor that is worth decoding.
const CURSOR_CHARS_MAX: usize = 1_000;

/// The limit of a request.
pub fn limit(request: &Request) -> Result<i64, ApiError> {
    let Some(text) = query(request, "limit") else {
        return Ok(LIMIT_DEFAULT);
    };
    text.parse().ok().filter(|limit| (1..=LIMIT_MAX).contains(limit)).ok_or_else(|| {
        ApiError::Invalid(vec![FieldError {
            pointer: "/limit".to_owned(),
            detail: format!("has to be a whole number from 1 to {LIMIT_MAX}"),
        }])
    })
}

/// The place after which a request goes on.
pub fn after<T: DeserializeOwned>(request: &Request) -> Result<Option<T>, ApiError> {
    let Some(text) = query(request, "cursor") else {
        return Ok(None);
    };
    decode(&text).map(Some).ok_or(ApiError::BadRequest("the cursor is none of ours"))
}

/// The cursor of a place.
pub fn encode(position: &impl Serialize) -> Result<String, serde_json::Error> {
    let json = serde_json::to_vec(position)?;
    Ok(json.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

fn decode<T: DeserializeOwned>(text: &str) -> Option<T> {
    if text.len() > CURSOR_CHARS_MAX || !text.len().is_multiple_of(2) || !text.is_ascii() {
        return None;
    }
    let bytes: Option<Vec<u8>> = text
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect();
    serde_json::from_slice(&bytes?).ok()
}

/// Cuts a list that was read one longer than the page, and names the place where the next begins.
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
