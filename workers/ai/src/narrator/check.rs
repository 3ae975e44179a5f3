//! What a model said is heard only when it says the facts and nothing else.
//!
//! In scope: form, length, and that each number is a fact. Out of scope: sense. A sentence can turn
//! the facts' own numbers upside down; nothing here would notice.

use super::Words;
use super::facts::{Facts, rounded};
use super::numbers::numbers_of;
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::Value;

/// A title is a line of a list, and of a mail's subject (ours).
pub const TITLE_CHARS_MAX: usize = 120;
/// A recommendation is a paragraph (ours; the longest template is far shorter).
pub const RECOMMENDATION_CHARS_MAX: usize = 600;
/// Terms with a digit that is no number.
const TERMS: [&str; 2] = ["e1rm", "1rm"];

/// Why an answer is not heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is none.
    #[error("it said nothing")]
    Empty,
    /// It is not JSON.
    #[error("it did not speak JSON")]
    NotJson,
    /// It is not what the schema asks for.
    #[error("its JSON is not of the schema")]
    Schema,
    /// It is too long, or a part of it is blank.
    #[error("a part is blank or too long")]
    Length,
    /// It has control characters, invisible ones, or mark-up.
    #[error("it has characters that are no text")]
    Characters,
    /// It has an address.
    #[error("it has an address")]
    Address,
    /// It has a number or a date that is not one of the facts.
    #[error("it has a number that is no fact")]
    Number,
    /// It leaves out the number that the athlete is to go to.
    #[error("it leaves out what to do")]
    Unsaid,
    /// It speaks of injuries, which nothing here can foresee.
    #[error("it speaks of injuries")]
    Injury,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    title: String,
    recommendation: String,
}

/// The words of an answer of Workers AI: the object or the text in `response`, or the message of the
/// first of `choices`, as the model's family has it.
pub fn heard(answer: &Value, facts: &Facts) -> Result<Words, Refusal> {
    let said = answer
        .get("response")
        .or_else(|| answer.pointer("/choices/0/message/content"))
        .ok_or(Refusal::Empty)?;
    let answer: Answer = match said {
        Value::Null => return Err(Refusal::Empty),
        Value::String(text) if text.trim().is_empty() => return Err(Refusal::Empty),
        Value::String(text) => {
            let json: Value = serde_json::from_str(text).map_err(|_| Refusal::NotJson)?;
            serde_json::from_value(json)
        }
        object => serde_json::from_value(object.clone()),
    }
    .map_err(|_| Refusal::Schema)?;
    let words = Words {
        title: answer.title.trim().to_owned(),
        recommendation: answer.recommendation.trim().to_owned(),
    };
    check(&words, facts)?;
    Ok(words)
}

/// Whether words say the facts and nothing else.
pub fn check(words: &Words, facts: &Facts) -> Result<(), Refusal> {
    let known = Known::of(facts);
    for (text, chars_max) in
        [(&words.title, TITLE_CHARS_MAX), (&words.recommendation, RECOMMENDATION_CHARS_MAX)]
    {
        if text.is_empty() || text.chars().count() > chars_max {
            return Err(Refusal::Length);
        }
        if text.chars().any(is_no_text) {
            return Err(Refusal::Characters);
        }
        if has_address(text) {
            return Err(Refusal::Address);
        }
        if text.to_ascii_lowercase().contains("injur") {
            return Err(Refusal::Injury);
        }
        if !says_only(&known, text) {
            return Err(Refusal::Number);
        }
    }
    let to = facts.adjustment.as_ref().and_then(|adjustment| adjustment.to).map(rounded);
    let said = numbers_of(&words.recommendation).values;
    if to.is_some_and(|to| !said.iter().any(|number| same(*number, to))) {
        return Err(Refusal::Unsaid);
    }
    Ok(())
}

/// Control characters, those that cannot be seen or turn the direction of the text, the signs that
/// make mark-up, and dots that only an address has.
fn is_no_text(c: char) -> bool {
    c.is_control()
        || matches!(c, '<' | '>' | '`' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
        || matches!(c, '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
        || matches!(c, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// `https://…`, `www.…`, `example.com`, `me@example.com`: two letters or more after a dot that
/// stands within a word.
fn has_address(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let mut parts = lower.split('.');
    let mut before = parts.next().unwrap_or_default();
    let dotted = parts.any(|part| {
        let letters = part.chars().take_while(|c| c.is_alphabetic()).count();
        let within = before.ends_with(char::is_alphanumeric);
        before = part;
        within && letters >= 2
    });
    dotted || ["://", "www.", "http", "mailto"].iter().any(|sign| lower.contains(sign))
}

/// Names of the facts may be repeated as they are; every other number is one of the facts.
fn says_only(known: &Known, text: &str) -> bool {
    let text =
        known.names.iter().fold(text.to_ascii_lowercase(), |text, name| without(&text, name));
    let said = numbers_of(&text);
    !said.unreadable
        && said.dates.iter().all(|date| known.dates.contains(date))
        && said.values.iter().all(|number| known.numbers.iter().any(|fact| same(*number, *fact)))
}

/// Digits have no sign here: "down by 0.6 %" is the slope of −0.6.
fn same(said: f64, fact: f64) -> bool {
    (said - fact.abs()).abs() < 1e-6
}

/// What may be said.
struct Known {
    dates: Vec<NaiveDate>,
    numbers: Vec<f64>,
    /// In lower case.
    names: Vec<String>,
}

impl Known {
    fn of(facts: &Facts) -> Self {
        let names = TERMS.iter().map(|term| (*term).to_owned()).collect();
        let mut known = Self { dates: Vec::new(), numbers: Vec::new(), names };
        facts.to_json().values().for_each(|fact| known.read(fact));
        known
    }

    fn read(&mut self, value: &Value) {
        match value {
            Value::Null | Value::Bool(_) => {}
            Value::Number(number) => self.numbers.extend(number.as_f64()),
            Value::String(text) => match text.parse() {
                Ok(date) => self.dates.push(date),
                // A name of digits alone could be anything.
                Err(_) if text.contains(char::is_alphabetic) => {
                    self.names.push(text.to_ascii_lowercase());
                }
                Err(_) => {}
            },
            Value::Array(list) => {
                #[expect(clippy::cast_precision_loss, reason = "a list of a few names")]
                self.numbers.push(list.len() as f64);
                for value in list {
                    self.read(value);
                }
            }
            Value::Object(map) => map.values().for_each(|value| self.read(value)),
        }
    }
}

/// The text without a name, where that stands as a word of its own.
fn without(text: &str, name: &str) -> String {
    let mut left = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(name) {
        let within =
            before.ends_with(char::is_alphanumeric) || after.starts_with(char::is_alphanumeric);
        left.push_str(before);
        left.push_str(if within { name } else { " " });
        rest = after;
    }
    left + rest
}

#[cfg(test)]
mod tests;
