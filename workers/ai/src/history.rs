//! The input of the rules.

use chrono::NaiveDate;
use std::collections::BTreeMap;
use storage::training_history::{HistoryDay, HistoryWeek, LiftSession};
use training::landmarks::LandmarkOverrides;
use training::{Units, WeekStart};

/// The weeks of history before the current one: the most that any rule needs.
pub const HISTORY_WEEKS: u32 = 16;

/// The recent training of one athlete, in order, without weeks and days that have none.
#[derive(Clone, Debug)]
pub struct History {
    /// The day of the analysis, UTC.
    pub today: NaiveDate,
    /// The last week with a weekly report: it counts as complete.
    pub reported: Option<WeekStart>,
    pub weeks: Vec<HistoryWeek>,
    pub days: Vec<HistoryDay>,
    /// The performances by slug of the lift.
    pub lifts: BTreeMap<String, Vec<LiftSession>>,
    pub landmarks: LandmarkOverrides,
    /// The unit of weights in texts.
    pub units: Units,
}

impl History {
    /// Creates the history of an athlete without any training.
    pub fn none(today: NaiveDate) -> Self {
        Self {
            today,
            reported: None,
            weeks: Vec::new(),
            days: Vec::new(),
            lifts: BTreeMap::new(),
            landmarks: LandmarkOverrides::default(),
            units: Units::Kg,
        }
    }

    /// Returns a week if it has training.
    pub fn week(&self, week_start: WeekStart) -> Option<&HistoryWeek> {
        self.weeks.iter().find(|week| week.week_start == week_start)
    }
}
