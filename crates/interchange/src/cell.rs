//! One cell of a row, with its errors.
//!
//! Limits without a source are project defaults.

use crate::findings::RowError;
use std::borrow::Cow;
use training::limits::TEXT_CHARS_MAX;

/// The reason for a text that is too long.
const TOO_LONG: &str = "must have at most 2,000 characters";
const _: () = assert!(TEXT_CHARS_MAX == 2_000, "TOO_LONG names the limit");

/// The length to which an error truncates a value.
const SHOWN_CHARS_MAX: usize = 50;

/// A cell of a row.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    /// The name of the column in the header; empty if the file does not have the column.
    pub column: &'a str,
    pub raw: &'a str,
}

impl<'a> Cell<'a> {
    /// Returns the text without surrounding whitespace.
    pub fn value(self) -> &'a str {
        self.raw.trim()
    }

    /// Whether the cell has no value. Some apps write `null`.
    pub fn is_empty(self) -> bool {
        matches!(self.value(), "" | "null" | "NULL")
    }

    /// Returns the text with its whitespace, or `None` if it is blank. Fails if it is longer than a
    /// text may be.
    pub fn text(self) -> Result<Option<&'a str>, RowError<'a>> {
        // A character has at least one byte, so most texts need no counting.
        if self.raw.len() > TEXT_CHARS_MAX && self.raw.chars().count() > TEXT_CHARS_MAX {
            return Err(self.error(TOO_LONG));
        }
        Ok(Some(self.raw).filter(|text| !text.trim().is_empty()))
    }

    /// Returns the text without surrounding whitespace. Fails if it is blank or too long.
    pub fn required_text(self) -> Result<&'a str, RowError<'a>> {
        self.text()?.map(str::trim).ok_or_else(|| self.error("must not be empty"))
    }

    /// Returns an error of this cell.
    pub fn error(self, reason: impl Into<Cow<'static, str>>) -> RowError<'a> {
        let value = truncate(self.value());
        RowError { column: self.column, value, reason: reason.into() }
    }
}

/// Truncates a text to the length that an error shows.
pub fn truncate(text: &str) -> Cow<'_, str> {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default())),
        None => Cow::Borrowed(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn error_shows_50_characters_of_the_value() {
        let check = |raw: &str, expected: &str| {
            assert_eq!(Cell { column: "reps", raw }.error("no").value, expected);
        };
        check(" x ", "x");
        check(&"ä".repeat(50), &"ä".repeat(50));
        check(&"ä".repeat(51), &format!("{}…", "ä".repeat(50)));
    }

    #[test]
    fn text_keeps_whitespace_and_has_at_most_2000_characters() {
        let check = |raw: &str, expected: Result<Option<&str>, ()>| {
            let text = Cell { column: "notes", raw }.text();
            assert_eq!(text.map_err(|_| ()), expected, "{raw:?}");
        };
        check(" a ", Ok(Some(" a ")));
        check(" \n", Ok(None));
        let (longest, longer) = ("ä".repeat(2_000), "ä".repeat(2_001));
        check(&longest, Ok(Some(&longest)));
        check(&longer, Err(()));
    }
}
