//! The facts about a pattern: the input of a narrator, and the limit of its text.

use crate::rules::Pattern;
use platform::email::one_line;
use serde_json::{Map, Value, json};
use shared_kernel::payload::PatternKind;
use shared_kernel::recommendation::Adjustment;
use training::units::GRAMS_PER_POUND;
use training::{Units, WeekStart};

/// The name of an athlete's own exercise can be far longer than a title. A project default.
const NAME_CHARS_MAX: usize = 60;

/// A pattern and the change that it requires.
#[derive(Clone, Debug, PartialEq)]
pub struct Facts {
    pub kind: PatternKind,
    /// The name for use within a sentence. It can be text of the athlete.
    pub subject: String,
    pub since: WeekStart,
    /// 0 to 1.
    pub confidence: f64,
    pub evidence: Map<String, Value>,
    pub adjustment: Option<Adjustment>,
    /// Whether the pattern requires a change but not now: another change has priority, or it is too
    /// late.
    pub is_change_deferred: bool,
}

impl Facts {
    /// Creates the facts about a pattern.
    ///
    /// Weights are in the unit of the athlete: in pounds, `load_kg` of the evidence is `load_lb`.
    pub fn new(pattern: &Pattern, adjustment: Option<Adjustment>, units: Units) -> Self {
        let name = |text: &str| one_line(text, NAME_CHARS_MAX);
        let adjustment =
            adjustment.map(|change| Adjustment { subject: name(&change.subject), ..change });
        Self {
            kind: pattern.kind,
            subject: name(&pattern.subject.display_name()),
            since: pattern.since,
            confidence: pattern.confidence,
            evidence: pattern.evidence.iter().map(|fact| in_units(fact, units)).collect(),
            adjustment,
            is_change_deferred: false,
        }
    }

    /// Returns a weight of the evidence as the athlete reads it: `102.5 kg`. `name` has no unit.
    pub fn weight(&self, name: &str) -> Option<String> {
        [Units::Kg, Units::Lb].into_iter().find_map(|units| {
            let number = self.number(&format!("{name}_{}", units.as_str()))?;
            Some(format!("{} {}", number_text(number), units.as_str()))
        })
    }

    /// Converts the facts to JSON for a model, with the numbers as in the texts.
    pub fn to_json(&self) -> Map<String, Value> {
        let facts = [
            ("pattern", json!(self.kind)),
            ("subject", json!(self.subject)),
            ("since", json!(self.since)),
            ("confidence_percent", json_number((self.confidence * 100.0).round())),
            ("evidence", with_rounded_numbers(&json!(self.evidence))),
        ];
        let adjustment = self.adjustment.as_ref().map(|adjustment| {
            (
                "adjustment",
                with_rounded_numbers(&json!({ "what": adjustment, "change": self.difference() })),
            )
        });
        facts.into_iter().chain(adjustment).map(|(name, fact)| (name.to_owned(), fact)).collect()
    }

    /// Returns the difference between the current number and the target of the adjustment.
    pub fn difference(&self) -> Option<f64> {
        let adjustment = self.adjustment.as_ref()?;
        Some(rounded((adjustment.from? - adjustment.to?).abs()))
    }

    /// Returns a number of the evidence; for a list, its length.
    pub fn number(&self, name: &str) -> Option<f64> {
        let number = match self.evidence.get(name)? {
            #[expect(clippy::cast_precision_loss, reason = "a list of a few names")]
            Value::Array(list) => list.len() as f64,
            value => value.as_f64()?,
        };
        Some(rounded(number))
    }
}

/// Converts a fact in kilograms.
fn in_units((name, value): (&String, &Value), units: Units) -> (String, Value) {
    let in_pounds = || {
        let name = name.strip_suffix("_kg").filter(|_| units == Units::Lb)?;
        let pounds = rounded(value.as_f64()? * 1_000.0 / GRAMS_PER_POUND);
        Some((format!("{name}_lb"), json!(pounds)))
    };
    in_pounds().unwrap_or_else(|| (name.clone(), value.clone()))
}

/// Rounds to one decimal, and to none from 1,000 on.
pub fn rounded(number: f64) -> f64 {
    if number.abs() < 1_000.0 { (number * 10.0).round() / 10.0 } else { number.round() }
}

/// Formats 30.0 as `30`, 6.54 as `6.5` and 12500.0 as `12,500`.
pub fn number_text(number: f64) -> String {
    training::units::number_text(number)
}

fn with_rounded_numbers(value: &Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map(|number| json_number(rounded(number))),
        Value::Array(list) => Some(list.iter().map(with_rounded_numbers).collect()),
        Value::Object(map) => Some(
            map.iter().map(|(name, value)| (name.clone(), with_rounded_numbers(value))).collect(),
        ),
        Value::Null | Value::Bool(_) | Value::String(_) => None,
    }
    .unwrap_or_else(|| value.clone())
}

/// Writes whole numbers without a decimal point, because a model copies its input.
fn json_number(number: f64) -> Value {
    // Adding 0.0 turns -0 into 0.
    let text = json!(number + 0.0).to_string();
    let whole = text.strip_suffix(".0").unwrap_or(&text);
    whole.parse().map_or_else(|_| json!(number), Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_at_most_one_decimal() {
        let check = |number: f64, text: &str| assert_eq!(number_text(number), text);
        check(30.0, "30");
        check(6.5, "6.5");
        check(1.0 / 3.0, "0.3");
        check(-0.634, "-0.6");
        check(-0.001, "0");
        check(999.94, "999.9");
        check(12_500.4, "12,500");
    }
}
