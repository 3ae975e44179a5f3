//! A piece of news as a mail.

use platform::Mail;
use platform::mail::one_line;
use serde_json::{Map, Value};
use shared_kernel::NewsKind;

/// Longest subject of a mail: a header line of RFC 5322 is 78 characters with its name.
const SUBJECT_CHARS_MAX: usize = 68;

/// What a mail is made of. Names, titles and texts are as somebody entered them.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The address.
    pub to: &'a str,
    /// What to call them.
    pub display_name: &'a str,
    /// What kind of news it is.
    pub kind: NewsKind,
    /// A line.
    pub title: &'a str,
    /// The text, paragraphs between empty lines.
    pub body: &'a str,
    /// The numbers.
    pub data: &'a Map<String, Value>,
    /// Where one click, without a login, ends mails of this kind (RFC 8058).
    pub unsubscribe_url: &'a str,
}

impl Letter<'_> {
    /// The mail.
    pub fn to_mail(&self) -> Mail {
        let name = one_line(self.display_name, SUBJECT_CHARS_MAX);
        Mail {
            to: self.to.to_owned(),
            subject: one_line(self.title, SUBJECT_CHARS_MAX),
            text: format!("Hello {name},\n\n{}\n\nBulktrack\n", self.body),
            html: String::new(),
            headers: Vec::new(),
            pictures: Vec::new(),
        }
    }
}
