//! What the rules look at.

use chrono::NaiveDate;
use std::collections::BTreeMap;
use storage::training_history::{HistoryDay, HistoryWeek, LiftSession};
use training::WeekStart;
use training::landmarks::LandmarkOverrides;

/// How far the history reaches back from the week of today, in weeks: as far as any rule looks.
pub const HISTORY_WEEKS: u32 = 16;

/// The training of one athlete, as far back as any rule looks, in order and without the weeks and
/// days on which there was none.
#[derive(Clone, Debug)]
pub struct History {
    /// The day on which it is looked at, UTC.
    pub today: NaiveDate,
    /// The last week that was reported on: it counts as complete from then on.
    pub reported: Option<WeekStart>,
    /// The weeks.
    pub weeks: Vec<HistoryWeek>,
    /// The days.
    pub days: Vec<HistoryDay>,
    /// By lift what each workout achieved in it.
    pub lifts: BTreeMap<String, Vec<LiftSession>>,
    /// What the athlete puts in place of the landmarks of the listing.
    pub landmarks: LandmarkOverrides,
}

impl History {
    /// An athlete of whom nothing is known.
    pub fn none(today: NaiveDate) -> Self {
        Self {
            today,
            reported: None,
            weeks: Vec::new(),
            days: Vec::new(),
            lifts: BTreeMap::new(),
            landmarks: LandmarkOverrides::default(),
        }
    }

    /// A week, if there was training in it.
    pub fn week(&self, week_start: WeekStart) -> Option<&HistoryWeek> {
        self.weeks.iter().find(|week| week.week_start == week_start)
    }
}
