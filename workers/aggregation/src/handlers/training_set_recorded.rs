//! `TrainingSetRecordedEventHandler`: the logged sets of a workout in progress count.

use super::workout_events::WorkoutEventHandler;
use crate::ledger_entry::counted;
use shared_kernel::payload::TrainingSetRecorded;
use storage::ledger::LedgerEntry;

/// Handles [`TrainingSetRecorded`]: the logged sets of a workout in progress count.
pub struct TrainingSetRecordedEventHandler;

impl WorkoutEventHandler<TrainingSetRecorded> for TrainingSetRecordedEventHandler {
    const WORKOUT_IS_COMPLETE: bool = false;

    fn ledger_entry(event: &TrainingSetRecorded) -> Result<LedgerEntry, String> {
        counted(&event.workout)
    }
}
