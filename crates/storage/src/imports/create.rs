//! Stores new imports.

use super::{CONFLICTS, Import, ImportedWorkout, SliceState, json_lists, select};
use crate::database::{Database, DatabaseError, Param, Statement};
use crate::exercise_names::{self, ExerciseNameMapping};
use crate::exercises::{CustomExercise, ExerciseList, next_revision};
use crate::guard::{Guarded, Rejection};
use crate::idempotency::{self, Created, Creation, FirstRequest, Idempotency};
use crate::keys::{KeyProof, with_key};
use crate::sql::query;
use crate::workouts::RESEND_AFTER_MS;
use serde_json::Value;
use shared_kernel::TraceContext;
use uuid::Uuid;

/// A new import.
#[derive(Clone, Debug, PartialEq)]
pub struct NewImport<'a> {
    pub import_id: Uuid,
    pub format: &'a str,
    /// The result of reading the file.
    pub report: &'a Value,
    pub slices: &'a [(SliceState, Vec<ImportedWorkout>)],
    /// Custom exercises that the file defines and the athlete does not have.
    pub exercises: &'a [CustomExercise],
    /// The athlete's exercises that the names of the file were compared with.
    pub known: &'a ExerciseList,
    /// The mapping of the request, which is remembered.
    pub mapping: &'a ExerciseNameMapping,
    pub trace: TraceContext,
}

/// Stores an import with all its slices and its Idempotency-Key, or nothing, in one round trip. A second
/// one is made only if nothing was stored, to find the reason: the same request stored it before, or an
/// exercise was added or changed since the names were compared ([`Rejection::StaleRevision`]).
pub async fn create(
    database: &dyn Database,
    proof: &KeyProof,
    import: &NewImport<'_>,
    idempotency: Option<&Idempotency>,
    now_ms: i64,
) -> Guarded<Creation<Import>> {
    import.known.check_room("", import.exercises.iter().map(|it| &it.definition))?;
    let mut statements = writes(proof, import, idempotency, now_ms)?;
    let writes = statements.len();
    statements.push(select(proof.athlete_id, import.import_id)?);
    let mut results = with_key(database, proof, statements).await?;
    results.skip(writes);
    match (results.first()?, idempotency) {
        (Some(import), _) => Ok(Creation::Stored(import)),
        (None, Some(idempotency)) => replayed(database, proof, idempotency).await,
        (None, None) => Err(Rejection::StaleRevision),
    }
}

/// The statements that store an import; the rows of all others need the one of the import.
fn writes(
    proof: &KeyProof,
    import: &NewImport<'_>,
    idempotency: Option<&Idempotency>,
    now_ms: i64,
) -> Result<Vec<Statement>, DatabaseError> {
    let named = named(proof, import, now_ms);
    let key = idempotency::named(Created::Import, idempotency);
    let mut statements = Vec::new();
    statements.extend(idempotency.map(|_| idempotency::delete_expired(proof, now_ms)));
    statements.push(query!("imports/insert.sql").bind(named.clone().chain(key.clone()).chain(
        [
            ("format", import.format.into()),
            ("report", Param::json(import.report)?),
            ("traceparent", Param::text(import.trace)),
            ("exercises_revision", import.known.revision.into()),
        ],
    ))?);
    let slices = (0..).zip(import.slices);
    let slices = slices.map(|(slice, (state, workouts))| (slice, state, workouts));
    // A statement for each slice would exceed what D1 allows an invocation.
    for slices in json_lists(slices)? {
        statements.push(
            query!("imports/insert_slices.sql").bind(named.clone().chain([
                ("slices", slices),
                ("resend_at_ms", (now_ms + RESEND_AFTER_MS).into()),
            ]))?,
        );
    }
    if !import.exercises.is_empty() {
        let exercises = import.exercises.iter();
        let exercises: Vec<_> = exercises.map(|it| (&it.slug, &it.definition)).collect();
        let exercises = ("exercises", Param::json(&exercises)?);
        statements
            .push(query!("imports/insert_exercises.sql").bind(named.clone().chain([exercises]))?);
        statements.push(next_revision(proof, import.known.revision));
    }
    statements.extend(exercise_names::remember(proof, import.mapping, now_ms)?);
    if idempotency.is_some() {
        statements.push(query!("imports/insert_key.sql").bind(named.chain(key))?);
    }
    Ok(statements)
}

/// The parameters that every statement on a new import has.
fn named(
    proof: &KeyProof,
    import: &NewImport<'_>,
    now_ms: i64,
) -> impl Iterator<Item = (&'static str, Param)> + Clone + use<> {
    let import_id = ("import_id", Param::text(import.import_id));
    proof.named().into_iter().chain([import_id, ("now_ms", now_ms.into())])
}

/// The import that the same request stored before.
async fn replayed(
    database: &dyn Database,
    proof: &KeyProof,
    idempotency: &Idempotency,
) -> Guarded<Creation<Import>> {
    let key = idempotency::named(Created::Import, Some(idempotency));
    let select = query!(
        "imports/get.sql",
        report = "report",
        conflicts = CONFLICTS,
        condition = include_str!("../../sql/imports/id_of_key.sql"),
        limit = "1",
    )
    .bind(proof.named().into_iter().chain(key))?;
    let statements = vec![idempotency::select_first(proof, Created::Import, idempotency), select];
    let mut results = with_key(database, proof, statements).await?;
    let first = results.first::<FirstRequest>()?.ok_or(Rejection::StaleRevision)?;
    first.check_is_replayed_by(idempotency)?;
    results.first()?.map(Creation::Replayed).ok_or(Rejection::NotFound)
}
