//! `WorkoutCompletedEventHandler`: a completed workout counts.

use super::{WorkoutEventHandler, counted};
use shared_kernel::payload::WorkoutCompleted;
use storage::volume::LedgerEntry;

/// A completed workout counts.
pub struct WorkoutCompletedEventHandler;

impl WorkoutEventHandler<WorkoutCompleted> for WorkoutCompletedEventHandler {
    const IS_OF_A_COMPLETE_WORKOUT: bool = true;

    fn ledger_entry(event: &WorkoutCompleted) -> Result<LedgerEntry, String> {
        counted(&event.workout)
    }
}
