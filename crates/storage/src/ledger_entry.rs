//! The contribution of a workout to the ledger.

use chrono::NaiveDate;
use shared_kernel::{AthleteId, WorkoutId};
use std::collections::BTreeMap;
use training::{ExercisePerformance, Volume};

/// The contribution of one workout at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// Only a newer revision replaces a row.
    pub revision: i64,
    pub local_date: NaiveDate,
    pub started_at_ms: i64,
    /// Zero if the workout is deleted.
    pub volume: Volume,
    /// By exercise.
    pub performances: BTreeMap<String, ExercisePerformance>,
    /// Candidates for records, by record key.
    pub bests: BTreeMap<String, i64>,
}
