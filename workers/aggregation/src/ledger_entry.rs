//! The ledger entry of a workout snapshot.

use shared_kernel::payload::WorkoutSnapshot;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use storage::ledger::LedgerEntry;
use training::calendar::local_date;
use training::performance::performances;
use training::records::record_candidates;
use training::{Volume, limits};

/// The revisions of a workout. The upper bound is a project default, far above the number of edits of a
/// workout and far below the overflow of a sum of revisions.
const REVISIONS: RangeInclusive<i64> = 1..=1_000_000;

/// The entry of a workout that counts; `Err` names the limit that the workout breaks.
pub fn counted(workout: &WorkoutSnapshot) -> Result<LedgerEntry, String> {
    let (exercises, body_weight) = (&workout.exercises, workout.body_weight_grams);
    let entry = uncounted(workout)?;
    Ok(LedgerEntry {
        volume: Volume::of_workout(exercises, body_weight),
        performances: performances(exercises, body_weight),
        bests: record_candidates(exercises, body_weight),
        ..entry
    })
}

/// The empty entry of a deleted workout; `Err` names the limit that the workout breaks.
pub fn uncounted(workout: &WorkoutSnapshot) -> Result<LedgerEntry, String> {
    if !REVISIONS.contains(&workout.revision) {
        return Err(format!("revision {}, out of bounds", workout.revision));
    }
    if let Some(bound) = limits::first_violation(&workout.exercises, workout.body_weight_grams) {
        return Err(format!("a workout of {bound}"));
    }
    Ok(LedgerEntry {
        athlete_id: workout.athlete_id,
        workout_id: workout.workout_id,
        revision: workout.revision,
        local_date: local_date(workout.started_at),
        volume: Volume::default(),
        performances: BTreeMap::new(),
        bests: BTreeMap::new(),
    })
}
