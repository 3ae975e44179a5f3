//! `TrainingSetRecordedEventHandler`: adds the sets of a workout in progress to the volume.

use super::workout_events::ToLedgerEntry;
use crate::ledger_entry::ledger_entry;
use shared_kernel::payload::TrainingSetRecorded;
use storage::ledger::LedgerEntry;

/// Handles [`TrainingSetRecorded`]: adds the sets of a workout in progress to the volume.
pub struct TrainingSetRecordedEventHandler;

impl ToLedgerEntry<TrainingSetRecorded> for TrainingSetRecordedEventHandler {
    const ANNOUNCES_RECORDS: bool = false;

    fn ledger_entry(event: &TrainingSetRecorded) -> Result<LedgerEntry, String> {
        ledger_entry(&event.workout)
    }
}
