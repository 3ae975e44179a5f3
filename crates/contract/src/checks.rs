//! Validation: each model reports all its invalid fields, with a stable code and a JSON pointer.

use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt::Display;
use std::ops::RangeInclusive;

/// Entries of a problem, at most (public contract); all are counted.
pub const ERRORS_MAX: usize = 100;
/// Bytes of the entries of a problem, at most: within the contract's 16 KB for the whole response.
const ERRORS_BYTES_MAX: usize = 15_000;
/// Characters of a pointer or a detail, at most: both may quote the request.
const QUOTED_CHARS_MAX: usize = 300;

/// The reason for which a field or a parameter is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldCode {
    /// The field is absent or null.
    Required,
    /// The model has no such field or parameter.
    UnknownField,
    /// The value has another JSON type.
    InvalidType,
    /// The value is none of those allowed.
    InvalidValue,
    /// The text does not have the required format.
    InvalidFormat,
    /// The number or time is outside its range.
    OutOfRange,
    /// The text is too long.
    TooLong,
    /// The list has too many items.
    TooMany,
    /// The list or text is empty.
    Empty,
    /// The value or key occurs twice.
    Duplicate,
    /// The field cannot be combined with another one.
    Conflict,
    /// The exercise is neither in the catalogue nor one of the athlete's own.
    UnknownExercise,
}

/// One invalid field or parameter of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FieldError {
    /// The JSON pointer (RFC 6901) of a field of the body: `/exercises/0/sets/2/reps`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// The name of a query parameter or a header.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parameter: Option<String>,
    /// The line of an imported file: the first of `lines`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// The number of rows of an imported file with this error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// The first lines of an imported file with this error, at most 10.
    #[serde(default, skip_serializing_if = "<[u64]>::is_empty")]
    pub lines: Box<[u64]>,
    pub code: FieldCode,
    /// The reason and the allowed values, in English.
    pub detail: String,
}

impl FieldError {
    /// An invalid field of the body.
    pub fn at(pointer: impl Into<String>, code: FieldCode, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), ..Self::new(code, detail) }
    }

    /// An invalid query parameter or header.
    pub fn parameter(name: &str, code: FieldCode, detail: impl Into<String>) -> Self {
        Self { parameter: Some(name.to_owned()), ..Self::new(code, detail) }
    }

    /// The rows of an imported file that are invalid for one reason, with their first lines.
    pub fn rows(lines: Vec<u64>, count: usize, code: FieldCode, detail: String) -> Self {
        let (line, count) = (lines.first().copied(), u32::try_from(count).ok());
        Self { line, count, lines: lines.into(), ..Self::new(code, detail) }
    }

    fn new(code: FieldCode, detail: impl Into<String>) -> Self {
        let (pointer, parameter, line, count) = (None, None, None, None);
        Self { pointer, parameter, line, count, lines: Box::default(), code, detail: detail.into() }
    }

    fn bounded(mut self) -> Self {
        for text in [self.pointer.as_mut(), self.parameter.as_mut(), Some(&mut self.detail)] {
            if let Some(text) = text
                && let Some((end, _)) = text.char_indices().nth(QUOTED_CHARS_MAX)
            {
                text.truncate(end);
                text.push('…');
            }
        }
        self
    }

    fn bytes(&self) -> usize {
        let quoted = self.pointer.as_ref().or(self.parameter.as_ref()).map_or(0, String::len);
        // Room for the names of the fields, and for characters that JSON escapes.
        2 * (quoted + self.detail.len()) + 80 + 8 * self.lines.len()
    }
}

/// Invalid fields: the first ones, and the number of all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldErrors {
    kept: Vec<FieldError>,
    bytes: usize,
    total: usize,
}

impl FieldErrors {
    /// Adds an error. Past the limits of a response it is only counted.
    pub fn push(&mut self, error: FieldError) {
        self.total += error.count.map_or(1, |count| usize::try_from(count).unwrap_or(usize::MAX));
        let error = error.bounded();
        let bytes = self.bytes + error.bytes();
        if self.kept.len() < ERRORS_MAX && bytes <= ERRORS_BYTES_MAX {
            self.bytes = bytes;
            self.kept.push(error);
        }
    }

    /// The first errors.
    pub fn kept(&self) -> &[FieldError] {
        &self.kept
    }

    /// The number of all errors; of a file, of its invalid rows.
    pub const fn total(&self) -> usize {
        self.total
    }

    /// Whether there is no error.
    pub const fn is_empty(&self) -> bool {
        self.total == 0
    }
}

impl Extend<FieldError> for FieldErrors {
    fn extend<T: IntoIterator<Item = FieldError>>(&mut self, errors: T) {
        errors.into_iter().for_each(|error| self.push(error));
    }
}

impl FromIterator<FieldError> for FieldErrors {
    fn from_iter<T: IntoIterator<Item = FieldError>>(errors: T) -> Self {
        let mut all = Self::default();
        all.extend(errors);
        all
    }
}

/// A model that knows its own limits.
pub trait Validate {
    /// Reports each invalid field. The default has no limit beyond the types.
    fn validate(&self, _checks: &mut Checks) {}
}

/// Collects the invalid fields of one body.
pub struct Checks {
    now: DateTime<Utc>,
    pointer: String,
    errors: FieldErrors,
}

impl Checks {
    /// No errors so far. `pointer` is the place of the model in the body, empty for the body itself.
    pub fn new(now: DateTime<Utc>, pointer: &str) -> Self {
        Self { now, pointer: pointer.to_owned(), errors: FieldErrors::default() }
    }

    /// The time of the request.
    pub const fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The errors.
    pub fn into_errors(self) -> FieldErrors {
        self.errors
    }

    /// Reports a field of the current model; an empty name is the model itself.
    pub fn reject(&mut self, field: &str, code: FieldCode, detail: impl Into<String>) {
        let pointer = self.pointer_to(field);
        self.errors.push(FieldError::at(pointer, code, detail));
    }

    /// The pointer to a field of the current model.
    pub fn pointer_to(&self, field: &str) -> String {
        if field.is_empty() {
            self.pointer.clone()
        } else {
            format!("{}/{}", self.pointer, escaped(field))
        }
    }

    /// Requires a number within a range.
    pub fn range<T: PartialOrd + Display>(
        &mut self,
        field: &str,
        value: Option<T>,
        range: &RangeInclusive<T>,
    ) {
        if value.is_some_and(|value| !range.contains(&value)) {
            let detail = format!("must be between {} and {}", range.start(), range.end());
            self.reject(field, FieldCode::OutOfRange, detail);
        }
    }

    /// Requires a text of at most `chars_max` characters.
    pub fn text(&mut self, field: &str, text: Option<&str>, chars_max: usize) {
        if text.is_some_and(|text| text.chars().count() > chars_max) {
            let detail = format!("must have at most {chars_max} characters");
            self.reject(field, FieldCode::TooLong, detail);
        }
    }

    /// Requires one line of 1 to `chars_max` visible characters.
    pub fn line(&mut self, field: &str, text: Option<&str>, chars_max: usize) {
        let Some(text) = text else { return };
        let is_visible = text.chars().any(|c| !c.is_whitespace() && !is_invisible(c));
        if !is_visible || text.chars().any(char::is_control) {
            self.reject(
                field,
                FieldCode::InvalidFormat,
                "must be one line with a visible character",
            );
        }
        self.text(field, Some(text), chars_max);
    }

    /// Validates a nested model.
    pub fn within(&mut self, field: &str, model: Option<&impl Validate>) {
        if let Some(model) = model {
            self.enter(field, |checks| model.validate(checks));
        }
    }

    /// Runs checks at a field of the current model.
    pub fn enter(&mut self, field: &str, check: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer = self.pointer_to(field);
        check(self);
        self.pointer.truncate(length);
    }

    /// Validates the items of a list, unless it has more than `max`.
    pub fn items<T: Validate>(&mut self, field: &str, items: &[T], max: usize) {
        if self.length(field, items.len(), max) {
            self.enter(field, |checks| {
                for (index, item) in items.iter().enumerate() {
                    checks.enter(&index.to_string(), |checks| item.validate(checks));
                }
            });
        }
    }

    /// Requires at most `max` items of a list. Returns whether it has no more.
    pub fn length(&mut self, field: &str, length: usize, max: usize) -> bool {
        if length > max {
            self.reject(field, FieldCode::TooMany, format!("must have at most {max} items"));
        }
        length <= max
    }

    /// Requires a list without duplicates.
    pub fn unique<T: PartialEq>(&mut self, field: &str, items: &[T]) {
        for (index, item) in items.iter().enumerate() {
            if items.iter().take(index).any(|earlier| earlier == item) {
                let field = format!("{field}/{index}");
                self.errors.push(FieldError::at(
                    format!("{}/{field}", self.pointer),
                    FieldCode::Duplicate,
                    "is a duplicate",
                ));
            }
        }
    }
}

/// Characters without a glyph: zero-width spaces and joiners, direction marks, variation selectors.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{3164}' | '\u{2800}')
}

/// A name within a JSON pointer (RFC 6901).
pub(crate) fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_a_problem_are_bounded_and_counted() {
        let long = "x".repeat(10_000);
        let errors: FieldErrors = (0..5_000)
            .map(|n| FieldError::at(format!("/{n}/{long}"), FieldCode::UnknownField, long.clone()))
            .collect();
        let bytes: usize =
            errors.kept().iter().map(|e| serde_json::to_string(e).unwrap().len()).sum();
        assert!(bytes <= ERRORS_BYTES_MAX && !errors.kept().is_empty(), "{bytes}");
        let short: FieldErrors =
            (0..5_000).map(|n| FieldError::at(format!("/{n}"), FieldCode::Required, "")).collect();
        assert_eq!((errors.total(), short.total(), short.kept().len()), (5_000, 5_000, 100));
    }

    #[test]
    fn line_requires_a_visible_character() {
        let check = |text: &str, valid: bool| {
            let mut checks = Checks::new(DateTime::default(), "");
            checks.line("name", Some(text), 5);
            assert_eq!(checks.into_errors().is_empty(), valid, "{text:?}");
        };
        check("Ada", true);
        check("深蹲", true);
        check("", false);
        check(" \t", false);
        check("\u{200b}", false);
        check("a\nb", false);
        check("abcdef", false);
    }
}
