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

/// A text as one header line: no control characters, so that no name can start a header of its
/// own, and at most so many characters.
pub fn one_line(text: &str, chars_max: usize) -> String {
    let flat: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    flat.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(chars_max).collect()
}

#[cfg(test)]
mod tests {
    use super::one_line;

    #[test]
    fn no_text_can_start_a_header() {
        assert_eq!(one_line("Chest\r\nBcc: all@example.com", 80), "Chest Bcc: all@example.com");
        assert_eq!(one_line("a\u{0}b\tc", 80), "a b c");
        assert_eq!(one_line("abcdef", 3), "abc");
    }
}
