//! `ETag`, `If-Match` and `If-None-Match` (RFC 9110, 8.8 and 13.1).

use crate::error::{ApiError, ApiResult};
use contract::ProblemCode;
use platform::http::header::{HeaderName, IF_MATCH, IF_NONE_MATCH};
use platform::http::{Method, Request};

/// The condition of a header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `*`: any current representation.
    Any,
    /// The texts between the quotes. Weak and strong tags are equal: compressing edges weaken tags, and
    /// a revision identifies the content either way.
    Tags(Vec<String>),
    /// The header is no list of tags. It matches nothing.
    Malformed,
}

impl Condition {
    /// Parses a header; `None` without it.
    fn parse(request: &Request, name: HeaderName) -> Option<Self> {
        let mut values = request.headers().get_all(name).iter().peekable();
        values.peek()?;
        let texts: Result<Vec<_>, _> = values.map(|value| value.to_str()).collect();
        let Ok(texts) = texts else { return Some(Self::Malformed) };
        let text = texts.join(",");
        if text.trim() == "*" {
            return Some(Self::Any);
        }
        Some(parse_tags(&text).map_or(Self::Malformed, Self::Tags))
    }

    /// Whether it matches a tag as `ETag` has it.
    pub fn matches(&self, etag: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Tags(tags) => tags.iter().any(|tag| *tag == opaque(etag)),
            Self::Malformed => false,
        }
    }
}

/// The text between the quotes of a tag.
fn opaque(etag: &str) -> &str {
    etag.trim_start_matches("W/").trim_matches('"')
}

/// Parses `"a", W/"b"`; `None` if it is malformed.
fn parse_tags(text: &str) -> Option<Vec<String>> {
    let mut tags = Vec::new();
    let mut rest = text.trim();
    loop {
        let quoted = rest.strip_prefix("W/").unwrap_or(rest).strip_prefix('"')?;
        let (tag, after) = quoted.split_once('"')?;
        tag.bytes().all(|byte| byte == 0x21 || byte > 0x22).then_some(())?;
        tags.push(tag.to_owned());
        let after = after.trim_start();
        if after.is_empty() {
            return Some(tags);
        }
        rest = after.strip_prefix(',')?.trim_start();
    }
}

/// The precondition of a change: `If-Match`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Option<Condition>);

impl IfMatch {
    /// Parses the header.
    pub fn parse(request: &Request) -> Self {
        Self(Condition::parse(request, IF_MATCH))
    }

    /// Whether the caller sent one.
    pub const fn is_present(&self) -> bool {
        self.0.is_some()
    }

    /// Fails with 412 when it does not match the current tag.
    pub fn check(&self, etag: &str) -> ApiResult<()> {
        match &self.0 {
            Some(condition) if !condition.matches(etag) => Err(ProblemCode::StaleRevision.into()),
            Some(_) | None => Ok(()),
        }
    }
}

/// The tag of a workout's revision. It is strong: a revision has one content.
pub fn revision_tag(revision: i64) -> String {
    format!("\"{revision}\"")
}

/// Whether the client has the response with this tag: 304 instead of it.
pub fn is_not_modified(request: &Request, etag: &str) -> bool {
    let is_read = [Method::GET, Method::HEAD].contains(request.method());
    is_read && Condition::parse(request, IF_NONE_MATCH).is_some_and(|tags| tags.matches(etag))
}

/// The error of a change that another change came before: 412 if the caller stated a precondition.
pub fn overtaken(if_match: &IfMatch) -> ApiError {
    if if_match.is_present() {
        ProblemCode::StaleRevision.into()
    } else {
        ApiError::concurrent_change()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::http::Body;

    fn if_match(values: &[&[u8]]) -> IfMatch {
        let mut request = http::Request::builder().uri("/");
        for value in values {
            request = request.header("if-match", *value);
        }
        IfMatch::parse(&request.body(Body::Complete(Vec::new())).unwrap())
    }

    #[test]
    fn if_match_accepts_lists_and_weak_tags() {
        let check = |value: &str, matches: bool| {
            let result = if_match(&[value.as_bytes()]).check("\"3\"");
            assert_eq!(result.is_ok(), matches, "{value}");
        };
        check("\"3\"", true);
        check("W/\"3\"", true);
        check("\"1\", \"3\"", true);
        check("\"1\" ,W/\"3\"", true);
        check("*", true);
        check("\"4\"", false);
        check("\"03\"", false);
        check("\"+3\"", false);
    }

    #[test]
    fn malformed_if_match_never_matches() {
        for value in
            ["3", "", "\"\"3\"\"", "\"3", "\"3\",", ",\"3\"", "\"3\" \"3\"", "W\"3\"", "\u{e9}"]
        {
            assert!(if_match(&[value.as_bytes()]).check("\"3\"").is_err(), "{value}");
        }
        assert!(if_match(&[b"\"\xe9\""]).check("\"3\"").is_err());
        assert!(if_match(&[b"\"1\"", b"\"3\""]).check("\"3\"").is_ok());
        assert!(if_match(&[]).check("\"3\"").is_ok());
    }
}
