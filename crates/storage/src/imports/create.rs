//! Stores new imports.

use super::{Import, ImportedWorkout, SliceState, import};
use crate::database::{Database, DatabaseError, Param, Statement};
use crate::exercises::{
    CustomExercise, ExerciseList, OWN_EXERCISES_MAX, next_revision, same_exercises,
};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::idempotency::{self, Created, Creation, FirstRequest, Idempotency, unused_key};
use crate::keys::{KeyProof, live_key, with_key};
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
    pub trace: TraceContext,
}

/// True if the import `$import_id` of the athlete is stored.
macro_rules! is_stored {
    ($import_id:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM imports WHERE athlete_id = ?1 AND import_id = ",
            $import_id,
            ")"
        )
    };
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
    let exercises = import.known.exercises.len() + import.exercises.len();
    if i64::try_from(exercises).unwrap_or(i64::MAX) > OWN_EXERCISES_MAX {
        return Err(Conflict::TooManyExercises.into());
    }
    let mut statements = writes(proof, import, idempotency, now_ms)?;
    let writes = statements.len();
    statements.push(proof.statement(
        import!("import.athlete_id = ?1 AND import.import_id = ?4"),
        [Param::text(import.import_id)],
    ));
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
    let import_id = Param::text(import.import_id);
    let key = idempotency.map(|idempotency| idempotency.key.as_str());
    let mut statements = Vec::new();
    statements.extend(idempotency.map(|_| idempotency::delete_expired(proof, now_ms)));
    statements.push(proof.statement(
        concat!(
            "INSERT INTO imports (athlete_id, import_id, format, report, created_at_ms, \
             traceparent) SELECT ?1, ?4, ?5, ?6, ?7, ?8 WHERE ",
            same_exercises!("?9"),
            " AND ",
            unused_key!("?10"),
            " AND ",
            live_key!()
        ),
        [
            import_id.clone(),
            import.format.into(),
            Param::json(import.report)?,
            now_ms.into(),
            Param::text(import.trace),
            import.known.revision.into(),
            key.into(),
        ],
    ));
    for (slice, (state, workouts)) in (0..).zip(import.slices) {
        statements.push(proof.statement(
            concat!(
                "INSERT INTO import_slices (athlete_id, import_id, slice, state, workouts, \
                 resend_at_ms) SELECT ?1, ?4, ?5, ?6, ?7, ?8 WHERE ",
                is_stored!("?4"),
                " AND ",
                live_key!()
            ),
            [
                import_id.clone(),
                Param::Integer(slice),
                state.as_str().into(),
                Param::json(workouts)?,
                (now_ms + RESEND_AFTER_MS).into(),
            ],
        ));
    }
    statements.extend(insert_exercises(proof, import, now_ms)?);
    if let Some(idempotency) = idempotency {
        statements.push(proof.statement(
            concat!(
                "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, \
                 created, resource_id, created_at_ms) SELECT ?1, ?5, ?6, 'import', ?4, ?7 WHERE ",
                is_stored!("?4"),
                " AND ",
                live_key!()
            ),
            [
                import_id,
                idempotency.key.as_str().into(),
                idempotency.request_hash.as_str().into(),
                now_ms.into(),
            ],
        ));
    }
    Ok(statements)
}

/// The custom exercises of a file, if the import is stored.
fn insert_exercises(
    proof: &KeyProof,
    import: &NewImport<'_>,
    now_ms: i64,
) -> Result<Vec<Statement>, DatabaseError> {
    if import.exercises.is_empty() {
        return Ok(Vec::new());
    }
    let exercises: Vec<_> =
        import.exercises.iter().map(|exercise| (&exercise.slug, &exercise.definition)).collect();
    let insert = proof.statement(
        concat!(
            "INSERT INTO exercises (athlete_id, slug, definition, created_at_ms) \
             SELECT ?1, value ->> 0, value -> 1, ?5 FROM json_each(?4) WHERE ",
            is_stored!("?6"),
            " AND ",
            live_key!(),
            " ON CONFLICT DO NOTHING"
        ),
        [Param::json(&exercises)?, now_ms.into(), Param::text(import.import_id)],
    );
    Ok(vec![insert, next_revision(proof, import.known.revision)])
}

/// The import that the same request stored before.
async fn replayed(
    database: &dyn Database,
    proof: &KeyProof,
    idempotency: &Idempotency,
) -> Guarded<Creation<Import>> {
    let select = proof.statement(
        import!(
            "import.athlete_id = ?1 AND import.import_id = (SELECT resource_id \
             FROM idempotency_keys WHERE athlete_id = ?1 AND idempotency_key = ?4)"
        ),
        [idempotency.key.as_str().into()],
    );
    let statements = vec![idempotency::select_first(proof, idempotency), select];
    let mut results = with_key(database, proof, statements).await?;
    let first = results.first::<FirstRequest>()?.ok_or(Rejection::StaleRevision)?;
    first.check_is_replayed_by(idempotency, Created::Import)?;
    results.first()?.map(Creation::Replayed).ok_or(Rejection::NotFound)
}
