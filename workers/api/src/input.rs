//! Parses a JSON body field by field. Every invalid field is reported with its pointer; unknown
//! fields are invalid too, so that a misspelt weight is not silently lost.

use crate::error::{ApiResult, bad_parameter};
use crate::extract::require_type;
use chrono::{DateTime, FixedOffset};
use contract::{FieldCode, FieldError, Problem, ProblemCode};
use platform::http::{Body, Request, query};
use serde_json::{Map, Value};
use std::cell::RefCell;
use training::limits::TEXT_CHARS_MAX;

/// Parses the JSON body of a request.
pub fn json_body(request: &Request) -> ApiResult<Value> {
    require_type(request, "application/json")?;
    serde_json::from_slice(body_bytes(request)?).map_err(|error| {
        ProblemCode::InvalidJson.with(format!("the body is not valid JSON: {error}")).into()
    })
}

/// The bytes of a body.
pub fn body_bytes(request: &Request) -> ApiResult<&[u8]> {
    match request.body() {
        Body::Complete(bytes) => Ok(bytes),
        Body::TooLong { bytes_max } => {
            let detail = format!("the body is longer than {bytes_max} bytes");
            Err(ProblemCode::BodyTooLong.with(detail).into())
        }
    }
}

/// Parses a flag of the query: `true`, `1` or empty; `false`, `0` or absent.
pub fn query_flag(request: &Request, name: &str) -> ApiResult<bool> {
    match query(request, name).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("" | "true" | "1") => Ok(true),
        Some(_) => Err(bad_parameter(name, FieldCode::InvalidValue, "must be true or false")),
    }
}

/// Parses an integer of the query, from 1 to `max`.
pub fn query_integer(request: &Request, name: &str, default: i64, max: i64) -> ApiResult<i64> {
    let Some(text) = query(request, name) else { return Ok(default) };
    let number = text.parse().ok().filter(|number| (1..=max).contains(number));
    let detail = format!("must be an integer between 1 and {max}");
    number.ok_or_else(|| bad_parameter(name, FieldCode::OutOfRange, &*detail))
}

/// The invalid fields so far, and the slugs that the database has to check.
#[derive(Default)]
pub struct Errors {
    found: RefCell<Vec<FieldError>>,
    custom_slugs: RefCell<Vec<(String, String)>>,
}

impl Errors {
    /// Adds an invalid field.
    pub fn add(&self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.found.borrow_mut().push(FieldError::at(pointer, FieldCode::InvalidValue, detail));
    }

    /// Returns the value when no field is invalid, else the response.
    pub fn finish<T>(self, value: Option<T>) -> ApiResult<T> {
        self.into_result(value).map_err(|errors| Problem::invalid(errors).into())
    }

    /// Returns the value when no field is invalid.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        let found = self.found.into_inner();
        value.filter(|_| found.is_empty()).ok_or(found)
    }

    /// The pointers and slugs of exercises outside the catalogue.
    pub fn custom_slugs(&self) -> Vec<(String, String)> {
        self.custom_slugs.borrow().clone()
    }
}

/// The fields of one JSON object.
pub struct Fields<'a> {
    object: &'a Map<String, Value>,
    pointer: String,
    errors: &'a Errors,
}

impl<'a> Fields<'a> {
    /// The fields of an object. Names outside `known` are reported.
    pub fn of(
        value: &'a Value,
        pointer: impl Into<String>,
        known: &[&str],
        errors: &'a Errors,
    ) -> Option<Self> {
        let pointer = pointer.into();
        let Value::Object(object) = value else {
            errors.add(pointer, "must be an object");
            return None;
        };
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            errors.add(format!("{pointer}/{}", escaped(name)), "unknown field");
        }
        Some(Self { object, pointer, errors })
    }

    /// The errors of the body.
    pub const fn errors(&self) -> &'a Errors {
        self.errors
    }

    /// The pointer to a field.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }

    /// Reports an invalid field.
    pub fn reject(&self, name: &str, detail: impl Into<String>) {
        self.errors.add(self.pointer(name), detail);
    }

    /// Adds an exercise outside the catalogue.
    pub fn add_custom_slug(&self, name: &str, slug: &str) {
        self.errors.custom_slugs.borrow_mut().push((self.pointer(name), slug.to_owned()));
    }

    /// The value of a field; null counts as absent.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Whether the field is present, null or not.
    pub fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// Reports a required field that is absent.
    pub fn require(&self, name: &str) {
        if self.get(name).is_none() {
            self.reject(name, "is required");
        }
    }

    /// A string of at most 2,000 characters (public contract).
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        let Value::String(text) = value else {
            self.reject(name, "must be a string");
            return None;
        };
        if text.chars().count() > TEXT_CHARS_MAX {
            self.reject(name, format!("has more than {TEXT_CHARS_MAX} characters"));
            return None;
        }
        Some(text.clone())
    }

    /// The result of `parse`; a value that it returns `None` for is reported as not `expected`.
    pub fn parse<T>(
        &self,
        name: &str,
        expected: &str,
        parse: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<T> {
        let parsed = parse(self.get(name)?);
        if parsed.is_none() {
            self.reject(name, format!("must be {expected}"));
        }
        parsed
    }

    /// A number from `min` to `max`.
    pub fn number(&self, name: &str, min: f64, max: f64) -> Option<f64> {
        self.parse(name, &format!("a number between {min} and {max}"), |value| {
            value.as_f64().filter(|number| (min..=max).contains(number))
        })
    }

    /// An integer from 0 to `max`.
    pub fn integer(&self, name: &str, max: u32) -> Option<u32> {
        self.parse(name, &format!("an integer between 0 and {max}"), |value| {
            value.as_u64().and_then(|number| u32::try_from(number).ok()).filter(|n| *n <= max)
        })
    }

    /// A boolean.
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.parse(name, "true or false", Value::as_bool)
    }

    /// An instant with its offset.
    pub fn time(&self, name: &str) -> Option<DateTime<FixedOffset>> {
        let expected = "an RFC 3339 time with an offset: 2026-11-23T18:00:00+01:00";
        self.parse(name, expected, |value| DateTime::parse_from_rfc3339(value.as_str()?).ok())
    }

    /// The items of a list with their pointers.
    pub fn list(&self, name: &str) -> Option<Vec<(String, &'a Value)>> {
        let Some(Value::Array(items)) = self.get(name) else {
            self.reject(name, "must be a list");
            return None;
        };
        let pointer = self.pointer(name);
        Some(items.iter().enumerate().map(|(i, item)| (format!("{pointer}/{i}"), item)).collect())
    }
}

/// A name within a JSON pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.chars().take(100).collect::<String>().replace('~', "~0").replace('/', "~1")
}
