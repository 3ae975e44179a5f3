//! What an athlete is to change, in numbers.

use serde::{Deserialize, Serialize};

/// A change of the training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Adjustment {
    /// Of what, as it stands within a sentence: `chest`, `Barbell Bench Press`, `training`.
    pub subject: String,
    /// Which change.
    pub action: Action,
    /// What it is now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<f64>,
    /// What it is to be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<f64>,
    /// What both are counted in.
    pub unit: Unit,
    /// For how many weeks.
    pub weeks: u32,
}

/// The changes that are recommended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// More sets.
    RaiseSets,
    /// Fewer sets.
    CutSets,
    /// The same weight.
    HoldLoad,
    /// Less weight.
    CutLoad,
    /// A light week.
    Deload,
    /// No change.
    KeepGoing,
}

/// What the numbers of an adjustment count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// Hard sets a week.
    #[serde(rename = "hard sets a week")]
    HardSetsAWeek,
    /// Kilograms.
    #[serde(rename = "kg")]
    Kilograms,
    /// Percent of what is usual.
    #[serde(rename = "%")]
    Percent,
}

impl Unit {
    /// As it stands after a number.
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
    fn an_adjustment_reads_as_it_was_written_and_its_unit_is_the_one_of_the_sentence() {
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
