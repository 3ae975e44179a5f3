//! The progress in one exercise: the performance of each workout, from the ledger.

use crate::database::{Database, Param};
use crate::guard::Guarded;
use crate::json_text;
use crate::keys::{KeyProof, with_key};
use crate::lifts::StoredLift;
use chrono::NaiveDate;
use serde::Deserialize;
use training::performance::ExercisePerformance;

/// The performance of one workout in one exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatedPerformance {
    pub local_date: NaiveDate,
    pub performance: ExercisePerformance,
}

#[derive(Deserialize)]
struct LiftRow {
    local_date: NaiveDate,
    #[serde(with = "json_text")]
    lift: StoredLift,
}

/// Returns the performances of the workouts from `from` to `to` in an exercise.
pub async fn get(
    database: &dyn Database,
    proof: &KeyProof,
    slug: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> Guarded<Progress> {
    let performances = proof.statement(
        "SELECT local_date, lifts -> ?4 AS lift FROM volume_ledger \
         INDEXED BY sqlite_autoindex_volume_ledger_1 WHERE athlete_id = ?1 AND local_date BETWEEN ?5 AND ?6 \
         AND lifts -> ?4 IS NOT NULL ORDER BY local_date, workout_id",
        [slug.into(), Param::text(from), Param::text(to)],
    );
    let own = proof.statement(
        "SELECT 1 AS own FROM exercises WHERE athlete_id = ?1 AND slug = ?4",
        [slug.into()],
    );
    let mut results = with_key(database, proof, vec![performances, own]).await?;
    let performances = results.rows::<LiftRow>()?.into_iter().map(|row| DatedPerformance {
        local_date: row.local_date,
        performance: row.lift.performance(),
    });
    Ok(Progress { performances: performances.collect(), is_own: results.has_rows()? })
}

/// The progress in an exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// By workout, in the order of days.
    pub performances: Vec<DatedPerformance>,
    pub is_own: bool,
}
