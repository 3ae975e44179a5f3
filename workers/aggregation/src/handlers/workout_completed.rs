//! `WorkoutCompletedEventHandler`: a completed workout counts.

use super::workout_events::WorkoutEventHandler;
use crate::ledger_entry::counted;
use shared_kernel::payload::WorkoutCompleted;
use storage::ledger::LedgerEntry;

/// Handles [`WorkoutCompleted`]: a completed workout counts.
pub struct WorkoutCompletedEventHandler;

impl WorkoutEventHandler<WorkoutCompleted> for WorkoutCompletedEventHandler {
    const WORKOUT_IS_COMPLETE: bool = true;

    fn ledger_entry(event: &WorkoutCompleted) -> Result<LedgerEntry, String> {
        counted(&event.workout)
    }
}
