//! The `Mailer` port.

use async_trait::async_trait;

/// One mail: the same in plain text and in HTML.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address it goes to.
    pub to: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The text as HTML.
    pub html: String,
    /// Further headers, `List-Unsubscribe` say; each value is one line.
    pub headers: Vec<(&'static str, String)>,
    /// Pictures that the HTML shows by `cid:<content_id>`.
    pub pictures: Vec<Picture>,
}

/// A picture inside a mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// How the HTML names it.
    pub content_id: &'static str,
    /// `chart.png`.
    pub filename: &'static str,
    /// `image/png`.
    pub content_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a mail was not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("mail not accepted: {reason}")]
pub struct MailError {
    /// What the mail service said, without the address.
    pub reason: String,
}

/// Sends mails.
#[async_trait(?Send)]
pub trait Mailer {
    /// Sends one; `Ok` when the service has accepted it.
    async fn send(&self, mail: &Mail) -> Result<(), MailError>;
}

/// A text as one line, of at most so many characters, that is what it looks like: no control
/// characters, so that no name can start a header of its own, and none of the marks that cannot be
/// seen but turn or hide what stands beside them.
pub fn one_line(text: &str, chars_max: usize) -> String {
    let shown = text.chars().filter(|c| !is_disguise(*c));
    let flat: String = shown.map(|c| if c.is_control() { ' ' } else { c }).collect();
    flat.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(chars_max).collect()
}

/// A text without a mail address that it may quote, in whatever case: mail services write addresses
/// as they like.
pub fn without_address(text: &str, address: &str) -> String {
    // Of ASCII alone, or the places in it would be others.
    let (flat, address) = (text.to_ascii_lowercase(), address.to_ascii_lowercase());
    let mut shown = String::with_capacity(text.len());
    let mut rest = 0;
    for (place, found) in flat.match_indices(&address) {
        shown.push_str(text.get(rest..place).unwrap_or_default());
        shown.push_str("<address>");
        rest = place + found.len();
    }
    shown.push_str(text.get(rest..).unwrap_or_default());
    shown
}

/// Characters of the Unicode category Cf that change the direction of a text or are invisible. The
/// two joiners, U+200C and U+200D, stay: Persian and emoji are written with them.
const fn is_disguise(c: char) -> bool {
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
    fn no_text_can_start_a_header() {
        check("Chest\r\nBcc: all@example.com", "Chest Bcc: all@example.com");
        check("a\u{0}b\tc", "a b c");
        check("a\u{2028}b\u{2029}c\u{85}d\u{b}e", "a b c d e");
    }

    #[test]
    fn no_text_can_disguise_a_line() {
        check("Report \u{202e}gpj.exe\u{202c}", "Report gpj.exe");
        check("\u{2067}Anna\u{2069}\u{200f}\u{61c}", "Anna");
        check("An\u{200b}na\u{feff}\u{2060}\u{ad}", "Anna");
        check("Anna\u{e0041}\u{e007f}", "Anna");
        check("\u{200b}\u{202e}", "");
    }

    #[test]
    fn names_of_all_scripts_stay_as_they_are() {
        check("Zoë O'Brien", "Zoë O'Brien");
        check("نیلوفر\u{200c}ها", "نیلوفر\u{200c}ها");
        check("👩\u{200d}🔬 דנה", "👩\u{200d}🔬 דנה");
    }

    #[test]
    fn an_address_is_cut_out_in_whatever_case_it_stands() {
        let check = |text: &str, shown: &str| {
            assert_eq!(without_address(text, "Änne@Example.com"), shown, "{text:?}");
        };
        check("Änne@Example.com: refused", "<address>: refused");
        check("no such user ÄNNE@EXAMPLE.COM", "no such user <address>");
        check("Ä Änne@example.com, Änne@EXAMPLE.com ß", "Ä <address>, <address> ß");
        check("somebody@example.com", "somebody@example.com");
        check("", "");
    }

    #[test]
    fn a_line_is_at_most_so_long() {
        assert_eq!(one_line("abcdef", 3), "abc");
        assert_eq!(one_line("äöü", 2), "äö");
    }
}
