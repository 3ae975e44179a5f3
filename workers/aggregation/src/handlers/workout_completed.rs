//! `WorkoutCompletedEventHandler`: adds a completed workout to the volume.

use super::workout_events::ToLedgerEntry;
use crate::ledger_entry::ledger_entry;
use shared_kernel::payload::WorkoutCompleted;
use storage::ledger::LedgerEntry;

/// Handles [`WorkoutCompleted`]: adds a completed workout to the volume.
pub struct WorkoutCompletedEventHandler;

impl ToLedgerEntry<WorkoutCompleted> for WorkoutCompletedEventHandler {
    const ANNOUNCES_RECORDS: bool = true;

    fn ledger_entry(event: &WorkoutCompleted) -> Result<LedgerEntry, String> {
        ledger_entry(&event.workout)
    }
}
