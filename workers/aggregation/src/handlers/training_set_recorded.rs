//! `TrainingSetRecordedEventHandler`: a workout that goes on counts as far as it is logged.

use super::{WorkoutEventHandler, counted};
use shared_kernel::payload::TrainingSetRecorded;
use storage::volume::LedgerEntry;

/// A workout that goes on counts as far as it is logged.
pub struct TrainingSetRecordedEventHandler;

impl WorkoutEventHandler<TrainingSetRecorded> for TrainingSetRecordedEventHandler {
    const IS_OF_A_COMPLETE_WORKOUT: bool = false;

    fn ledger_entry(event: &TrainingSetRecorded) -> Result<LedgerEntry, String> {
        counted(&event.workout)
    }
}
