//! What operators' tables keep no longer.

use crate::database::{Database, DatabaseError, Results, Statement};
use serde::Deserialize;
use uuid::Uuid;

const DAY_MS: i64 = 86_400_000;
/// Dead letters are kept for 30 days after their last failure (ours: four weekends to look).
const DEAD_LETTERS_MS: i64 = 30 * DAY_MS;
/// Who did what is kept for a year (ours: a yearly audit).
const ACTIONS_MS: i64 = 365 * DAY_MS;
/// Counts of minutes are kept for two days (ours: yesterday at this hour, to compare with).
const MINUTES_MS: i64 = 2 * DAY_MS;

#[derive(Deserialize)]
struct GoneRow {
    #[expect(dead_code, reason = "rows are counted")]
    dead_letter_id: Uuid,
}

/// Deletes what is past its keeping, `limit` rows of each table at most: one round trip. Answers how many
/// dead letters went. A repeat finds less to do.
pub async fn expire(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<usize, DatabaseError> {
    let letters = Statement::new(
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
    let mut results = Results::new(database.batch(vec![letters, actions, minutes]).await?);
    Ok(results.rows::<GoneRow>()?.len())
}
