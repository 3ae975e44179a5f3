//! The athlete's custom exercises.

use crate::database::{Database, Param};
use crate::guard::{Conflict, Guarded};
use crate::json_text;
use crate::keys::{KeyProof, live_key, rows_with_key, with_key, write_with_key};
use serde::Deserialize;
use std::collections::BTreeSet;
use training::ExerciseDefinition;

/// Custom exercises of one athlete, at most: ten times a large catalogue.
pub const OWN_EXERCISES_MAX: i64 = 1_000;

/// A custom exercise of an athlete.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct CustomExercise {
    pub slug: String,
    #[serde(with = "json_text")]
    pub definition: ExerciseDefinition,
}

/// Returns the custom exercises of the key's athlete, by slug.
pub async fn list(database: &dyn Database, proof: &KeyProof) -> Guarded<Vec<CustomExercise>> {
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

/// Returns those of the slugs that are not custom exercises of the athlete.
pub async fn unknown_slugs(
    database: &dyn Database,
    proof: &KeyProof,
    slugs: &BTreeSet<String>,
) -> Guarded<BTreeSet<String>> {
    let select = proof.statement(
        "SELECT named.value AS slug FROM json_each(?4) AS named WHERE NOT EXISTS \
         (SELECT 1 FROM exercises WHERE athlete_id = ?1 AND slug = named.value)",
        [Param::json(slugs)?],
    );
    let slugs = with_key(database, proof, vec![select]).await?.column()?;
    Ok(slugs.into_iter().collect())
}

/// Adds an exercise, if its slug is free and the athlete has fewer than [`OWN_EXERCISES_MAX`].
pub async fn add(
    database: &dyn Database,
    proof: &KeyProof,
    exercise: &CustomExercise,
    now_ms: i64,
) -> Guarded<()> {
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
    let select = proof.statement(
        "SELECT slug FROM exercises WHERE athlete_id = ?1 AND slug = ?4",
        [exercise.slug.as_str().into()],
    );
    let mut results = with_key(database, proof, vec![select, insert]).await?;
    let (exists, inserted) = (results.has_rows()?, results.has_rows()?);
    match (inserted, exists) {
        (true, _) => Ok(()),
        (false, true) => Err(Conflict::ExerciseExists.into()),
        (false, false) => Err(Conflict::TooManyExercises.into()),
    }
}

/// Changes an exercise. Workouts that are saved from now on use the new definition.
pub async fn replace(
    database: &dyn Database,
    proof: &KeyProof,
    exercise: &CustomExercise,
) -> Guarded<()> {
    let update = proof.statement(
        concat!(
            "UPDATE exercises SET definition = ?5 WHERE athlete_id = ?1 AND slug = ?4 AND ",
            live_key!(),
            " RETURNING slug"
        ),
        [exercise.slug.as_str().into(), Param::json(&exercise.definition)?],
    );
    write_with_key(database, proof, update).await
}

/// Removes an exercise. Workouts that have it keep it.
pub async fn remove(database: &dyn Database, proof: &KeyProof, slug: &str) -> Guarded<()> {
    let delete = proof.statement(
        concat!(
            "DELETE FROM exercises WHERE athlete_id = ?1 AND slug = ?4 AND ",
            live_key!(),
            " RETURNING slug"
        ),
        [slug.into()],
    );
    write_with_key(database, proof, delete).await
}
