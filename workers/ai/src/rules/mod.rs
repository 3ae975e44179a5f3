//! The rules: each a pure function of the history and the day, one file each.

pub mod volume_above_mrv;
pub mod volume_below_mev;

use serde_json::{Map, Value};
use shared_kernel::AthleteId;
use shared_kernel::ids::derived;
use shared_kernel::payload::PatternKind;
use training::{Exercise, Muscle, WeekStart};
use uuid::Uuid;

/// What a pattern is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A muscle.
    Muscle(Muscle),
    /// A lift, by its slug.
    Lift(String),
    /// All of the training.
    Training,
}

impl Subject {
    /// The wire name: `chest`, `barbell-bench-press`, `training`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Muscle(muscle) => muscle.as_str(),
            Self::Lift(slug) => slug,
            Self::Training => "training",
        }
    }

    /// As it stands within a sentence: `chest`, `Barbell Bench Press`, `training`.
    pub fn in_words(&self) -> String {
        match self {
            Self::Muscle(muscle) => muscle.in_words(),
            Self::Lift(slug) => {
                Exercise::find(slug).map_or_else(|| slug.clone(), |lift| lift.name.to_owned())
            }
            Self::Training => "training".to_owned(),
        }
    }
}

/// What a rule has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Which pattern.
    pub kind: PatternKind,
    /// What it is about.
    pub subject: Subject,
    /// The week in which it began.
    pub since: WeekStart,
    /// How sure the rule is, 0 to 1.
    pub confidence: f64,
    /// The numbers that the rule saw.
    pub evidence: Map<String, Value>,
}

impl Pattern {
    /// Its id: the same pattern of the same subject, begun in the same week, is the same pattern.
    pub fn id(&self, athlete_id: AthleteId) -> Uuid {
        derived(&[
            "pattern",
            &athlete_id.to_string(),
            self.kind.as_str(),
            self.subject.as_str(),
            &self.since.to_string(),
        ])
    }
}

/// Confidence as it is told: two digits say all that a formula of a rule of thumb can know.
fn rounded(confidence: f64) -> f64 {
    (confidence * 100.0).round() / 100.0
}

/// Evidence by name.
fn evidence<const N: usize>(numbers: [(&str, Value); N]) -> Map<String, Value> {
    numbers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
pub(crate) mod histories {
    use storage::volume::HistoryWeek;
    use training::{HalfSets, Muscle, MuscleVolume, Volume, WeekStart};

    /// A week that begins on this day, with so many half sets for some muscles.
    pub fn week(monday: &str, muscles: &[(Muscle, i64)]) -> HistoryWeek {
        let part =
            |half_sets| MuscleVolume { half_sets: HalfSets(half_sets), ..Default::default() };
        let muscles = muscles.iter().map(|(muscle, sets)| (*muscle, part(*sets))).collect();
        HistoryWeek {
            week_start: WeekStart::of(monday.parse().unwrap()),
            volume: Volume { workouts: 3, muscles, ..Volume::default() },
        }
    }
}
