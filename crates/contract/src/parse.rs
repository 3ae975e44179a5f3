//! Parses JSON into a model: the path of the first type error, then all invalid fields.

use crate::checks::{Checks, FieldCode, FieldError, FieldErrors, Validate, escaped};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_path_to_error::{Path, Segment, Track};

/// The reason for which a text is no valid model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// The text is not JSON.
    NotJson(String),
    /// Fields are invalid.
    Invalid(FieldErrors),
}

/// Parses a JSON object and validates it.
pub fn parse_json<T: DeserializeOwned + Validate>(
    bytes: &[u8],
    now: DateTime<Utc>,
) -> Result<T, ParseError> {
    let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    // serde also reads a struct from an array of its fields' values.
    if first.is_some_and(|byte| *byte != b'{') {
        Value::deserialize(&mut deserializer).map_err(|error| not_json(&error))?;
        deserializer.end().map_err(|error| not_json(&error))?;
        let error = FieldError::at("", FieldCode::InvalidType, "must be an object");
        return Err(ParseError::Invalid(FieldErrors::from_iter([error])));
    }
    let model = deserialize(&mut deserializer, "").and_then(|model: T| {
        deserializer.end().map_err(|error| not_json(&error))?;
        validate(model, "", now)
    });
    // A type error may come before an error of syntax, which matters more.
    if model.is_err() {
        serde_json::from_slice::<IgnoredAny>(bytes).map_err(|error| not_json(&error))?;
    }
    model
}

/// Parses a part of a document and validates it. Pointers of errors begin with `pointer`.
pub fn parse_value<T: DeserializeOwned + Validate>(
    value: &Value,
    pointer: &str,
    now: DateTime<Utc>,
) -> Result<T, ParseError> {
    if !value.is_object() {
        let error = FieldError::at(pointer, FieldCode::InvalidType, "must be an object");
        return Err(ParseError::Invalid(FieldErrors::from_iter([error])));
    }
    validate(deserialize(value, pointer)?, pointer, now)
}

fn validate<T: Validate>(model: T, pointer: &str, now: DateTime<Utc>) -> Result<T, ParseError> {
    let mut checks = Checks::new(now, pointer);
    model.validate(&mut checks);
    let errors = checks.into_errors();
    if errors.is_empty() { Ok(model) } else { Err(ParseError::Invalid(errors)) }
}

fn deserialize<'de, T: Deserialize<'de>>(
    deserializer: impl serde::Deserializer<'de>,
    pointer: &str,
) -> Result<T, ParseError> {
    deserialize_at_path(deserializer).map_err(|(path, message)| {
        ParseError::Invalid(FieldErrors::from_iter([type_error(pointer, &path, &message)]))
    })
}

/// Deserializes a model. An error is the path to the first type error with serde's message.
pub fn deserialize_at_path<'de, T: Deserialize<'de>>(
    deserializer: impl serde::Deserializer<'de>,
) -> Result<T, (Path, String)> {
    let mut track = Track::new();
    let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    T::deserialize(tracked).map_err(|error| (track.path(), error.to_string()))
}

fn not_json(error: &serde_json::Error) -> ParseError {
    // The message of a syntax error quotes nothing of the body.
    let message = error.to_string();
    ParseError::NotJson(message.chars().take(200).collect())
}

/// The field error of a message of serde.
fn type_error(prefix: &str, path: &Path, message: &str) -> FieldError {
    // serde_json appends the place to its messages.
    let message = message.rsplit_once(" at line ").map_or(message, |(message, _)| message);
    let mut pointer = path.iter().fold(prefix.to_owned(), |pointer, segment| match segment {
        Segment::Seq { index } => format!("{pointer}/{index}"),
        Segment::Map { key } => format!("{pointer}/{}", escaped(key)),
        Segment::Enum { .. } | Segment::Unknown => pointer,
    });
    let quoted = message.split('`').nth(1).unwrap_or_default();
    let (code, detail) = if message.starts_with("missing field") {
        pointer = format!("{pointer}/{}", escaped(quoted));
        (FieldCode::Required, "is required".to_owned())
    } else if message.starts_with("unknown field") {
        let allowed = message.split_once(", ").map_or("", |(_, allowed)| allowed);
        (FieldCode::UnknownField, format!("unknown field; {}", allowed.replace('`', "")))
    } else if message.starts_with("duplicate field") {
        pointer = format!("{pointer}/{}", escaped(quoted));
        (FieldCode::Duplicate, "occurs twice".to_owned())
    } else if message.starts_with("unknown variant") {
        let allowed = message.split_once("expected ").map_or("", |(_, allowed)| allowed);
        let allowed = allowed.trim_start_matches("one of ");
        (FieldCode::InvalidValue, format!("must be one of {}", allowed.replace('`', "")))
    } else if let Some((code, expected)) = expected(message) {
        (code, format!("must be {expected}"))
    } else if message.starts_with("expected value") {
        // serde_json, where it expects the name of a variant and finds another type.
        (FieldCode::InvalidType, "must be a string".to_owned())
    } else {
        (FieldCode::InvalidFormat, message.to_owned())
    };
    FieldError::at(pointer, code, detail)
}

/// The expected value of a message such as "invalid type: null, expected u32", for a person.
fn expected(message: &str) -> Option<(FieldCode, String)> {
    let code = match message.split_once(": ")?.0 {
        "invalid type" => FieldCode::InvalidType,
        "invalid value" | "invalid length" => FieldCode::OutOfRange,
        _ => return None,
    };
    let expected = message.rsplit_once(", expected ")?.1;
    let expected = match expected {
        "u8" | "u32" | "u64" | "usize" => "an integer of 0 or more",
        "i32" | "i64" => "an integer",
        "f64" => "a number",
        "a boolean" => "true or false",
        "a borrowed string" | "a string" | "a formatted date and time string" => "a string",
        "a sequence" => "a list",
        "a map" => "an object",
        struct_name if struct_name.starts_with("struct ") => "an object",
        other => other,
    };
    Some((code, expected.to_owned()))
}
