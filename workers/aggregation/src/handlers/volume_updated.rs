//! `VolumeUpdatedEventHandler`: replaces the volume of an edited workout.

use super::workout_events::ToLedgerEntry;
use crate::ledger_entry::ledger_entry;
use shared_kernel::payload::VolumeUpdated;
use storage::ledger::LedgerEntry;

/// Handles [`VolumeUpdated`]: replaces the volume of an edited workout.
pub struct VolumeUpdatedEventHandler;

impl ToLedgerEntry<VolumeUpdated> for VolumeUpdatedEventHandler {
    const ANNOUNCES_RECORDS: bool = true;

    fn ledger_entry(event: &VolumeUpdated) -> Result<LedgerEntry, String> {
        ledger_entry(&event.workout)
    }
}
