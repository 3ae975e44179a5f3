//! `If-Match` and `ETag`: a change that names a revision applies to that revision only.

use crate::error::{ApiError, ApiResult};
use platform::http::{Request, Response, set_header, text_header};

/// Attempts of a change that concurrent changes overtake. An athlete does not make more at once; a
/// project default.
pub const ATTEMPTS_MAX: u32 = 5;

/// The revision in `If-Match`; `None` without the header, or with `*`. An unknown tag becomes a
/// revision that no workout has.
pub fn if_match_revision(request: &Request) -> Option<i64> {
    let tag = text_header(request, "if-match").map(str::trim).filter(|tag| *tag != "*")?;
    Some(tag.trim_matches('"').parse().unwrap_or(-1))
}

/// Fails with 412 when `If-Match` names another revision.
pub fn check_if_match(request: &Request, revision: i64) -> ApiResult<()> {
    match if_match_revision(request) {
        Some(expected) if expected != revision => Err(ApiError::StaleRevision),
        Some(_) | None => Ok(()),
    }
}

/// Adds the `ETag` of a revision.
pub fn set_etag(response: &mut Response, revision: i64) {
    set_header(response, "etag", &format!("\"{revision}\""));
}
