//! Takes an import back: deletes the workouts that it created and that are unchanged since.

use super::sessions::ids_of_import;
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::{Guarded, Rejection};
use crate::keys::{KeyProof, live_key, with_key};
use crate::sql::query;
use crate::workouts::{PageMax, RESEND_AFTER_MS, StoredWorkout};
use serde::Deserialize;
use shared_kernel::{AthleteId, TraceContext};
use uuid::Uuid;

const UNCHANGED: &str = include_str!("../../sql/imports/created_and_unchanged.sql");

/// An import that is being taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ImportKey {
    pub athlete_id: AthleteId,
    pub import_id: Uuid,
}

/// Begins to take an import back, in one round trip: none of its slices is stored any more. A repeat changes nothing.
pub async fn begin_undo(
    database: &dyn Database,
    proof: &KeyProof,
    import_id: Uuid,
    now_ms: i64,
) -> Guarded<()> {
    let import = |sql| proof.statement(sql, [Param::text(import_id), now_ms.into()]);
    let statements = vec![
        import(concat!(
            "UPDATE imports SET undone_at_ms = ?5, is_undoing = 1 WHERE athlete_id = ?1 \
             AND import_id = ?4 AND undone_at_ms IS NULL AND ",
            live_key!()
        )),
        import(concat!(
            "UPDATE import_slices SET state = 'done', workouts = '[]' WHERE athlete_id = ?1 \
             AND import_id = ?4 AND state <> 'done' AND ?5 AND ",
            live_key!()
        )),
        import("SELECT import_id FROM imports WHERE athlete_id = ?1 AND import_id = ?4 AND ?5"),
    ];
    let mut results = with_key(database, proof, statements).await?;
    results.skip(2);
    if results.has_rows()? { Ok(()) } else { Err(Rejection::NotFound) }
}

/// Deletes the next workouts of an import that is being taken back, in one round trip. Returns them: none when it is
/// done.
pub async fn undo(
    database: &dyn Database,
    import: ImportKey,
    max: PageMax,
    trace: TraceContext,
    now_ms: i64,
) -> Result<Vec<StoredWorkout>, DatabaseError> {
    let (first_id, last_id) = ids_of_import(import.import_id);
    let named = [
        ("athlete_id", Param::text(import.athlete_id)),
        ("import_id", Param::text(import.import_id)),
        ("first_id", Param::text(first_id)),
        ("last_id", Param::text(last_id)),
        ("rows_max", max.rows.into()),
        ("bytes_max", max.bytes.into()),
        ("now_ms", now_ms.into()),
        ("due_at_ms", (now_ms + RESEND_AFTER_MS).into()),
        ("traceparent", Param::text(trace)),
    ];
    let statements = vec![
        query!("imports/undo.sql", created_and_unchanged = UNCHANGED).bind(named.clone())?,
        query!("imports/finish_undo.sql", created_and_unchanged = UNCHANGED).bind(named)?,
    ];
    Results::new(database.batch(statements).await?).rows()
}

/// Returns an import that is being taken back, if there is one in the database: any of them, so that one that cannot be
/// stops no other.
pub async fn undoing(database: &dyn Database) -> Result<Option<ImportKey>, DatabaseError> {
    let select = Statement::new(
        "SELECT athlete_id, import_id FROM imports INDEXED BY imports_undoing \
         WHERE is_undoing = 1 ORDER BY random() LIMIT 1",
        [],
    );
    Results::new(database.batch(vec![select]).await?).first()
}
