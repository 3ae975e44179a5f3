//! A pattern and its subject, as the rules return them.

use serde_json::{Map, Value};
use shared_kernel::AthleteId;
use shared_kernel::ids::derived;
use shared_kernel::payload::PatternKind;
use training::{Exercise, Muscle, WeekStart};
use uuid::Uuid;

/// The subject of a pattern.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    Muscle(Muscle),
    /// A lift, by its slug.
    Lift(String),
    Training,
}

impl Subject {
    /// Parses a wire name. A name that is no muscle and not `training` is the slug of a lift.
    pub fn parse(name: &str) -> Self {
        match Muscle::find(name) {
            Some(muscle) => Self::Muscle(muscle),
            None if name == "training" => Self::Training,
            None => Self::Lift(name.to_owned()),
        }
    }

    /// Returns the wire name: `chest`, `barbell-bench-press`, `training`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Muscle(muscle) => muscle.as_str(),
            Self::Lift(slug) => slug,
            Self::Training => "training",
        }
    }

    /// Returns the name for use within a sentence: `chest`, `Barbell Bench Press`, `training`.
    pub fn display_name(&self) -> String {
        match self {
            Self::Muscle(muscle) => muscle.display_name(),
            Self::Lift(slug) => {
                Exercise::find(slug).map_or_else(|| slug.clone(), |lift| lift.name.to_owned())
            }
            Self::Training => "training".to_owned(),
        }
    }
}

/// A pattern that a rule found in the training of an athlete.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    pub kind: PatternKind,
    pub subject: Subject,
    pub since: WeekStart,
    /// The certainty of the rule, 0 to 1.
    pub confidence: f64,
    /// The numbers on which the rule decided.
    pub evidence: Map<String, Value>,
}

impl Pattern {
    /// Derives the id of a pattern that follows the pattern `before` of the same kind and subject,
    /// or that is the first one.
    pub fn id_after(&self, athlete_id: AthleteId, before: Option<Uuid>) -> Uuid {
        let before = before.map(|id| id.to_string()).unwrap_or_default();
        self.derived_id(athlete_id, &["after", &before])
    }

    /// Derives the id of a pattern that belongs to one week.
    pub fn id_of_week(&self, athlete_id: AthleteId) -> Uuid {
        self.derived_id(athlete_id, &[&self.since.to_string()])
    }

    fn derived_id(&self, athlete_id: AthleteId, more: &[&str]) -> Uuid {
        let athlete = athlete_id.to_string();
        let parts = ["pattern", &athlete, self.kind.as_str(), self.subject.as_str()];
        derived(&[&parts, more].concat())
    }
}

/// Rounds a confidence to two digits: the formulas are rules of thumb and justify no more.
pub(super) fn rounded(confidence: f64) -> f64 {
    (confidence * 100.0).round() / 100.0
}

/// Creates the evidence of a pattern.
pub(super) fn evidence<const N: usize>(numbers: [(&str, Value); N]) -> Map<String, Value> {
    numbers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subject_parses_from_its_wire_name() {
        let check = |name: &str, display_name: &str| {
            let subject = Subject::parse(name);
            assert_eq!((subject.as_str(), subject.display_name().as_str()), (name, display_name));
        };
        check("front_delts", "front delts");
        check("barbell-bench-press", "Barbell Bench Press");
        check("training", "training");
        check("my-lift", "my-lift");
    }
}
