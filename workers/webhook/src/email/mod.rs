//! Renders a notification as an email: plain text and HTML with the same parts.
//!
//! Names, titles and bodies are untrusted. Each goes through `one_line`, and in HTML through
//! `html::escaped`. An email loads nothing from elsewhere, so opening it is not tracked. Limits
//! without a source are project defaults.

mod chart;
mod html;
mod indexed_png;
mod parts;

use parts::{Action, CHART_NAME, Chart, PREFERENCES, Parts, UNSUBSCRIBE};
use platform::email::one_line;
use platform::{Email, InlineImage};
use serde_json::{Map, Value};
use shared_kernel::NotificationKind;
use shared_kernel::links::CONFIRMATION_DAYS;

/// The longest subject: a header line of RFC 5322 is 78 characters with its name.
const SUBJECT_CHARS_MAX: usize = 68;
/// The subject for a title without visible characters: an email without a subject looks like spam.
const DEFAULT_SUBJECT: &str = "Your training on Bulktrack";

/// The content of an email. Names, titles and bodies are untrusted.
#[derive(Clone, Copy, Debug)]
pub struct EmailContent<'a> {
    pub to: &'a str,
    pub display_name: &'a str,
    pub kind: NotificationKind,
    pub title: &'a str,
    /// Paragraphs, separated by empty lines.
    pub body: &'a str,
    pub data: &'a Map<String, Value>,
    /// The URL that disables emails of this kind with one click and no login (RFC 8058). May be
    /// empty.
    pub unsubscribe_url: &'a str,
}

impl EmailContent<'_> {
    /// Renders the email.
    pub fn render(&self) -> Email {
        let parts = self.parts();
        let mut subject = one_line(self.title, SUBJECT_CHARS_MAX);
        if subject.is_empty() {
            DEFAULT_SUBJECT.clone_into(&mut subject);
        }
        email(self.to, subject, parts)
    }

    fn parts(&self) -> Parts {
        Parts {
            greeting: parts::greeting(self.display_name),
            title: one_line(self.title, usize::MAX),
            paragraphs: paragraphs(self.body),
            chart: (self.kind == NotificationKind::WeeklyReport)
                .then(|| chart(self.data))
                .flatten(),
            action: None,
            reason: format!(
                "You receive this email because emails about {} are on.",
                self.kind.policy().topic
            ),
            unsubscribe_url: one_line(self.unsubscribe_url, usize::MAX),
            has_preferences: true,
        }
    }
}

/// The email with the link that confirms its address. It has no text of the athlete's choice, because
/// the address may be another person's.
#[derive(Clone, Copy, Debug)]
pub struct ConfirmationEmail<'a> {
    pub to: &'a str,
    pub url: &'a str,
}

impl ConfirmationEmail<'_> {
    /// Renders the email.
    pub fn render(&self) -> Email {
        let title = "Confirm your email address";
        let parts = Parts {
            greeting: parts::greeting(""),
            title: title.to_owned(),
            paragraphs: vec![vec![
                "This address was entered in a Bulktrack profile. If the profile is yours, confirm \
                 the address, so that Bulktrack can send you emails. If not, ignore this email: no \
                 others follow."
                    .to_owned(),
                format!("The link is valid for {CONFIRMATION_DAYS} days."),
            ]],
            chart: None,
            action: Some(Action { label: "Confirm this address", url: self.url.to_owned() }),
            reason: "You receive this email because a confirmation was requested.".to_owned(),
            unsubscribe_url: String::new(),
            has_preferences: false,
        };
        email(self.to, title.to_owned(), parts)
    }
}

fn email(to: &str, subject: String, parts: Parts) -> Email {
    Email {
        to: to.to_owned(),
        subject,
        text: text(&parts),
        html: html::document(&parts),
        headers: headers(&parts.unsubscribe_url),
        inline_images: parts.chart.into_iter().map(inline_image).collect(),
    }
}

fn paragraphs(body: &str) -> Vec<Vec<String>> {
    let lines: Vec<_> = body.lines().map(|line| one_line(line, usize::MAX)).collect();
    lines.split(String::is_empty).filter(|lines| !lines.is_empty()).map(<[_]>::to_vec).collect()
}

/// Returns `None` when the report's data has no weeks that can be drawn.
fn chart(data: &Map<String, Value>) -> Option<Chart> {
    let weeks = chart::weeks(data)?;
    let png = chart::png(&weeks)?;
    let numbers: Vec<_> =
        weeks.iter().map(|week| format!("of {}: {}", week.start, week.hard_sets)).collect();
    Some(Chart { png, numbers: format!("Hard sets in the week {}.", numbers.join(", ")) })
}

fn inline_image(chart: Chart) -> InlineImage {
    InlineImage {
        content_id: CHART_NAME,
        filename: CHART_NAME,
        content_type: "image/png",
        bytes: chart.png,
    }
}

/// Marks the email as automatic (RFC 3834) and offers one-click unsubscribing (RFC 2369, RFC 8058).
/// The mail service rejects an unsubscribe URL that is not https: "HTTP (non-TLS) URIs are
/// rejected" (Cloudflare Email Service documentation, Email headers). Such an email, from a
/// developer's machine, has the link only in its text.
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
    blocks.extend(parts.action.as_ref().map(|action| format!("{}: {}", action.label, action.url)));
    // Two dashes and a space begin a signature, which mail programs fold (RFC 3676, section 4.3).
    let mut footer = vec!["-- ".to_owned(), "Bulktrack".to_owned(), parts.reason.clone()];
    if !parts.unsubscribe_url.is_empty() {
        footer.push(format!("{UNSUBSCRIBE}: {}", parts.unsubscribe_url));
    }
    if parts.has_preferences {
        footer.push(PREFERENCES.to_owned());
    }
    blocks.push(footer.join("\n"));
    blocks.retain(|block| !block.is_empty());
    format!("{}\n", blocks.join("\n\n"))
}

#[cfg(test)]
mod tests;
