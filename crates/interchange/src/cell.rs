//! One cell of a row, and the words with which it is refused.

use training::limits::TEXT_CHARS_MAX;

/// How much of a value an error shows (ours): enough to find it.
const SHOWN_CHARS_MAX: usize = 50;

/// A cell: its column as the header writes it, and its text.
#[derive(Clone, Copy)]
pub struct Cell<'a> {
    /// The column; empty where the file has none of the kind.
    pub column: &'a str,
    /// The text as it stands.
    pub raw: &'a str,
}

impl<'a> Cell<'a> {
    /// The text without blanks around it.
    pub fn value(self) -> &'a str {
        self.raw.trim()
    }

    /// A text as it was written, blanks and all; `None` where there is nothing but blanks.
    /// Refused over the limit of a text.
    pub fn text(self) -> Result<Option<&'a str>, String> {
        // A character has a byte at least: most texts need no counting.
        if self.raw.len() > TEXT_CHARS_MAX && self.raw.chars().count() > TEXT_CHARS_MAX {
            return Err(self.refused(&format!("over {TEXT_CHARS_MAX} characters")));
        }
        Ok(Some(self.raw).filter(|text| !text.trim().is_empty()))
    }

    /// Why it is refused: column, value, reason.
    pub fn refused(self, why: &str) -> String {
        format!("{} is `{}`: {why}", self.column, shown(self.value()))
    }
}

/// A text cut to what an error shows of it.
pub fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_shows_the_column_and_50_characters_of_the_value() {
        let check = |raw: &str, expected: &str| {
            assert_eq!(Cell { column: "reps", raw }.refused("no"), expected);
        };
        check(" x ", "reps is `x`: no");
        check(&"ä".repeat(50), &format!("reps is `{}`: no", "ä".repeat(50)));
        check(&"ä".repeat(51), &format!("reps is `{}…`: no", "ä".repeat(50)));
    }

    #[test]
    fn a_text_is_kept_with_its_blanks_up_to_its_limit() {
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
