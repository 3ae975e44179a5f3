//! The ledger entry of a workout snapshot.

use shared_kernel::payload::WorkoutSnapshot;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use storage::ledger::LedgerEntry;
use training::calendar::local_date;
use training::performance::performances;
use training::records::record_candidates;
use training::{Volume, limits};

/// The valid revisions of a workout. The version of a week is the sum of its workouts' revisions: the upper
/// bound, a project default, keeps that sum far from an overflow.
const REVISIONS: RangeInclusive<i64> = 1..=1_000_000;

/// The ledger entry of a workout, with its volume, its performances and its candidates for records. `Err`
/// names the limit that the workout exceeds.
pub fn ledger_entry(workout: &WorkoutSnapshot) -> Result<LedgerEntry, String> {
    let (exercises, body_weight) = (&workout.exercises, workout.body_weight_grams);
    let entry = empty_ledger_entry(workout)?;
    Ok(LedgerEntry {
        volume: Volume::of_workout(exercises, body_weight),
        performances: performances(exercises, body_weight),
        bests: record_candidates(exercises, body_weight),
        ..entry
    })
}

/// The ledger entry of a deleted workout, without volume. `Err` names the limit that the workout exceeds.
pub fn empty_ledger_entry(workout: &WorkoutSnapshot) -> Result<LedgerEntry, String> {
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
        started_at_ms: workout.started_at.timestamp_millis(),
        volume: Volume::default(),
        performances: BTreeMap::new(),
        bests: BTreeMap::new(),
    })
}
