//! The exercises that names of other apps stand for, as the athlete has mapped them: the next import uses them.
//!
//! Limits without a source are project defaults.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::Guarded;
use crate::keys::{KeyProof, live_key, with_key};
use crate::sql::query;
use serde::Deserialize;
use std::collections::BTreeMap;

/// Names of one athlete, at most: the longest unused ones are forgotten.
pub const NAMES_MAX: usize = 1_000;
/// Characters of a name that is remembered, at most.
pub const NAME_CHARS_MAX: usize = 200;

/// Exercise names and their slugs; `None` leaves the sets of a name out.
pub type ExerciseNameMapping = BTreeMap<String, Option<String>>;

#[derive(Deserialize)]
struct NameRow {
    name: String,
    slug: Option<String>,
}

/// Returns the mapped names of the key's athlete.
pub async fn list(database: &dyn Database, proof: &KeyProof) -> Guarded<ExerciseNameMapping> {
    let mut results = with_key(database, proof, vec![select(proof)]).await?;
    Ok(read(&mut results)?)
}

pub(crate) fn select(proof: &KeyProof) -> Statement {
    let athlete_id = [Param::text(proof.athlete_id)];
    Statement::new("SELECT name, slug FROM exercise_names WHERE athlete_id = ?1", athlete_id)
}

pub(crate) fn read(results: &mut Results) -> Result<ExerciseNameMapping, DatabaseError> {
    let rows: Vec<NameRow> = results.rows()?;
    Ok(rows.into_iter().map(|row| (row.name, row.slug)).collect())
}

/// Replaces the mapped names of the key's athlete.
pub async fn replace(
    database: &dyn Database,
    proof: &KeyProof,
    mapping: &ExerciseNameMapping,
    now_ms: i64,
) -> Guarded<()> {
    let delete = proof.statement(
        concat!("DELETE FROM exercise_names WHERE athlete_id = ?1 AND ", live_key!()),
        [],
    );
    let mut statements = vec![delete];
    statements.extend(remember(proof, mapping, now_ms)?);
    with_key(database, proof, statements).await.map(drop)
}

/// The statements that remember names, beside those of before.
pub(crate) fn remember(
    proof: &KeyProof,
    mapping: &ExerciseNameMapping,
    now_ms: i64,
) -> Result<Vec<Statement>, DatabaseError> {
    if mapping.is_empty() {
        return Ok(Vec::new());
    }
    let max = |max: usize| Param::Integer(i64::try_from(max).unwrap_or(i64::MAX));
    let named = proof.named().into_iter().chain([
        ("mapping", Param::json(mapping)?),
        ("now_ms", now_ms.into()),
        ("names_max", max(NAMES_MAX)),
        ("name_chars_max", max(NAME_CHARS_MAX)),
    ]);
    Ok(vec![
        query!("exercise_names/remember.sql").bind(named.clone())?,
        query!("exercise_names/forget_oldest.sql").bind(named)?,
    ])
}
