//! Parses a JSON body field by field. Every invalid field is reported with its pointer; unknown
//! fields are invalid too, so that a misspelt weight is not silently lost.

use crate::error::{ApiError, bad_parameter};
use chrono::{DateTime, FixedOffset};
use platform::http::{Body, FieldError, Request, query, text_header};
use serde_json::{Map, Value};
use std::cell::RefCell;
use training::limits::TEXT_CHARS_MAX;

/// Parses the JSON body of a request.
pub fn json_body(request: &Request) -> Result<Value, ApiError> {
    let content_type = text_header(request, "content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !media_type.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::NotJsonType);
    }
    serde_json::from_slice(body_bytes(request)?).map_err(ApiError::NotJson)
}

/// The bytes of a body.
pub fn body_bytes(request: &Request) -> Result<&[u8], ApiError> {
    match request.body() {
        Body::Complete(bytes) => Ok(bytes),
        Body::TooLong { bytes_max } => Err(ApiError::TooLong(*bytes_max)),
    }
}

/// Parses a flag of the query: `true`, `1` or empty; `false`, `0` or absent.
pub fn query_flag(request: &Request, name: &str) -> Result<bool, ApiError> {
    match query(request, name).as_deref() {
        None | Some("false" | "0") => Ok(false),
        Some("" | "true" | "1") => Ok(true),
        Some(_) => Err(bad_parameter(name, "must be true or false")),
    }
}

/// The invalid fields so far, and the slugs that the database has to check.
#[derive(Default)]
pub struct Errors {
    found: RefCell<Vec<FieldError>>,
    own_slugs: RefCell<Vec<(String, String)>>,
}

impl Errors {
    /// Adds an invalid field.
    pub fn add(&self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.found.borrow_mut().push(FieldError { pointer: pointer.into(), detail: detail.into() });
    }

    /// Returns the value when no field is invalid, else the response.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, ApiError> {
        self.into_result(value).map_err(ApiError::Invalid)
    }

    /// Returns the value when no field is invalid.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        let found = self.found.into_inner();
        value.filter(|_| found.is_empty()).ok_or(found)
    }

    /// The pointers and slugs of exercises outside the catalogue.
    pub fn own_slugs(&self) -> Vec<(String, String)> {
        self.own_slugs.borrow().clone()
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
    pub fn add_own_slug(&self, name: &str, slug: &str) {
        self.errors.own_slugs.borrow_mut().push((self.pointer(name), slug.to_owned()));
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

    /// A number within bounds.
    pub fn number(&self, name: &str, min: f64, max: f64) -> Option<f64> {
        let number = self.get(name)?.as_f64();
        let within = number.filter(|number| (min..=max).contains(number));
        if within.is_none() {
            self.reject(name, format!("must be a number between {min} and {max}"));
        }
        within
    }

    /// An integer from 0 to `max`.
    pub fn integer(&self, name: &str, max: u32) -> Option<u32> {
        let number = self.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
        let within = number.filter(|number| *number <= max);
        if within.is_none() {
            self.reject(name, format!("must be an integer between 0 and {max}"));
        }
        within
    }

    /// A boolean.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let flag = self.get(name)?.as_bool();
        if flag.is_none() {
            self.reject(name, "must be true or false");
        }
        flag
    }

    /// An instant with its offset.
    pub fn time(&self, name: &str) -> Option<DateTime<FixedOffset>> {
        let value = self.get(name)?;
        let time = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        if time.is_none() {
            self.reject(name, "must be an RFC 3339 time with an offset: 2026-11-23T18:00:00+01:00");
        }
        time
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
