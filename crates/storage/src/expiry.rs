//! Deletes old rows of the operators' tables.

use crate::database::{Database, DatabaseError, Results, Statement};
use uuid::Uuid;

const DAY_MS: i64 = 86_400_000;
/// Dead letters are kept for 30 days after their last failure: four weekends.
const DEAD_LETTERS_MS: i64 = 30 * DAY_MS;
/// Operators' actions are kept for a year, for a yearly audit.
const ACTIONS_MS: i64 = 365 * DAY_MS;
/// Pipeline metrics are kept for two days, to compare with the same hour of yesterday.
const MINUTES_MS: i64 = 2 * DAY_MS;

/// Deletes expired rows, at most `limit` of each table, in one round trip. Returns the number of
/// deleted dead letters.
pub async fn expire(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<usize, DatabaseError> {
    let dead_letters = Statement::new(
        "DELETE FROM dead_letters WHERE dead_letter_id IN (\
         SELECT dead_letter_id FROM dead_letters INDEXED BY dead_letters_by_time \
         WHERE failed_at_ms < ?1 ORDER BY failed_at_ms LIMIT ?2) RETURNING dead_letter_id",
        [(now_ms - DEAD_LETTERS_MS).into(), limit.into()],
    );
    let actions = Statement::new(
        "DELETE FROM operator_actions WHERE (at_ms, action_id) IN (\
         SELECT at_ms, action_id FROM operator_actions WHERE at_ms < ?1 ORDER BY at_ms LIMIT ?2)",
        [(now_ms - ACTIONS_MS).into(), limit.into()],
    );
    let minutes = Statement::new(
        "DELETE FROM pipeline_minutes WHERE (minute_ms, queue, event_type) IN (\
         SELECT minute_ms, queue, event_type FROM pipeline_minutes \
         WHERE minute_ms < ?1 ORDER BY minute_ms LIMIT ?2)",
        [(now_ms - MINUTES_MS).into(), limit.into()],
    );
    let mut results = Results::new(database.batch(vec![dead_letters, actions, minutes]).await?);
    Ok(results.column::<Uuid>()?.len())
}
