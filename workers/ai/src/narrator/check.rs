//! Checks a model's reply: it is used only if it contains the facts and no others.
//!
//! In scope: form, length, and that each number is a fact. Out of scope: meaning. A sentence can
//! reverse the meaning of the facts' own numbers, and this check does not notice.

use super::facts::{Facts, rounded};
use super::narration::Narration;
use super::numbers::parse_numbers;
use chrono::NaiveDate;
use serde_json::Value;
use shared_kernel::json;

/// A title is one line of a list, and the subject of an email. A project default.
pub const TITLE_CHARS_MAX: usize = 120;
/// A recommendation is one paragraph; the longest template is far shorter. A project default.
pub const RECOMMENDATION_CHARS_MAX: usize = 600;
/// Terms with a digit that is not a number.
const TERMS: [&str; 2] = ["e1rm", "1rm"];

/// The reason for rejecting a model's reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    #[error("empty")]
    Empty,
    #[error("not JSON")]
    NotJson,
    #[error("JSON does not match the schema")]
    Schema,
    #[error("a part is blank or too long")]
    Length,
    /// Control characters, invisible ones, or mark-up.
    #[error("has characters that are not plain text")]
    Characters,
    /// A URL, a domain or an email address.
    #[error("has an address")]
    Address,
    #[error("has a number that is not a fact")]
    Number,
    #[error("does not mention the target of the adjustment")]
    TargetMissing,
    /// No rule can predict injuries.
    #[error("mentions injuries")]
    Injury,
}

/// Parses and checks a response of Workers AI. The reply is the object or the text in `response`, or
/// the message of the first of `choices`, depending on the model's family.
pub fn parse_reply(response: &Value, facts: &Facts) -> Result<Narration, ReplyError> {
    let reply = response
        .get("response")
        .or_else(|| response.pointer("/choices/0/message/content"))
        .ok_or(ReplyError::Empty)?;
    let reply: Narration = match reply {
        Value::Null => return Err(ReplyError::Empty),
        Value::String(text) if text.trim().is_empty() => return Err(ReplyError::Empty),
        Value::String(text) => {
            let reply: Value = serde_json::from_str(text).map_err(|_| ReplyError::NotJson)?;
            json::from_value(&reply)
        }
        object => json::from_value(object),
    }
    .map_err(|_| ReplyError::Schema)?;
    let narration = Narration {
        title: reply.title.trim().to_owned(),
        recommendation: reply.recommendation.trim().to_owned(),
    };
    check(&narration, facts)?;
    Ok(narration)
}

/// Checks that a text contains the facts and no others.
pub fn check(narration: &Narration, facts: &Facts) -> Result<(), ReplyError> {
    let allowed = AllowedFacts::new(facts);
    for (text, chars_max) in
        [(&narration.title, TITLE_CHARS_MAX), (&narration.recommendation, RECOMMENDATION_CHARS_MAX)]
    {
        if text.is_empty() || text.chars().count() > chars_max {
            return Err(ReplyError::Length);
        }
        if text.chars().any(is_not_plain_text) {
            return Err(ReplyError::Characters);
        }
        if has_address(text) {
            return Err(ReplyError::Address);
        }
        if text.to_ascii_lowercase().contains("injur") {
            return Err(ReplyError::Injury);
        }
        if !has_only_facts(&allowed, text) {
            return Err(ReplyError::Number);
        }
    }
    let to = facts.adjustment.as_ref().and_then(|adjustment| adjustment.to).map(rounded);
    let numbers = parse_numbers(&narration.recommendation).values;
    if to.is_some_and(|to| !numbers.iter().any(|number| is_equal(*number, to))) {
        return Err(ReplyError::TargetMissing);
    }
    Ok(())
}

/// Whether a character is a control character, invisible, changes the direction of the text, makes
/// mark-up, or is a dot that only addresses use.
fn is_not_plain_text(c: char) -> bool {
    c.is_control()
        || matches!(c, '<' | '>' | '`' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Whether a text has `https://…`, `www.…`, `example.com` or `me@example.com`: a dot within a
/// word, before two or more alphabetic characters.
fn has_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut parts = lower.split('.');
    let mut before = parts.next().unwrap_or_default();
    let dotted = parts.any(|part| {
        let alphabetic = part.chars().take_while(|c| c.is_alphabetic()).count();
        let within = before.ends_with(char::is_alphanumeric);
        before = part;
        within && alphabetic >= 2
    });
    dotted || ["://", "www.", "http", "mailto"].iter().any(|sign| lower.contains(sign))
}

/// Whether every number of a text is one of the facts. Numbers within names of the facts are ignored.
fn has_only_facts(allowed: &AllowedFacts, text: &str) -> bool {
    let text =
        allowed.names.iter().fold(text.to_ascii_lowercase(), |text, name| without(&text, name));
    let found = parse_numbers(&text);
    !found.has_unknown
        && found.dates.iter().all(|date| allowed.dates.contains(date))
        && found
            .values
            .iter()
            .all(|number| allowed.numbers.iter().any(|fact| is_equal(*number, *fact)))
}

/// Compares without signs: "down by 0.6 %" is the slope of −0.6.
fn is_equal(number: f64, fact: f64) -> bool {
    (number - fact.abs()).abs() < 1e-6
}

/// The contents that a text may have.
struct AllowedFacts {
    dates: Vec<NaiveDate>,
    numbers: Vec<f64>,
    /// Lower case.
    names: Vec<String>,
}

impl AllowedFacts {
    fn new(facts: &Facts) -> Self {
        let names = TERMS.iter().map(|term| (*term).to_owned()).collect();
        let mut allowed = Self { dates: Vec::new(), numbers: Vec::new(), names };
        facts.to_json().values().for_each(|fact| allowed.add(fact));
        allowed
    }

    fn add(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.numbers.extend(number.as_f64()),
            Value::String(text) => match text.parse() {
                Ok(date) => self.dates.push(date),
                // A name that is only digits would allow any number like it.
                Err(_) if text.contains(char::is_alphabetic) => {
                    self.names.push(text.to_ascii_lowercase());
                }
                Err(_) => {}
            },
            Value::Array(list) => {
                #[expect(clippy::cast_precision_loss, reason = "a list of a few names")]
                self.numbers.push(list.len() as f64);
                for value in list {
                    self.add(value);
                }
            }
            Value::Object(map) => map.values().for_each(|value| self.add(value)),
        }
    }
}

/// Removes a name from a text where it is a whole word.
fn without(text: &str, name: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        let within =
            before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        kept.push_str(before);
        kept.push_str(if within { name } else { " " });
        rest = after;
    }
    kept + rest
}

#[cfg(test)]
mod tests;
