//! The workouts that the sweep handles, of all athletes of a database: overdue events, and workouts
//! left open.

use super::{RESEND_AFTER_MS, StoredWorkout, columns, next_change};
use crate::database::{Database, DatabaseError, Param, Results, Statement};

/// Returns the workouts with an overdue event, the longest overdue first, and postpones their next
/// resend: by 1, 2, 4 … minutes, at most a day, so that an event that always fails causes little
/// load.
pub async fn take_overdue(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let take = Statement::new(
        concat!(
            "UPDATE workouts SET resends = resends + 1, \
             resend_at_ms = ?1 + min(60000 << min(resends, 11), 86400000) \
             WHERE (athlete_id, workout_id) IN (SELECT athlete_id, workout_id FROM workouts \
             WHERE aggregated_revision < revision AND resend_at_ms <= ?1 \
             ORDER BY resend_at_ms LIMIT ?2) RETURNING ",
            columns!()
        ),
        [now_ms.into(), limit.into()],
    );
    Results::new(database.batch(vec![take]).await?).rows()
}

/// Returns the workouts in progress without a call since an instant of the server's clock, the longest
/// idle first.
pub async fn left_open(
    database: &dyn Database,
    idle_since_ms: i64,
    limit: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let select = Statement::new(
        concat!(
            "SELECT ",
            columns!(),
            " FROM workouts INDEXED BY workouts_open \
             WHERE status = 'in_progress' AND changed_at_ms < ?1 ORDER BY changed_at_ms LIMIT ?2"
        ),
        [idle_since_ms.into(), limit.into()],
    );
    Results::new(database.batch(vec![select]).await?).rows()
}

/// Completes workouts that were left open, each if it is unchanged since it was read, in one round
/// trip. Returns the completed ones.
pub async fn complete(
    database: &dyn Database,
    completed: &[(&StoredWorkout, String)],
    now_ms: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let update = |(workout, document): &(&StoredWorkout, String)| {
        Statement::new(
            concat!(
                "UPDATE workouts SET status = 'completed', document = ?4, \
                 revision = revision + 1, completed_revision = revision + 1, changed_at_ms = ?5, \
                 resend_at_ms = ?6, resends = 0, change_seq = ",
                next_change!(),
                " WHERE athlete_id = ?1 AND workout_id = ?2 AND revision = ?3 \
                 AND status = 'in_progress' RETURNING ",
                columns!()
            ),
            [
                Param::text(workout.athlete_id),
                Param::text(workout.workout_id),
                workout.revision.into(),
                document.as_str().into(),
                now_ms.into(),
                (now_ms + RESEND_AFTER_MS).into(),
            ],
        )
    };
    let results = database.batch(completed.iter().map(update).collect()).await?;
    let mut rows = Vec::new();
    for result in results {
        rows.extend(result.into_rows::<StoredWorkout>()?);
    }
    Ok(rows)
}
