//! The athlete's custom exercises.

use crate::database::{Database, DatabaseError, Param, Results};
use crate::json_text;
use crate::keys::{KeyProof, live_key, rows_with_key, with_key};
use serde::Deserialize;
use std::collections::BTreeSet;
use training::ExerciseDefinition;

/// Exercises of one athlete's own, at most (ours: ten times a large catalogue).
pub const OWN_EXERCISES_MAX: i64 = 1_000;

/// An exercise of the athlete's own.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CustomExercise {
    /// Its name in URLs and workouts.
    pub slug: String,
    /// What it is.
    #[serde(with = "json_text")]
    pub definition: ExerciseDefinition,
}

/// The custom exercises of the key's athlete, by slug. `None`: the key is not live.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
) -> Result<Option<Vec<CustomExercise>>, DatabaseError> {
    let select = proof.statement(
        concat!(
            "SELECT slug, definition FROM exercises WHERE athlete_id = ?1 AND ",
            live_key!(),
            " ORDER BY slug"
        ),
        [],
    );
    rows_with_key(database, proof, select).await
}

#[derive(Deserialize)]
struct SlugRow {
    slug: String,
}

/// Which of these slugs are not the athlete's own. `None`: the key is not live.
pub async fn unknown(
    database: &dyn Database,
    proof: &KeyProof,
    slugs: &BTreeSet<String>,
) -> Result<Option<BTreeSet<String>>, DatabaseError> {
    let select = proof.statement(
        "SELECT named.value AS slug FROM json_each(?4) AS named WHERE NOT EXISTS \
         (SELECT 1 FROM exercises WHERE athlete_id = ?1 AND slug = named.value)",
        [Param::json(slugs)?],
    );
    let rows = rows_with_key::<SlugRow>(database, proof, select).await?;
    Ok(rows.map(|rows| rows.into_iter().map(|row| row.slug).collect()))
}

/// What became of an exercise that is to be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// The key is not live.
    Unauthorized,
    /// It is there now.
    Stored,
    /// The athlete has one of this slug; it stays as it is.
    Taken,
    /// The athlete has as many as there may be.
    TooMany,
}

/// Adds an exercise.
pub async fn add(
    database: &dyn Database,
    proof: &KeyProof,
    exercise: &CustomExercise,
    now_ms: i64,
) -> Result<Added, DatabaseError> {
    let insert = proof.statement(
        concat!(
            "INSERT INTO exercises (athlete_id, slug, definition, created_at_ms) \
             SELECT ?1, ?4, ?5, ?6 WHERE ",
            live_key!(),
            " AND (SELECT count(*) FROM exercises WHERE athlete_id = ?1) < ?7 \
             ON CONFLICT DO NOTHING RETURNING slug"
        ),
        [
            exercise.slug.as_str().into(),
            Param::json(&exercise.definition)?,
            now_ms.into(),
            OWN_EXERCISES_MAX.into(),
        ],
    );
    let there = proof.statement(
        "SELECT slug FROM exercises WHERE athlete_id = ?1 AND slug = ?4",
        [exercise.slug.as_str().into()],
    );
    let Some(results) = with_key(database, proof, vec![there, insert]).await? else {
        return Ok(Added::Unauthorized);
    };
    let mut results = Results::new(results);
    let taken = !results.rows::<SlugRow>()?.is_empty();
    let stored = !results.rows::<SlugRow>()?.is_empty();
    Ok(match (stored, taken) {
        (true, _) => Added::Stored,
        (false, true) => Added::Taken,
        (false, false) => Added::TooMany,
    })
}

/// Changes an exercise; workouts that are saved from now on use it as it then is. `None`: the key
/// is not live. `false`: there is no such exercise of this athlete.
pub async fn replace(
    database: &dyn Database,
    proof: &KeyProof,
    exercise: &CustomExercise,
) -> Result<Option<bool>, DatabaseError> {
    let update = proof.statement(
        concat!(
            "UPDATE exercises SET definition = ?5 WHERE athlete_id = ?1 AND slug = ?4 AND ",
            live_key!(),
            " RETURNING slug"
        ),
        [exercise.slug.as_str().into(), Param::json(&exercise.definition)?],
    );
    let results = with_key(database, proof, vec![update]).await?;
    Ok(results.map(|results| results.iter().any(|result| !result.is_empty())))
}

/// Removes an exercise; workouts that have it keep it. `None`: the key is not live. `false`: there
/// is no such exercise of this athlete.
pub async fn remove(
    database: &dyn Database,
    proof: &KeyProof,
    slug: &str,
) -> Result<Option<bool>, DatabaseError> {
    let delete = proof.statement(
        concat!(
            "DELETE FROM exercises WHERE athlete_id = ?1 AND slug = ?4 AND ",
            live_key!(),
            " RETURNING slug"
        ),
        [slug.into()],
    );
    let results = with_key(database, proof, vec![delete]).await?;
    Ok(results.map(|results| results.iter().any(|result| !result.is_empty())))
}
