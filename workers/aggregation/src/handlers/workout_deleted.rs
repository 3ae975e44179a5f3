//! `WorkoutDeletedEventHandler`: a deleted workout counts for nothing.

use super::{WorkoutEventHandler, uncounted};
use shared_kernel::payload::WorkoutDeleted;
use storage::volume::LedgerEntry;

/// A deleted workout counts for nothing.
pub struct WorkoutDeletedEventHandler;

impl WorkoutEventHandler<WorkoutDeleted> for WorkoutDeletedEventHandler {
    const IS_OF_A_COMPLETE_WORKOUT: bool = false;

    fn ledger_entry(event: &WorkoutDeleted) -> Result<LedgerEntry, String> {
        uncounted(&event.workout)
    }
}
