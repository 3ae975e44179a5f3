//! The body: `{"type", "timestamp", "data"}`, with all of the data or with ids only.

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Serialize;

/// A body is shorter than this (specification: usually smaller than 20 kB).
pub const BODY_BYTES_BOUND: usize = 20_000;
/// The longest event type (ours).
pub const EVENT_TYPE_CHARS_MAX: usize = 100;

/// How much a body says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// All of the data: the receiver need not ask.
    Full,
    /// Ids only: the receiver asks for what it wants to know.
    Thin,
}

impl Form {
    /// Every form.
    pub const ALL: [Self; 2] = [Self::Full, Self::Thin];

    /// The word for it on the wire and in a row.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Thin => "thin",
        }
    }

    /// The form of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.as_str() == text)
    }
}

/// A body to be signed and sent as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The JSON.
    pub text: String,
    /// The form that it has: thin, though a full one was wanted, when that was too long.
    pub form: Form,
}

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub enum PayloadError {
    /// The specification wants words of letters, digits and `_`, between full stops.
    #[error("`{0}` is no event type")]
    EventType(String),
    /// Even the thin one is too long.
    #[error("a body of {bytes} bytes is not under {BODY_BYTES_BOUND}")]
    TooLong {
        /// Its length.
        bytes: usize,
    },
    /// The data cannot be written as JSON.
    #[error("the payload cannot be written: {0}")]
    Json(#[from] serde_json::Error),
}

/// What happened, as a receiver is told it.
#[derive(Clone, Copy, Debug)]
pub struct Occurrence<'a, Full, Thin> {
    /// `pattern.detected`.
    pub event_type: &'a str,
    /// When it happened, which is not when it is delivered.
    pub occurred_at: DateTime<Utc>,
    /// The data of a full body.
    pub full: &'a Full,
    /// The data of a thin body: ids only.
    pub thin: &'a Thin,
}

/// The body in the form that the endpoint chose. A full one that is too long becomes a thin one: a
/// receiver of full bodies must be ready to ask. The same occurrence gives the same bytes.
pub fn body<Full: Serialize, Thin: Serialize>(
    occurrence: &Occurrence<'_, Full, Thin>,
    wanted: Form,
) -> Result<Body, PayloadError> {
    if !is_event_type(occurrence.event_type) {
        return Err(PayloadError::EventType(occurrence.event_type.to_owned()));
    }
    if wanted == Form::Full {
        let text = envelope(occurrence.event_type, occurrence.occurred_at, occurrence.full)?;
        if text.len() < BODY_BYTES_BOUND {
            return Ok(Body { text, form: Form::Full });
        }
    }
    let text = envelope(occurrence.event_type, occurrence.occurred_at, occurrence.thin)?;
    if text.len() < BODY_BYTES_BOUND {
        Ok(Body { text, form: Form::Thin })
    } else {
        Err(PayloadError::TooLong { bytes: text.len() })
    }
}

/// Whether a text is an event type: words of letters, digits and `_`, between full stops.
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

    fn of(
        event_type: &str,
        full: &Value,
        thin: &Value,
        wanted: Form,
    ) -> Result<Body, PayloadError> {
        let occurred_at = "2026-11-23T12:00:00.250Z".parse().unwrap();
        body(&Occurrence { event_type, occurred_at, full, thin }, wanted)
    }

    #[test]
    fn a_body_is_full_or_thin_as_wanted() {
        let (full, thin) =
            (json!({"pattern_id": "p1", "subject": "chest"}), json!({"pattern_id": "p1"}));
        let check = |wanted, text: &str| {
            let body = of("pattern.detected", &full, &thin, wanted).unwrap();
            assert_eq!(body, Body { text: text.to_owned(), form: wanted });
        };
        check(
            Form::Full,
            r#"{"type":"pattern.detected","timestamp":"2026-11-23T12:00:00.250Z","data":{"pattern_id":"p1","subject":"chest"}}"#,
        );
        check(
            Form::Thin,
            r#"{"type":"pattern.detected","timestamp":"2026-11-23T12:00:00.250Z","data":{"pattern_id":"p1"}}"#,
        );
    }

    fn check_length(
        full_chars: usize,
        thin_chars: usize,
        wanted: Form,
        expect: Result<Form, usize>,
    ) {
        // What the envelope and the quotes of a text take.
        let frame = of("a", &json!(""), &json!(""), Form::Full).unwrap().text.len();
        let text = |chars: usize| json!("x".repeat(chars - frame));
        let form = match of("a", &text(full_chars), &text(thin_chars), wanted) {
            Ok(body) => Ok(body.form),
            Err(PayloadError::TooLong { bytes }) => Err(bytes),
            Err(error) => panic!("{error}"),
        };
        assert_eq!(form, expect, "{full_chars} {thin_chars}");
    }

    #[test]
    fn a_body_is_under_20_000_bytes_thin_when_it_must_be() {
        check_length(19_999, 100, Form::Full, Ok(Form::Full));
        check_length(20_000, 100, Form::Full, Ok(Form::Thin));
        check_length(20_000, 100, Form::Thin, Ok(Form::Thin));
        check_length(20_000, 19_999, Form::Full, Ok(Form::Thin));
        check_length(30_000, 20_000, Form::Full, Err(20_000));
        check_length(100, 20_000, Form::Thin, Err(20_000));
    }

    #[test]
    fn an_event_type_is_words_between_full_stops() {
        for text in ["a", "pattern.detected", "week.volume_over_mrv.v1", &"x".repeat(100)] {
            assert!(is_event_type(text), "{text}");
        }
        for text in ["", ".", "a.", ".a", "a..b", "a b", "a-b", "é", "a\n", &"x".repeat(101)] {
            assert!(!is_event_type(text), "{text}");
            let error = of(text, &json!(1), &json!(1), Form::Full).unwrap_err();
            assert!(matches!(error, PayloadError::EventType(_)));
        }
    }

    #[test]
    fn a_form_has_a_name() {
        for form in Form::ALL {
            assert_eq!(Form::parse(form.as_str()), Some(form));
        }
        assert_eq!(Form::parse("FULL"), None);
    }

    #[test]
    fn data_that_is_no_json_is_an_error() {
        let map = std::collections::BTreeMap::from([((1, 2), 3)]);
        let occurred_at = "2026-11-23T12:00:00Z".parse().unwrap();
        let occurrence = Occurrence { event_type: "a", occurred_at, full: &map, thin: &map };
        assert!(matches!(body(&occurrence, Form::Full), Err(PayloadError::Json(_))));
    }
}
