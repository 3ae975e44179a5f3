//! A recommended change of the training, in numbers.

use crate::payload::PatternKind;
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A change that a pattern requires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Recommendation {
    #[serde(rename = "id")]
    pub pattern_id: Uuid,
    pub pattern: PatternKind,
    /// A muscle, the slug of a lift, or `training`.
    pub subject: String,
    pub adjustment: Adjustment,
    /// The first day on which the change is too late; absent is never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// A change of the training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Adjustment {
    /// The name for use within a sentence: `chest`, `Barbell Bench Press`, `training`.
    pub subject: String,
    pub action: Action,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    pub unit: Unit,
    pub weeks: u32,
}

/// The changes that are recommended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    RaiseSets,
    CutSets,
    HoldLoad,
    CutLoad,
    Deload,
    KeepGoing,
}

/// The unit of the numbers of an adjustment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Unit {
    #[serde(rename = "hard sets a week")]
    HardSetsAWeek,
    #[serde(rename = "kg")]
    Kilograms,
    /// Percent of what is usual.
    #[serde(rename = "%")]
    Percent,
}

impl Unit {
    /// Returns the text after a number.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::HardSetsAWeek => "hard sets a week",
            Self::Kilograms => "kg",
            Self::Percent => "%",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adjustment_survives_json_and_units_match_their_text() {
        let adjustment = Adjustment {
            subject: "chest".to_owned(),
            action: Action::CutSets,
            from: Some(30.0),
            to: None,
            unit: Unit::HardSetsAWeek,
            weeks: 2,
        };
        let text = serde_json::to_string(&adjustment).unwrap();
        assert_eq!(
            text,
            r#"{"subject":"chest","action":"cut_sets","from":30.0,"unit":"hard sets a week","weeks":2}"#
        );
        assert_eq!(serde_json::from_str::<Adjustment>(&text).unwrap(), adjustment);
        for unit in [Unit::HardSetsAWeek, Unit::Kilograms, Unit::Percent] {
            assert_eq!(serde_json::to_value(unit).unwrap(), unit.as_str());
        }
    }
}
