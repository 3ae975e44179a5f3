//! The athlete's custom exercises.

use crate::athletes::{ChosenUnits, select_chosen};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::exercise_names::{self, ExerciseNameMapping};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::idempotency::{self, Created, Creation, FirstRequest, Idempotency};
use crate::json_text;
use crate::keys::{KeyProof, live_key, rows_with_key, with_key, write_with_key};
use crate::sql::query;
use serde::Deserialize;
use std::collections::BTreeSet;
use training::ExerciseDefinition;
use training::names::{NameConflict, name_conflict, new_slug};

/// Custom exercises of one athlete, at most: ten times a large catalogue.
const OWN_EXERCISES_MAX: usize = 1_000;
/// Bytes of their names and aliases, at most: the rest of a definition is short, so that the whole list, which names
/// are compared with, has less than 1 MB.
const NAMES_BYTES_MAX: usize = 500_000;

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

/// The custom exercises of an athlete at one revision.
#[derive(Clone, Debug, PartialEq)]
pub struct ExerciseList {
    pub exercises: Vec<CustomExercise>,
    /// It increases with each exercise that is added or changed.
    pub(crate) revision: i64,
}

impl ExerciseList {
    /// The exercises except one, with their slugs.
    fn without<'a>(
        &'a self,
        slug: &'a str,
    ) -> impl Iterator<Item = (&'a str, &'a ExerciseDefinition)> + Clone {
        let others = self.exercises.iter().filter(move |exercise| exercise.slug != slug);
        others.map(|exercise| (exercise.slug.as_str(), &exercise.definition))
    }

    /// Fails if another exercise has a name or an alias of this one.
    /// Checks that the list has room for more exercises, one of which may replace that of a slug.
    pub(crate) fn check_room<'a>(
        &'a self,
        replaced: &'a str,
        added: impl Iterator<Item = &'a ExerciseDefinition>,
    ) -> Result<(), Conflict> {
        let all = self.without(replaced).map(|(_, definition)| definition).chain(added);
        let (mut count, mut bytes) = (0, 0);
        for definition in all {
            count += 1;
            bytes +=
                definition.name.len() + definition.aliases.iter().map(String::len).sum::<usize>();
        }
        let has_room = count <= OWN_EXERCISES_MAX && bytes <= NAMES_BYTES_MAX;
        if has_room { Ok(()) } else { Err(Conflict::TooManyExercises) }
    }

    fn check_names(&self, exercise: &CustomExercise) -> Result<(), Conflict> {
        match name_conflict(&exercise.definition, self.without(&exercise.slug)) {
            Some(NameConflict { slug, .. }) => Err(Conflict::ExerciseExists { slug }),
            None => Ok(()),
        }
    }
}

fn list_statements(proof: &KeyProof) -> [Statement; 2] {
    let of_athlete = |sql| Statement::new(sql, [Param::text(proof.athlete_id)]);
    [
        of_athlete("SELECT slug, definition FROM exercises WHERE athlete_id = ?1 ORDER BY slug"),
        of_athlete("SELECT exercises_revision FROM athletes WHERE athlete_id = ?1"),
    ]
}

/// Increases the revision of the athlete's exercises. The last statement of a write.
pub(crate) fn next_revision(proof: &KeyProof, revision: i64) -> Statement {
    proof.statement(
        concat!(
            "UPDATE athletes SET exercises_revision = exercises_revision + 1 \
             WHERE athlete_id = ?1 AND exercises_revision = ?4 AND ",
            live_key!()
        ),
        [revision.into()],
    )
}

/// Returns the custom exercises of the key's athlete with their revision, to compare names with.
pub async fn list_for_change(database: &dyn Database, proof: &KeyProof) -> Guarded<ExerciseList> {
    let mut results = with_key(database, proof, list_statements(proof).into()).await?;
    read_list(&mut results)
}

/// Returns the same with the units and the time zone that the athlete chose.
pub async fn list_for_import(
    database: &dyn Database,
    proof: &KeyProof,
) -> Guarded<(ExerciseList, ChosenUnits, ExerciseNameMapping)> {
    let statements = list_statements(proof).into_iter();
    let more = [select_chosen(proof), exercise_names::select(proof)];
    let mut results = with_key(database, proof, statements.chain(more).collect()).await?;
    let list = read_list(&mut results)?;
    Ok((list, results.first()?.unwrap_or_default(), exercise_names::read(&mut results)?))
}

fn read_list(results: &mut Results) -> Guarded<ExerciseList> {
    let exercises = results.rows()?;
    Ok(ExerciseList { exercises, revision: results.value()?.ok_or(Rejection::NotFound)? })
}

/// Adds an exercise under a slug of its name, in two round trips: the first reads the names in use.
///
/// A name is in use if the catalogue or the athlete has it as name, alias or slug. If an exercise was
/// added or changed in between, nothing is stored ([`Rejection::StaleRevision`]).
pub async fn add(
    database: &dyn Database,
    proof: &KeyProof,
    definition: &ExerciseDefinition,
    idempotency: Option<&Idempotency>,
    now_ms: i64,
) -> Guarded<Creation<CustomExercise>> {
    let mut statements = list_statements(proof).to_vec();
    if let Some(idempotency) = idempotency {
        statements.insert(0, idempotency::delete_expired(proof, now_ms));
        statements.push(idempotency::select_first(proof, Created::Exercise, idempotency));
    }
    let mut results = with_key(database, proof, statements).await?;
    results.skip(usize::from(idempotency.is_some()));
    let list = read_list(&mut results)?;
    if let Some(idempotency) = idempotency
        && let Some(first) = results.first::<FirstRequest>()?
    {
        first.check_is_replayed_by(idempotency)?;
        let exercise = list.exercises.into_iter().find(|e| e.slug == first.resource_id);
        return Ok(Creation::Replayed(exercise.ok_or(Conflict::ExerciseDeleted)?));
    }
    let slug = new_slug(&definition.name, list.without(""));
    let exercise = CustomExercise { slug, definition: definition.clone() };
    list.check_names(&exercise)?;
    list.check_room("", [definition].into_iter())?;
    let key = idempotency::named(Created::Exercise, idempotency);
    let insert =
        query!("exercises/insert.sql").bind(proof.named().into_iter().chain(key).chain([
            ("slug", exercise.slug.as_str().into()),
            ("definition", Param::json(&exercise.definition)?),
            ("now_ms", now_ms.into()),
            ("exercises_revision", list.revision.into()),
        ]))?;
    let mut statements = vec![insert];
    if let Some(idempotency) = idempotency {
        statements.push(insert_key(proof, idempotency, &exercise.slug, list.revision, now_ms)?);
    }
    statements.push(next_revision(proof, list.revision));
    let is_stored = with_key(database, proof, statements).await?.has_rows()?;
    if is_stored { Ok(Creation::Stored(exercise)) } else { Err(Rejection::StaleRevision) }
}

/// Stores an Idempotency-Key for an exercise, if it was just added.
fn insert_key(
    proof: &KeyProof,
    idempotency: &Idempotency,
    slug: &str,
    revision: i64,
    now_ms: i64,
) -> Result<Statement, DatabaseError> {
    let key = idempotency::named(Created::Exercise, Some(idempotency));
    query!("exercises/insert_key.sql").bind(proof.named().into_iter().chain(key).chain([
        ("slug", slug.into()),
        ("exercises_revision", revision.into()),
        ("now_ms", now_ms.into()),
    ]))
}

/// Changes an exercise, in two round trips as [`add`]. Workouts that are saved from now on use the new
/// definition; its old names are free.
pub async fn replace(
    database: &dyn Database,
    proof: &KeyProof,
    exercise: &CustomExercise,
) -> Guarded<()> {
    let list = list_for_change(database, proof).await?;
    if !list.exercises.iter().any(|other| other.slug == exercise.slug) {
        return Err(Rejection::NotFound);
    }
    list.check_names(exercise)?;
    list.check_room(&exercise.slug, [&exercise.definition].into_iter())?;
    let update = query!("exercises/replace.sql").bind(proof.named().into_iter().chain([
        ("slug", exercise.slug.as_str().into()),
        ("definition", Param::json(&exercise.definition)?),
        ("exercises_revision", list.revision.into()),
    ]))?;
    let statements = vec![update, next_revision(proof, list.revision)];
    let is_stored = with_key(database, proof, statements).await?.has_rows()?;
    if is_stored { Ok(()) } else { Err(Rejection::StaleRevision) }
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
