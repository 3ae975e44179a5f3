//! `WorkoutDeletedEventHandler`: removes a deleted workout from the volume.

use super::workout_events::ToLedgerEntry;
use crate::ledger_entry::empty_ledger_entry;
use shared_kernel::payload::WorkoutDeleted;
use storage::ledger::LedgerEntry;

/// Handles [`WorkoutDeleted`]: removes a deleted workout from the volume.
pub struct WorkoutDeletedEventHandler;

impl ToLedgerEntry<WorkoutDeleted> for WorkoutDeletedEventHandler {
    const ANNOUNCES_RECORDS: bool = false;

    fn ledger_entry(event: &WorkoutDeleted) -> Result<LedgerEntry, String> {
        empty_ledger_entry(&event.workout)
    }
}
