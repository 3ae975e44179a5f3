//! What a narrator is told, and all that it may say.

use crate::adjustment::Adjustment;
use crate::rules::Pattern;
use platform::email::one_line;
use serde_json::{Map, Value, json};
use shared_kernel::payload::PatternKind;
use training::WeekStart;

/// Characters of a name within a sentence, at most: a custom exercise's name can be far longer than
/// a title (ours).
const NAME_CHARS_MAX: usize = 60;

/// A pattern and what to do about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    /// Which pattern.
    pub kind: PatternKind,
    /// What it is about, as it stands within a sentence. It can be the athlete's own text.
    pub subject: String,
    /// The week in which it began.
    pub since: WeekStart,
    /// How sure the rule is, 0 to 1.
    pub confidence: f64,
    /// The numbers that the rule saw.
    pub evidence: Map<String, Value>,
    /// What to change.
    pub adjustment: Option<Adjustment>,
    /// Whether the pattern asks for a change that has to wait: something else comes first, or it is
    /// too late for it.
    pub nothing_now: bool,
}

impl Facts {
    /// The facts of a pattern.
    pub fn of(pattern: &Pattern, adjustment: Option<Adjustment>) -> Self {
        let name = |text: &str| one_line(text, NAME_CHARS_MAX);
        let adjustment =
            adjustment.map(|change| Adjustment { subject: name(&change.subject), ..change });
        Self {
            kind: pattern.kind,
            subject: name(&pattern.subject.in_words()),
            since: pattern.since,
            confidence: pattern.confidence,
            evidence: pattern.evidence.clone(),
            adjustment,
            nothing_now: false,
        }
    }

    /// As JSON for a model, its numbers as they are said.
    pub fn to_json(&self) -> Map<String, Value> {
        let facts = [
            ("pattern", json!(self.kind)),
            ("subject", json!(self.subject)),
            ("since", json!(self.since)),
            ("confidence_percent", json_number((self.confidence * 100.0).round())),
            ("evidence", as_said(&json!(self.evidence))),
        ];
        let adjustment = self.adjustment.as_ref().map(|adjustment| {
            ("adjustment", as_said(&json!({ "what": adjustment, "change": self.difference() })))
        });
        facts.into_iter().chain(adjustment).map(|(name, fact)| (name.to_owned(), fact)).collect()
    }

    /// How far the adjustment goes.
    pub fn difference(&self) -> Option<f64> {
        let adjustment = self.adjustment.as_ref()?;
        Some(rounded((adjustment.from? - adjustment.to?).abs()))
    }

    /// A number of the evidence; of a list, how many there are.
    pub fn number(&self, name: &str) -> Option<f64> {
        let number = match self.evidence.get(name)? {
            #[expect(clippy::cast_precision_loss, reason = "a list of a few names")]
            Value::Array(list) => list.len() as f64,
            value => value.as_f64()?,
        };
        Some(rounded(number))
    }
}

/// A lifter reads two decimals, and none of the thousands of kilograms of a week.
pub fn rounded(number: f64) -> f64 {
    if number.abs() < 1_000.0 { (number * 100.0).round() / 100.0 } else { number.round() }
}

/// 30.0 is 30, 6.5 stays, 0.333333 is 0.33. Written by the writer of JSON, which is in the worker
/// anyway.
pub fn plain(number: f64) -> String {
    // No "-0".
    let text = json!(rounded(number) + 0.0).to_string();
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

/// The same, with every number rounded.
fn as_said(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map(|number| json_number(rounded(number))),
        Value::Array(list) => Some(list.iter().map(as_said).collect()),
        Value::Object(map) => {
            Some(map.iter().map(|(name, value)| (name.clone(), as_said(value))).collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
    .unwrap_or_else(|| value.clone())
}

/// A whole number without its decimal point: a model repeats what it reads.
fn json_number(number: f64) -> Value {
    plain(number).parse().map_or_else(|_| json!(number), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_said_as_a_lifter_writes_it() {
        let check = |number: f64, said: &str| assert_eq!(plain(number), said);
        check(30.0, "30");
        check(6.5, "6.5");
        check(1.0 / 3.0, "0.33");
        check(-0.634, "-0.63");
        check(-0.001, "0");
        check(999.99, "999.99");
        check(12_500.4, "12500");
    }
}
