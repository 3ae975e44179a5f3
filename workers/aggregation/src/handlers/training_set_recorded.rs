//! `TrainingSetRecordedEventHandler`: a workout that goes on counts as far as it is logged.

use super::{WorkoutEventHandler, counted};
use shared_kernel::payload::TrainingSetRecorded;
use storage::volume::LedgerEntry;

/// A workout that goes on counts as far as it is logged.
pub struct TrainingSetRecordedEventHandler;

impl WorkoutEventHandler<TrainingSetRecorded> for TrainingSetRecordedEventHandler {
    fn ledger_entry(event: &TrainingSetRecorded) -> Result<LedgerEntry, String> {
        counted(&event.workout)
    }
}
