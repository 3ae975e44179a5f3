//! The `Mailer` port.

use async_trait::async_trait;

/// An email, with the same content as plain text and as HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Email {
    pub to: String,
    /// One line.
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Further headers, such as `List-Unsubscribe`; each value is one line.
    pub headers: Vec<(&'static str, String)>,
    /// The images that the HTML refers to by `cid:<content_id>`.
    pub inline_images: Vec<InlineImage>,
}

/// An image inside an email.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InlineImage {
    pub content_id: &'static str,
    pub filename: &'static str,
    /// A media type, such as `image/png`.
    pub content_type: &'static str,
    pub bytes: Vec<u8>,
}

/// The mail service did not accept an email.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("email not accepted: {reason}")]
pub struct EmailError {
    /// The mail service's message, without the recipient's address.
    pub reason: String,
}

/// Sends emails.
#[async_trait(?Send)]
pub trait Mailer {
    /// Sends an email; `Ok` when the mail service has accepted it.
    async fn send(&self, email: &Email) -> Result<(), EmailError>;
}

/// Returns a text as one line of at most `chars_max` characters. Removes control characters, which
/// could start a new header, and invisible characters, which could hide or reorder the text.
pub fn one_line(text: &str, chars_max: usize) -> String {
    let visible = text.chars().filter(|c| !is_invisible(*c));
    let flat: String = visible.map(|c| if c.is_control() { ' ' } else { c }).collect();
    flat.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(chars_max).collect()
}

/// Replaces an email address in a text, in upper or lower case, with `<address>`.
pub fn without_address(text: &str, address: &str) -> String {
    // ASCII only: lowercasing other letters could change the byte positions.
    let (lowercase, address) = (text.to_ascii_lowercase(), address.to_ascii_lowercase());
    let mut redacted = String::with_capacity(text.len());
    let mut rest = 0;
    for (start, matched) in lowercase.match_indices(&address) {
        redacted.push_str(text.get(rest..start).unwrap_or_default());
        redacted.push_str("<address>");
        rest = start + matched.len();
    }
    redacted.push_str(text.get(rest..).unwrap_or_default());
    redacted
}

/// Matches characters of the Unicode category Cf that are invisible or change the direction of the
/// text. Keeps the joiners U+200C and U+200D, which Persian and emoji need.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::{one_line, without_address};

    #[track_caller]
    fn check(text: &str, line: &str) {
        assert_eq!(one_line(text, 80), line, "{text:?}");
    }

    #[test]
    fn control_characters_cannot_start_a_header() {
        check("Chest\r\nBcc: all@example.com", "Chest Bcc: all@example.com");
        check("a\u{0}b\tc", "a b c");
        check("a\u{2028}b\u{2029}c\u{85}d\u{b}e", "a b c d e");
    }

    #[test]
    fn invisible_characters_are_removed() {
        check("Report \u{202e}gpj.exe\u{202c}", "Report gpj.exe");
        check("\u{2067}Anna\u{2069}\u{200f}\u{61c}", "Anna");
        check("An\u{200b}na\u{feff}\u{2060}\u{ad}", "Anna");
        check("Anna\u{e0041}\u{e007f}", "Anna");
        check("\u{200b}\u{202e}", "");
    }

    #[test]
    fn names_in_all_scripts_are_unchanged() {
        check("Zoë O'Brien", "Zoë O'Brien");
        check("نیلوفر\u{200c}ها", "نیلوفر\u{200c}ها");
        check("👩\u{200d}🔬 דנה", "👩\u{200d}🔬 דנה");
    }

    #[test]
    fn address_is_redacted_in_any_letter_case() {
        let check = |text: &str, redacted: &str| {
            assert_eq!(without_address(text, "Änne@Example.com"), redacted, "{text:?}");
        };
        check("Änne@Example.com: rejected", "<address>: rejected");
        check("no such user ÄNNE@EXAMPLE.COM", "no such user <address>");
        check("Ä Änne@example.com, Änne@EXAMPLE.com ß", "Ä <address>, <address> ß");
        check("ben@example.com", "ben@example.com");
        check("", "");
    }

    #[test]
    fn long_line_is_truncated() {
        assert_eq!(one_line("abcdef", 3), "abc");
        assert_eq!(one_line("äöü", 2), "äö");
    }
}
