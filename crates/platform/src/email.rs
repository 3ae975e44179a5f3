//! The `Mailer` port.

use async_trait::async_trait;

/// Characters of the service's message that a log line and a row keep, at most.
const REASON_CHARS_MAX: usize = 200;

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
    pub failure: EmailFailure,
    /// The mail service's code and message, without the recipient's address.
    pub reason: String,
}

impl EmailError {
    /// Creates the error of a failure with a code of the service, which is empty without one, and a message.
    pub fn from_service(code: &str, message: &str, recipient: &str) -> Self {
        let mut reason = code.to_owned();
        if !code.is_empty() {
            reason.push_str(": ");
        }
        reason.push_str(message);
        let failure = EmailFailure::from_code(code);
        Self { failure, reason: one_line(&without_address(&reason, recipient), REASON_CHARS_MAX) }
    }
}

/// The kind of a failure, by how the next try would end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailFailure {
    /// A retry can succeed.
    Transient,
    /// The account's daily quota is used up: every email fails until it is renewed.
    QuotaExhausted,
    /// The account or the sender is not set up: every email fails until an operator has fixed it.
    Misconfigured,
    /// The service has the recipient on its suppression list: every email to this address fails.
    Suppressed,
    /// The service does not accept the form of this email. It is a bug: the email fails each time.
    Invalid,
}

impl EmailFailure {
    /// Whether every other email fails too, whoever its recipient is.
    pub const fn is_of_account(self) -> bool {
        matches!(self, Self::QuotaExhausted | Self::Misconfigured)
    }

    /// Classifies a code of Cloudflare Email Service (its documentation, Workers API, Error codes).
    pub fn from_code(code: &str) -> Self {
        match code {
            "E_DAILY_LIMIT_EXCEEDED" => Self::QuotaExhausted,
            "E_SENDER_NOT_VERIFIED"
            | "E_SENDER_DOMAIN_NOT_AVAILABLE"
            | "E_RECIPIENT_NOT_ALLOWED" => Self::Misconfigured,
            "E_RECIPIENT_SUPPRESSED" => Self::Suppressed,
            "E_VALIDATION_ERROR"
            | "E_FIELD_MISSING"
            | "E_TOO_MANY_RECIPIENTS"
            | "E_CONTENT_TOO_LARGE" => Self::Invalid,
            _ if code.starts_with("E_HEADER") => Self::Invalid,
            // E_RATE_LIMIT_EXCEEDED, E_DELIVERY_FAILED, E_INTERNAL_SERVER_ERROR, a lost connection, and
            // codes that the documentation does not have.
            _ => Self::Transient,
        }
    }
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
    use super::{EmailError, EmailFailure, one_line, without_address};

    #[test]
    fn each_code_of_the_service_has_a_class() {
        let check = |code: &str, expected: EmailFailure| {
            assert_eq!(EmailFailure::from_code(code), expected, "{code}");
        };
        check("E_DAILY_LIMIT_EXCEEDED", EmailFailure::QuotaExhausted);
        check("E_SENDER_NOT_VERIFIED", EmailFailure::Misconfigured);
        check("E_SENDER_DOMAIN_NOT_AVAILABLE", EmailFailure::Misconfigured);
        check("E_RECIPIENT_NOT_ALLOWED", EmailFailure::Misconfigured);
        check("E_RECIPIENT_SUPPRESSED", EmailFailure::Suppressed);
        check("E_VALIDATION_ERROR", EmailFailure::Invalid);
        check("E_FIELD_MISSING", EmailFailure::Invalid);
        check("E_TOO_MANY_RECIPIENTS", EmailFailure::Invalid);
        check("E_CONTENT_TOO_LARGE", EmailFailure::Invalid);
        check("E_HEADER_NOT_ALLOWED", EmailFailure::Invalid);
        check("E_HEADER_USE_API_FIELD", EmailFailure::Invalid);
        check("E_HEADER_VALUE_INVALID", EmailFailure::Invalid);
        check("E_HEADER_VALUE_TOO_LONG", EmailFailure::Invalid);
        check("E_HEADER_NAME_INVALID", EmailFailure::Invalid);
        check("E_HEADERS_TOO_LARGE", EmailFailure::Invalid);
        check("E_HEADERS_TOO_MANY", EmailFailure::Invalid);
        check("E_RATE_LIMIT_EXCEEDED", EmailFailure::Transient);
        check("E_DELIVERY_FAILED", EmailFailure::Transient);
        check("E_INTERNAL_SERVER_ERROR", EmailFailure::Transient);
        check("E_OF_NEXT_YEAR", EmailFailure::Transient);
        check("", EmailFailure::Transient);
    }

    #[test]
    fn reason_has_the_code_and_no_address() {
        let check = |code: &str, message: &str, expected: &str| {
            let error = EmailError::from_service(code, message, "anna@example.com");
            assert_eq!(error.reason, expected);
        };
        check(
            "E_RECIPIENT_SUPPRESSED",
            "anna@example.com is on the suppression list",
            "E_RECIPIENT_SUPPRESSED: <address> is on the suppression list",
        );
        check("", "Network\nconnection lost", "Network connection lost");
        check("", &"x".repeat(300), &"x".repeat(200));
    }

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
