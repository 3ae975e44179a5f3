//! Escapes the formulas of spreadsheets as Hevy does.

use std::borrow::Cow;

/// A spreadsheet reads a cell that begins with one of these as a formula (OWASP, CSV injection).
const FORMULA_PREFIXES: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// The prefix that makes a spreadsheet read such a cell as text.
const ESCAPE: char = '\'';

/// Escapes a text that a spreadsheet would read as a formula. A text that already looks escaped
/// gets a second escape, so that [`unescape_formula`] returns the original text.
pub fn escape_formula(text: &str) -> Cow<'_, str> {
    if looks_like_formula(text) {
        Cow::Owned(format!("{ESCAPE}{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Returns the text as it was before [`escape_formula`].
pub fn unescape_formula(text: &str) -> &str {
    text.strip_prefix(ESCAPE).filter(|rest| looks_like_formula(rest)).unwrap_or(text)
}

fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches(ESCAPE).starts_with(FORMULA_PREFIXES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escaped_formula_is_unescaped_to_the_same_text() {
        let check = |text: &str, written: &str| {
            assert_eq!(escape_formula(text), written);
            assert_eq!(unescape_formula(written), text);
        };
        check("=1+1", "'=1+1");
        check("+1", "'+1");
        check("-5 kg", "'-5 kg");
        check("@home", "'@home");
        check("\tx", "'\tx");
        check("\rx", "'\rx");
        check("'=1+1", "''=1+1");
        check("''=", "'''=");
        check("'tis heavy", "'tis heavy");
        check("'", "'");
        check("1+1", "1+1");
        check("", "");
    }
}
