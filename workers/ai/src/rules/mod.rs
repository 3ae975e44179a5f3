//! The rules: each a pure function of the history and the day, one file each.

pub mod volume_above_mrv;
pub mod volume_below_mev;

use serde_json::{Map, Value};
use shared_kernel::AthleteId;
use shared_kernel::ids::derived;
use shared_kernel::payload::PatternKind;
use training::{Muscle, WeekStart};
use uuid::Uuid;

/// What a rule has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Which pattern.
    pub kind: PatternKind,
    /// The muscle it is about.
    pub muscle: Muscle,
    /// The week in which it began.
    pub since: WeekStart,
    /// The last week in which it was seen.
    pub last: WeekStart,
    /// How sure the rule is, 0 to 1.
    pub confidence: f64,
    /// The numbers that the rule saw.
    pub evidence: Map<String, Value>,
}

impl Pattern {
    /// Its id: the same pattern of the same muscle, begun in the same week, is the same pattern.
    pub fn id(&self, athlete_id: AthleteId) -> Uuid {
        self.id_begun_in(athlete_id, self.since)
    }

    /// The ids under which it may have been told of before, its own among them. A row of weeks
    /// that grows at its old end, as when last month is entered late, is still the same row.
    pub fn ids(&self, athlete_id: AthleteId) -> impl Iterator<Item = Uuid> {
        let last = match self.kind {
            PatternKind::VolumeAboveMrv => self.since,
            PatternKind::VolumeBelowMev => self.last,
        };
        std::iter::successors(Some(self.since), |week| Some(week.next()))
            .take_while(move |week| *week <= last)
            .map(move |week| self.id_begun_in(athlete_id, week))
    }

    fn id_begun_in(&self, athlete_id: AthleteId, since: WeekStart) -> Uuid {
        derived(&[
            "pattern",
            &athlete_id.to_string(),
            self.kind.as_str(),
            self.muscle.as_str(),
            &since.to_string(),
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
