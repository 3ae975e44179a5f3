//! `WorkoutDeletedEventHandler`: a deleted workout no longer counts.

use super::workout_events::WorkoutEventHandler;
use crate::ledger_entry::uncounted;
use shared_kernel::payload::WorkoutDeleted;
use storage::ledger::LedgerEntry;

/// Handles [`WorkoutDeleted`]: a deleted workout no longer counts.
pub struct WorkoutDeletedEventHandler;

impl WorkoutEventHandler<WorkoutDeleted> for WorkoutDeletedEventHandler {
    const WORKOUT_IS_COMPLETE: bool = false;

    fn ledger_entry(event: &WorkoutDeleted) -> Result<LedgerEntry, String> {
        uncounted(&event.workout)
    }
}
