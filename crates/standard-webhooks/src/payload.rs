//! The JSON body of a webhook, `{"type", "timestamp", "data"}`, with all of the data or ids only.
//!
//! Limits without a source are project defaults.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

/// A body is shorter than this (specification: usually smaller than 20 kB).
pub const BODY_BYTES_BOUND: usize = 20_000;
/// The longest event type.
pub const EVENT_TYPE_CHARS_MAX: usize = 100;

/// The amount of data in a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PayloadFormat {
    Full,
    /// Ids only: the receiver fetches the data from the API.
    Thin,
}

impl PayloadFormat {
    /// Every format.
    pub const ALL: [Self; 2] = [Self::Full, Self::Thin];

    /// Returns the name, as in the API and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Thin => "thin",
        }
    }

    /// Parses a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.as_str() == text)
    }
}

/// A body to sign and send as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    pub text: String,
    /// The format used: thin if the full body was too long.
    pub format: PayloadFormat,
}

/// The reason that no body can be built.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    #[error("invalid event type `{0}`: must be words of letters, digits and `_`, separated by `.`")]
    EventType(String),
    /// Even the thin body is too long.
    #[error("the body has {bytes} bytes and must have fewer than {BODY_BYTES_BOUND}")]
    TooLong { bytes: usize },
    #[error("the payload cannot be serialized: {0}")]
    Json(#[from] serde_json::Error),
}

/// An event to send to a receiver.
#[derive(Clone, Copy, Debug)]
pub struct WebhookEvent<'a, Full, Thin> {
    /// Such as `pattern.detected`.
    pub event_type: &'a str,
    /// The time of the event, not of its delivery.
    pub occurred_at: DateTime<Utc>,
    pub full: &'a Full,
    pub thin: &'a Thin,
}

/// Builds the body in the format that the endpoint chose. A full body that is too long becomes a
/// thin one, so receivers of full bodies must be able to fetch the data. The same event always gives
/// the same bytes.
pub fn build_body<Full: Serialize, Thin: Serialize>(
    event: &WebhookEvent<'_, Full, Thin>,
    preferred: PayloadFormat,
) -> Result<Body, PayloadError> {
    if !is_event_type(event.event_type) {
        return Err(PayloadError::EventType(event.event_type.to_owned()));
    }
    if preferred == PayloadFormat::Full {
        let text = envelope(event.event_type, event.occurred_at, event.full)?;
        if text.len() < BODY_BYTES_BOUND {
            return Ok(Body { text, format: PayloadFormat::Full });
        }
    }
    let text = envelope(event.event_type, event.occurred_at, event.thin)?;
    if text.len() < BODY_BYTES_BOUND {
        Ok(Body { text, format: PayloadFormat::Thin })
    } else {
        Err(PayloadError::TooLong { bytes: text.len() })
    }
}

/// Whether a text is an event type: words of letters, digits and `_`, separated by full stops.
pub fn is_event_type(text: &str) -> bool {
    let is_word = |word: &str| {
        !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    };
    text.len() <= EVENT_TYPE_CHARS_MAX && text.split('.').all(is_word)
}

#[derive(Serialize)]
struct Envelope<'a, Data> {
    r#type: &'a str,
    timestamp: String,
    data: &'a Data,
}

fn envelope<Data: Serialize>(
    event_type: &str,
    occurred_at: DateTime<Utc>,
    data: &Data,
) -> Result<String, serde_json::Error> {
    let timestamp = occurred_at.to_rfc3339_opts(SecondsFormat::Millis, true);
    serde_json::to_string(&Envelope { r#type: event_type, timestamp, data })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn build(
        event_type: &str,
        full: &Value,
        thin: &Value,
        preferred: PayloadFormat,
    ) -> Result<Body, PayloadError> {
        let occurred_at = "2026-11-23T12:00:00.250Z".parse().unwrap();
        build_body(&WebhookEvent { event_type, occurred_at, full, thin }, preferred)
    }

    #[test]
    fn body_has_the_preferred_format() {
        let (full, thin) =
            (json!({"pattern_id": "p1", "subject": "chest"}), json!({"pattern_id": "p1"}));
        let check = |preferred, text: &str| {
            let body = build("pattern.detected", &full, &thin, preferred).unwrap();
            assert_eq!(body, Body { text: text.to_owned(), format: preferred });
        };
        check(
            PayloadFormat::Full,
            r#"{"type":"pattern.detected","timestamp":"2026-11-23T12:00:00.250Z","data":{"pattern_id":"p1","subject":"chest"}}"#,
        );
        check(
            PayloadFormat::Thin,
            r#"{"type":"pattern.detected","timestamp":"2026-11-23T12:00:00.250Z","data":{"pattern_id":"p1"}}"#,
        );
    }

    fn check_length(
        full_chars: usize,
        thin_chars: usize,
        preferred: PayloadFormat,
        expected: Result<PayloadFormat, usize>,
    ) {
        // The length of the envelope and the quotes of a text.
        let frame = build("a", &json!(""), &json!(""), PayloadFormat::Full).unwrap().text.len();
        let text = |chars: usize| json!("x".repeat(chars - frame));
        let format = match build("a", &text(full_chars), &text(thin_chars), preferred) {
            Ok(body) => Ok(body.format),
            Err(PayloadError::TooLong { bytes }) => Err(bytes),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(format, expected, "{full_chars} {thin_chars}");
    }

    #[test]
    fn full_body_over_20_000_bytes_becomes_thin() {
        check_length(19_999, 100, PayloadFormat::Full, Ok(PayloadFormat::Full));
        check_length(20_000, 100, PayloadFormat::Full, Ok(PayloadFormat::Thin));
        check_length(20_000, 100, PayloadFormat::Thin, Ok(PayloadFormat::Thin));
        check_length(20_000, 19_999, PayloadFormat::Full, Ok(PayloadFormat::Thin));
        check_length(30_000, 20_000, PayloadFormat::Full, Err(20_000));
        check_length(100, 20_000, PayloadFormat::Thin, Err(20_000));
    }

    #[test]
    fn event_type_is_words_separated_by_full_stops() {
        for text in ["a", "pattern.detected", "week.volume_over_mrv.v1", &"x".repeat(100)] {
            assert!(is_event_type(text), "{text}");
        }
        for text in ["", ".", "a.", ".a", "a..b", "a b", "a-b", "é", "a\n", &"x".repeat(101)] {
            assert!(!is_event_type(text), "{text}");
            let error = build(text, &json!(1), &json!(1), PayloadFormat::Full).unwrap_err();
            assert!(matches!(error, PayloadError::EventType(_)));
        }
    }

    #[test]
    fn format_parses_from_its_name() {
        for format in PayloadFormat::ALL {
            assert_eq!(PayloadFormat::parse(format.as_str()), Some(format));
        }
        assert_eq!(PayloadFormat::parse("FULL"), None);
    }

    #[test]
    fn data_that_cannot_be_serialized_is_an_error() {
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        let occurred_at = "2026-11-23T12:00:00Z".parse().unwrap();
        let event = WebhookEvent { event_type: "a", occurred_at, full: &map, thin: &map };
        assert!(matches!(build_body(&event, PayloadFormat::Full), Err(PayloadError::Json(_))));
    }
}
