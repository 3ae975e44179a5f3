//! Reading a JSON body field by field: every bad field is reported, with a pointer to it, and a
//! field that nobody knows is bad too, so that a misspelt weight is not silently lost.

use crate::error::ApiError;
use chrono::{DateTime, FixedOffset};
use platform::http::{Body, FieldError, Request, text_header};
use serde_json::{Map, Value};
use std::cell::RefCell;
use training::limits::TEXT_CHARS_MAX;

/// The JSON body of a request.
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

/// What was found wrong so far, and what only the database can judge.
#[derive(Default)]
pub struct Errors {
    found: RefCell<Vec<FieldError>>,
    own_slugs: RefCell<Vec<(String, String)>>,
}

impl Errors {
    /// One more.
    pub fn add(&self, pointer: impl Into<String>, detail: impl Into<String>) {
        self.found.borrow_mut().push(FieldError { pointer: pointer.into(), detail: detail.into() });
    }

    /// The value, when nothing was wrong with anything.
    pub fn finish<T>(self, value: Option<T>) -> Result<T, ApiError> {
        self.into_result(value).map_err(ApiError::Invalid)
    }

    /// The value, when nothing was wrong with anything.
    pub fn into_result<T>(self, value: Option<T>) -> Result<T, Vec<FieldError>> {
        let found = self.found.into_inner();
        value.filter(|_| found.is_empty()).ok_or(found)
    }

    /// Where exercises stand that are not of the catalogue, each with its slug.
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
    /// The fields of an object that knows only these names.
    pub fn of(
        value: &'a Value,
        pointer: impl Into<String>,
        known: &[&str],
        errors: &'a Errors,
    ) -> Option<Self> {
        let pointer = pointer.into();
        let Value::Object(object) = value else {
            errors.add(pointer, "has to be an object");
            return None;
        };
        for name in object.keys().filter(|name| !known.contains(&name.as_str())) {
            errors.add(format!("{pointer}/{}", escaped(name)), "is not a field here");
        }
        Some(Self { object, pointer, errors })
    }

    /// Where errors are collected.
    pub const fn errors(&self) -> &'a Errors {
        self.errors
    }

    /// The pointer to a field.
    pub fn pointer(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }

    /// Reports a field.
    pub fn refuse(&self, name: &str, detail: impl Into<String>) {
        self.errors.add(self.pointer(name), detail);
    }

    /// Notes an exercise that is not of the catalogue.
    pub fn note_own_slug(&self, name: &str, slug: &str) {
        self.errors.own_slugs.borrow_mut().push((self.pointer(name), slug.to_owned()));
    }

    /// The value of a field; null is as good as not there.
    pub fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    /// Whether the field is there, null or not.
    pub fn has(&self, name: &str) -> bool {
        self.object.contains_key(name)
    }

    /// Reports a field that has to be there and is not.
    pub fn require(&self, name: &str) {
        if self.get(name).is_none() {
            self.refuse(name, "is required");
        }
    }

    /// A text, of at most the contract's 2,000 characters.
    pub fn text(&self, name: &str) -> Option<String> {
        let value = self.get(name)?;
        let Value::String(text) = value else {
            self.refuse(name, "has to be a text");
            return None;
        };
        if text.chars().count() > TEXT_CHARS_MAX {
            self.refuse(name, format!("is over {TEXT_CHARS_MAX} characters"));
            return None;
        }
        Some(text.clone())
    }

    /// A number within bounds.
    pub fn number(&self, name: &str, min: f64, max: f64) -> Option<f64> {
        let number = self.get(name)?.as_f64();
        let within = number.filter(|number| (min..=max).contains(number));
        if within.is_none() {
            self.refuse(name, format!("has to be a number from {min} to {max}"));
        }
        within
    }

    /// A whole number within bounds.
    pub fn whole(&self, name: &str, max: u32) -> Option<u32> {
        let number = self.get(name)?.as_u64().and_then(|number| u32::try_from(number).ok());
        let within = number.filter(|number| *number <= max);
        if within.is_none() {
            self.refuse(name, format!("has to be a whole number from 0 to {max}"));
        }
        within
    }

    /// True or false.
    pub fn flag(&self, name: &str) -> Option<bool> {
        let flag = self.get(name)?.as_bool();
        if flag.is_none() {
            self.refuse(name, "has to be true or false");
        }
        flag
    }

    /// An instant with its offset.
    pub fn time(&self, name: &str) -> Option<DateTime<FixedOffset>> {
        let value = self.get(name)?;
        let time = value.as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
        if time.is_none() {
            self.refuse(
                name,
                "has to be an RFC 3339 time with an offset: 2026-11-23T18:00:00+01:00",
            );
        }
        time
    }

    /// A list, with the pointer of each item.
    pub fn list(&self, name: &str) -> Option<Vec<(String, &'a Value)>> {
        let Some(Value::Array(items)) = self.get(name) else {
            self.refuse(name, "has to be a list");
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
