//! `VolumeUpdatedEventHandler`: a changed workout counts in its new version.

use super::workout_events::WorkoutEventHandler;
use crate::ledger_entry::counted;
use shared_kernel::payload::VolumeUpdated;
use storage::ledger::LedgerEntry;

/// Handles [`VolumeUpdated`]: a changed workout counts in its new version.
pub struct VolumeUpdatedEventHandler;

impl WorkoutEventHandler<VolumeUpdated> for VolumeUpdatedEventHandler {
    const WORKOUT_IS_COMPLETE: bool = true;

    fn ledger_entry(event: &VolumeUpdated) -> Result<LedgerEntry, String> {
        counted(&event.workout)
    }
}
