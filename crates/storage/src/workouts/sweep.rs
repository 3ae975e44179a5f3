//! The workouts that the sweep handles, of all athletes of a database: overdue events, and workouts
//! left open.

use super::{IDLE_MAX_MS, RESEND_AFTER_MS, StoredWorkout, document};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::sql::query;
use training::Workout;

/// Returns the workouts with an overdue event, the longest overdue first, and postpones their next
/// resend: by 1, 2, 4 … minutes, at most a day, so that an event that always fails causes little
/// load.
pub async fn take_overdue(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let take = query!("workouts/take_overdue.sql")
        .bind([("now_ms", now_ms.into()), ("limit", limit.into())])?;
    Results::new(database.batch(vec![take]).await?).rows()
}

/// Returns the workouts in progress that are due and had no call for 24 hours, the longest idle first.
pub async fn left_open(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let select = query!("workouts/left_open.sql").bind([
        ("now_ms", now_ms.into()),
        ("idle_since_ms", (now_ms - IDLE_MAX_MS).into()),
        ("limit", limit.into()),
    ])?;
    Results::new(database.batch(vec![select]).await?).rows()
}

/// Completes workouts that were left open, each if it is unchanged since it was read, in one round
/// trip. Returns the completed ones.
pub async fn complete(
    database: &dyn Database,
    completed: &[(&StoredWorkout, Workout)],
    now_ms: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let update =
        |(stored, workout): &(&StoredWorkout, Workout)| -> Result<Statement, DatabaseError> {
            query!("workouts/complete.sql").bind([
                ("athlete_id", Param::text(stored.athlete_id)),
                ("workout_id", Param::text(stored.workout_id)),
                ("revision", stored.revision.into()),
                ("document", Param::Text(document::encode(workout).map_err(DatabaseError::Row)?)),
                ("now_ms", now_ms.into()),
                ("due_at_ms", (now_ms + RESEND_AFTER_MS).into()),
            ])
        };
    let statements = completed.iter().map(update).collect::<Result<_, _>>()?;
    let mut rows = Vec::new();
    for result in database.batch(statements).await? {
        rows.extend(result.into_rows::<StoredWorkout>()?);
    }
    Ok(rows)
}
