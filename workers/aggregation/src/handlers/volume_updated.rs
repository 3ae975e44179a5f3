//! `VolumeUpdatedEventHandler`: a changed workout counts as it now is.

use super::{WorkoutEventHandler, counted};
use shared_kernel::payload::VolumeUpdated;
use storage::volume::LedgerEntry;

/// A changed workout counts as it now is.
pub struct VolumeUpdatedEventHandler;

impl WorkoutEventHandler<VolumeUpdated> for VolumeUpdatedEventHandler {
    const IS_OF_A_COMPLETE_WORKOUT: bool = true;

    fn ledger_entry(event: &VolumeUpdated) -> Result<LedgerEntry, String> {
        counted(&event.workout)
    }
}
