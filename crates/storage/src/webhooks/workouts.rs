//! Workouts as endpoints receive them: their current state.

use super::fan_out::{self, Target};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::sql::query;
use crate::workouts::{StoredWorkout, WorkoutStatus};
use serde::Deserialize;
use shared_kernel::{AthleteId, WorkoutId};
use std::collections::BTreeMap;

/// A longer document is not read: its payload, which is longer still, would have 20,000 bytes or more, and is
/// sent thin. In characters; a batch has many workouts.
pub(crate) const DOCUMENT_CHARS_MAX: i64 = 20_000;

/// The state of a workout.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct WorkoutState {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    pub revision: i64,
    /// The revision that completed it; 0 if none did.
    pub completed_revision: i64,
    pub status: WorkoutStatus,
    pub created_at_ms: i64,
    pub changed_at_ms: i64,
    /// The workout itself; `None` if it is deleted or too long for a full payload.
    #[serde(skip)]
    pub stored: Option<StoredWorkout>,
}

/// Enabled endpoints and workouts of some athletes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkoutsAndTargets {
    pub targets: Vec<Target>,
    pub workouts: BTreeMap<(AthleteId, WorkoutId), WorkoutState>,
}

/// Returns the current state of workouts, and the enabled endpoints of their athletes, in one round trip.
pub async fn read(
    database: &dyn Database,
    keys: &[(AthleteId, WorkoutId)],
) -> Result<WorkoutsAndTargets, DatabaseError> {
    let mut athletes: Vec<_> = keys.iter().map(|(athlete_id, _)| *athlete_id).collect();
    athletes.sort_unstable();
    athletes.dedup();
    let keys = Param::json(&keys)?;
    let states = Statement::new(STATES, [keys.clone()]);
    let documents = query!("webhooks/workouts.sql")
        .bind([("keys", keys), ("document_chars_max", DOCUMENT_CHARS_MAX.into())])?;
    let statements = vec![fan_out::targets(&athletes)?, states, documents];
    let mut results = Results::new(database.batch(statements).await?);
    let targets = results.rows()?;
    let states = results.rows::<WorkoutState>()?;
    let mut workouts: BTreeMap<_, _> =
        states.into_iter().map(|state| ((state.athlete_id, state.workout_id), state)).collect();
    for stored in results.rows::<StoredWorkout>()? {
        if let Some(state) = workouts.get_mut(&(stored.athlete_id, stored.workout_id)) {
            state.stored = Some(stored);
        }
    }
    Ok(WorkoutsAndTargets { targets, workouts })
}

const STATES: &str = "SELECT athlete_id, workout_id, revision, completed_revision, status, \
     created_at_ms, changed_at_ms FROM workouts WHERE (athlete_id, workout_id) IN (\
     SELECT value ->> 0, value ->> 1 FROM json_each(?1))";
