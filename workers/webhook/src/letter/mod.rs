//! A piece of news as a mail: plain text and HTML made of the same parts.
//!
//! Names, titles and texts are as somebody entered them. Each goes through `one_line`, and in HTML
//! through `html::escaped`. Nothing in a mail is loaded from elsewhere, so nobody learns that it was
//! opened.

mod chart;
mod html;
mod indexed_png;

use platform::mail::one_line;
use platform::{Mail, Picture};
use serde_json::{Map, Value};
use shared_kernel::NotificationKind;

/// Longest subject of a mail: a header line of RFC 5322 is 78 characters with its name.
const SUBJECT_CHARS_MAX: usize = 68;
/// The subject of news whose title has nothing to show (ours: a mail without one looks like junk).
const SUBJECT_OF_NOTHING: &str = "News of your training";
/// The chart's file, and how the HTML names it: the same, so that a mail that is kept as files can
/// be put together again.
const CHART_NAME: &str = "hard-sets.png";
/// The words of the link.
const UNSUBSCRIBE: &str = "Unsubscribe from mails of this kind";
/// How to choose what is mailed at all.
const PREFERENCES: &str =
    "What reaches you, and by which way, is yours to choose: in your app, or with PUT /v1/me.";

/// What a mail is made of. Names, titles and texts are as somebody entered them.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The address.
    pub to: &'a str,
    /// What to call them.
    pub display_name: &'a str,
    /// What kind of news it is.
    pub kind: NotificationKind,
    /// A line.
    pub title: &'a str,
    /// The text, paragraphs between empty lines.
    pub body: &'a str,
    /// The numbers.
    pub data: &'a Map<String, Value>,
    /// Where one click, without a login, ends mails of this kind (RFC 8058); empty when there is no
    /// such place.
    pub unsubscribe_url: &'a str,
}

/// What the mail says, in order. No part has a line break in it, nor a character that disguises.
struct Parts {
    greeting: String,
    title: String,
    /// Each with its lines.
    paragraphs: Vec<Vec<String>>,
    chart: Option<Chart>,
    /// Why it was sent.
    reason: String,
    /// May be empty.
    unsubscribe_url: String,
}

/// The chart of a weekly report.
struct Chart {
    png: Vec<u8>,
    /// Its numbers, in a sentence.
    numbers: String,
}

impl Letter<'_> {
    /// The mail.
    pub fn to_mail(&self) -> Mail {
        let parts = self.parts();
        let mut subject = one_line(self.title, SUBJECT_CHARS_MAX);
        if subject.is_empty() {
            SUBJECT_OF_NOTHING.clone_into(&mut subject);
        }
        Mail {
            to: self.to.to_owned(),
            subject,
            text: text(&parts),
            html: html::document(&parts),
            headers: headers(&parts.unsubscribe_url),
            pictures: parts.chart.into_iter().map(picture).collect(),
        }
    }

    fn parts(&self) -> Parts {
        let name = one_line(self.display_name, SUBJECT_CHARS_MAX);
        Parts {
            greeting: if name.is_empty() { "Hello,".to_owned() } else { format!("Hello {name},") },
            title: one_line(self.title, usize::MAX),
            paragraphs: paragraphs(self.body),
            chart: (self.kind == NotificationKind::WeeklyReport)
                .then(|| chart_of(self.data))
                .flatten(),
            reason: format!(
                "You receive this email because emails about {} are on.",
                self.kind.policy().topic
            ),
            unsubscribe_url: one_line(self.unsubscribe_url, usize::MAX),
        }
    }
}

fn paragraphs(body: &str) -> Vec<Vec<String>> {
    let lines: Vec<_> = body.lines().map(|line| one_line(line, usize::MAX)).collect();
    lines.split(String::is_empty).filter(|lines| !lines.is_empty()).map(<[_]>::to_vec).collect()
}

/// No chart when the report's data has no weeks that can be drawn: the words are enough.
fn chart_of(data: &Map<String, Value>) -> Option<Chart> {
    let weeks = chart::weeks(data)?;
    let png = chart::chart(&weeks)?;
    let numbers: Vec<_> =
        weeks.iter().map(|week| format!("of {}: {}", week.start, week.hard_sets)).collect();
    Some(Chart { png, numbers: format!("Hard sets in the week {}.", numbers.join(", ")) })
}

fn picture(chart: Chart) -> Picture {
    Picture {
        content_id: CHART_NAME,
        filename: CHART_NAME,
        content_type: "image/png",
        bytes: chart.png,
    }
}

/// One click for mail programs (RFC 2369, RFC 8058), and a word to machines that answer mails by
/// themselves (RFC 3834). The mail service takes these three. It refuses a mail with the first two
/// and no https URL: "HTTP (non-TLS) URIs are rejected" (Cloudflare Email Service documentation, Email
/// headers). So without one, on a developer's machine say, only the text has the link.
fn headers(unsubscribe_url: &str) -> Vec<(&'static str, String)> {
    let mut headers = vec![("Auto-Submitted", "auto-generated".to_owned())];
    if unsubscribe_url.starts_with("https://") {
        headers.push(("List-Unsubscribe", format!("<{unsubscribe_url}>")));
        headers.push(("List-Unsubscribe-Post", "List-Unsubscribe=One-Click".to_owned()));
    }
    headers
}

fn text(parts: &Parts) -> String {
    let mut blocks = vec![parts.greeting.clone(), parts.title.clone()];
    blocks.extend(parts.paragraphs.iter().map(|lines| lines.join("\n")));
    blocks.extend(parts.chart.as_ref().map(|chart| chart.numbers.clone()));
    // Two dashes and a blank begin what mail programs fold away (RFC 3676, section 4.3).
    let mut footer = vec!["-- ".to_owned(), "Bulktrack".to_owned(), parts.reason.clone()];
    if !parts.unsubscribe_url.is_empty() {
        footer.push(format!("{UNSUBSCRIBE}: {}", parts.unsubscribe_url));
    }
    footer.push(PREFERENCES.to_owned());
    blocks.push(footer.join("\n"));
    blocks.retain(|block| !block.is_empty());
    format!("{}\n", blocks.join("\n\n"))
}

#[cfg(test)]
mod tests;
