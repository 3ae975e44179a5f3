//! The tombstones of deleted athletes. A deletion writes one in the athlete's database, in its own
//! transaction; it is copied to the operators' database, where no dead letter of the athlete remains.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use serde::{Deserialize, Serialize};
use shared_kernel::AthleteId;

/// Tombstones of one round trip, at most; a project default. The next sweep copies the rest.
const COPIED_MAX: i64 = 100;

#[derive(Serialize, Deserialize)]
struct Tombstone {
    athlete_id: AthleteId,
    deleted_at_ms: i64,
}

/// Copies the tombstones of an athletes' database that are not copied yet, and deletes the dead
/// letters of their athletes. Returns the number of tombstones.
///
/// 1. read (await) the tombstones;
/// 2. store (await) them in the operators' database, and delete the dead letters, in one transaction. A
///    repeat changes nothing;
/// 3. mark (await) them as copied. After a crash before it, the next call repeats all steps.
pub async fn copy(
    athletes: &dyn Database,
    operators: &dyn Database,
    now_ms: i64,
) -> Result<usize, DatabaseError> {
    let select = Statement::new(
        "SELECT athlete_id, deleted_at_ms FROM deleted_athletes INDEXED BY deleted_athletes_to_copy \
         WHERE copied_at_ms IS NULL ORDER BY athlete_id LIMIT ?1",
        [COPIED_MAX.into()],
    );
    let tombstones: Vec<Tombstone> = Results::new(athletes.batch(vec![select]).await?).rows()?;
    if tombstones.is_empty() {
        return Ok(0);
    }
    let rows = Param::json(&tombstones)?;
    let insert = Statement::new(
        "INSERT INTO deleted_athletes (athlete_id, deleted_at_ms) \
         SELECT value ->> 'athlete_id', value ->> 'deleted_at_ms' FROM json_each(?1) \
         WHERE true ON CONFLICT DO NOTHING",
        [rows.clone()],
    );
    let dead_letters = Statement::new(
        "DELETE FROM dead_letters WHERE athlete_id IN (\
         SELECT value ->> 'athlete_id' FROM json_each(?1))",
        [rows.clone()],
    );
    operators.batch(vec![insert, dead_letters]).await?;
    let mark = Statement::new(
        "UPDATE deleted_athletes SET copied_at_ms = ?2 \
         WHERE athlete_id IN (SELECT value ->> 'athlete_id' FROM json_each(?1))",
        [rows, now_ms.into()],
    );
    athletes.batch(vec![mark]).await?;
    Ok(tombstones.len())
}
