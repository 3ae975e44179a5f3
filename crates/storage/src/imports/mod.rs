//! Imports: training logs of other apps, cut into slices. A slice is its own outbox, as a workout
//! is: it waits until aggregation has counted it, and the sweep resends its event after a while.

mod create;

pub use create::{NewImport, create};

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::{Guarded, Rejection};
use crate::json_text;
use crate::keys::{KeyProof, live_key, rows_with_key, with_key};
use crate::sql::query;
use crate::workouts::{Content, RESEND_AFTER_MS};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared_kernel::{AthleteId, TraceContext, WorkoutId};
use std::collections::BTreeMap;
use training::{CustomExercises, Grams, Workout};
use uuid::Uuid;

/// A workout of an imported log.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportedWorkout {
    /// Derived from the import and the position in it: a repeat has the same id.
    pub workout_id: WorkoutId,
    pub workout: Workout,
    #[serde(default, skip_serializing_if = "CustomExercises::is_empty")]
    pub own_exercises: CustomExercises,
    /// Unknown exercise names by the index of the exercise, which has no slug yet.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unmatched: BTreeMap<usize, String>,
}

/// The state of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SliceState {
    Waiting,
    /// It names unknown exercises and waits for a mapping.
    Held,
    Done,
}

/// The sweep resends the event of an imported workout after this time. Before that it resends its
/// slice, which creates no notifications about old workouts.
const IMPORTED_RESEND_AFTER_MS: i64 = 24 * 3_600_000;

/// The bytes of a list that is one parameter, at most: half of D1's limit for a value.
const LIST_BYTES_MAX: usize = 1_000_000;

/// The key of a slice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SliceKey {
    pub athlete_id: AthleteId,
    pub import_id: Uuid,
    /// The index, from 0.
    pub slice: i64,
}

/// A slice of an import.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Slice {
    #[serde(flatten)]
    pub key: SliceKey,
    pub state: SliceState,
    /// Empty when it is done. `None` if it was not loaded.
    #[serde(deserialize_with = "json_text::optional")]
    pub workouts: Option<Vec<ImportedWorkout>>,
}

/// An import with its progress.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Import {
    pub import_id: Uuid,
    pub format: String,
    #[serde(with = "json_text")]
    pub report: Value,
    pub created_at_ms: i64,
    /// When its last countable slice was counted.
    pub finished_at_ms: Option<i64>,
    pub traceparent: TraceContext,
    pub waiting: i64,
    pub held: i64,
    pub done: i64,
    pub imported: i64,
    pub duplicates: i64,
}

/// Returns an import.
pub async fn get(database: &dyn Database, proof: &KeyProof, import_id: Uuid) -> Guarded<Import> {
    let select = select(proof.athlete_id, import_id)?;
    let rows = rows_with_key(database, proof, select).await?;
    rows.into_iter().next().ok_or(Rejection::NotFound)
}

fn select(athlete_id: AthleteId, import_id: Uuid) -> Result<Statement, DatabaseError> {
    query!("imports/get.sql", import_id = ":import_id")
        .bind([("athlete_id", Param::text(athlete_id)), ("import_id", Param::text(import_id))])
}

/// Returns the slices of an import that wait for a mapping.
pub async fn held_slices(
    database: &dyn Database,
    proof: &KeyProof,
    import_id: Uuid,
) -> Guarded<Vec<Slice>> {
    let select = proof.statement(
        "SELECT athlete_id, import_id, slice, state, workouts FROM import_slices \
         WHERE athlete_id = ?1 AND import_id = ?4 AND state = 'held' ORDER BY slice",
        [Param::text(import_id)],
    );
    rows_with_key(database, proof, select).await
}

/// Stores mapped slices, in one round trip. A slice that is no longer held stays as it is.
pub async fn release(
    database: &dyn Database,
    proof: &KeyProof,
    import_id: Uuid,
    slices: &[(i64, Vec<ImportedWorkout>)],
    report: &Value,
    now_ms: i64,
) -> Guarded<()> {
    let named = proof.named().into_iter().chain([("import_id", Param::text(import_id))]);
    let rows = slices.iter().map(|(slice, workouts)| (slice, SliceState::Waiting, workouts));
    let mut statements = Vec::new();
    for slices in json_lists(rows)? {
        statements.push(
            query!("imports/release.sql").bind(named.clone().chain([
                ("slices", slices),
                ("resend_at_ms", (now_ms + RESEND_AFTER_MS).into()),
            ]))?,
        );
    }
    statements.push(proof.statement(
        concat!(
            "UPDATE imports SET report = ?5, finished_at_ms = NULL \
             WHERE athlete_id = ?1 AND import_id = ?4 AND ",
            live_key!()
        ),
        [Param::text(import_id), Param::json(report)?],
    ));
    with_key(database, proof, statements).await.map(drop)
}

/// Encodes items as JSON lists of at most [`LIST_BYTES_MAX`] bytes, or of one item: the parameters of as many
/// statements.
fn json_lists(items: impl Iterator<Item = impl Serialize>) -> Result<Vec<Param>, DatabaseError> {
    let mut lists: Vec<String> = Vec::new();
    for item in items {
        let item = serde_json::to_string(&item).map_err(DatabaseError::Row)?;
        match lists.last_mut() {
            Some(list) if list.len() + item.len() < LIST_BYTES_MAX => {
                list.push(',');
                list.push_str(&item);
            }
            Some(_) | None => lists.push(format!("[{item}")),
        }
    }
    Ok(lists.into_iter().map(|list| Param::Text(list + "]")).collect())
}

/// The key under which duplicates are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DuplicateQuery {
    pub started_at_ms: i64,
    pub title: Option<String>,
}

const DUPLICATE: &str = include_str!("../../sql/imports/duplicate.sql");

/// Counts those of the workouts that the athlete has already, in one round trip.
pub async fn count_duplicates(
    database: &dyn Database,
    proof: &KeyProof,
    queries: &[DuplicateQuery],
) -> Guarded<i64> {
    let count = query!("imports/count_duplicates.sql", duplicate = DUPLICATE, row = "sought");
    let bind = |sought| count.bind(proof.named().into_iter().chain([("sought", sought)]));
    let lists = json_lists(queries.iter())?.into_iter();
    let statements = lists.map(bind).collect::<Result<Vec<_>, _>>()?;
    let count = statements.len();
    let mut results = with_key(database, proof, statements).await?;
    let mut duplicates = 0;
    for _ in 0..count {
        duplicates += results.value::<i64>()?.unwrap_or(0);
    }
    Ok(duplicates)
}

/// Returns slices by key, in one round trip. The first of them are loaded: as many as fit the bytes, and at least
/// one.
pub async fn slices(
    database: &dyn Database,
    keys: &[SliceKey],
    bytes_max: i64,
) -> Result<BTreeMap<SliceKey, Slice>, DatabaseError> {
    let select = query!("imports/slices.sql")
        .bind([("keys", Param::json(&keys)?), ("bytes_max", bytes_max.into())])?;
    let rows = Results::new(database.batch(vec![select]).await?).rows::<Slice>()?;
    Ok(rows.into_iter().map(|slice| (slice.key, slice)).collect())
}

/// A workout stored by this import and unchanged since.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct InsertedWorkout {
    pub workout_id: WorkoutId,
    pub body_weight_grams: Option<Grams>,
}

/// Stores those of a slice's workouts that the athlete does not have, in one statement. Returns
/// the workouts stored by this import, now or at an earlier attempt.
pub async fn insert_workouts(
    database: &dyn Database,
    athlete_id: AthleteId,
    workouts: &[(&ImportedWorkout, Content)],
    trace: TraceContext,
    now_ms: i64,
) -> Result<Vec<InsertedWorkout>, DatabaseError> {
    let rows: Vec<_> = workouts.iter().map(|(imported, content)| row(imported, content)).collect();
    let insert = query!(
        "imports/insert_workouts.sql",
        duplicate = DUPLICATE,
        row = "row",
        entered_body_weight = "row.value ->> 'body_weight_grams'",
        body_weight_day = "row.value ->> 'local_date'",
    )
    .bind([
        ("athlete_id", Param::text(athlete_id)),
        ("rows", Param::json(&rows)?),
        ("now_ms", now_ms.into()),
        ("due_at_ms", (now_ms + IMPORTED_RESEND_AFTER_MS).into()),
        ("traceparent", Param::text(trace)),
    ])?;
    drop(rows);
    Results::new(database.batch(vec![insert]).await?).rows()
}

fn row(imported: &ImportedWorkout, content: &Content) -> Value {
    json!({
        "workout_id": imported.workout_id,
        "status": content.status,
        "local_date": content.local_date,
        "started_at_ms": content.started_at_ms,
        "document": content.document,
        "own_exercises": imported.own_exercises,
        "body_weight_grams": content.body_weight_grams,
        "title": imported.workout.title,
    })
}

/// Marks a slice as counted, in one round trip. Returns its import if no slice of it waits any more. A repeat
/// changes nothing.
pub async fn finish_slice(
    database: &dyn Database,
    key: SliceKey,
    imported: i64,
    duplicates: i64,
    now_ms: i64,
) -> Result<Option<Import>, DatabaseError> {
    let slice = Statement::new(
        "UPDATE import_slices SET state = 'done', workouts = '[]', imported = ?4, duplicates = ?5 \
         WHERE athlete_id = ?1 AND import_id = ?2 AND slice = ?3 AND state = 'waiting'",
        [
            Param::text(key.athlete_id),
            Param::text(key.import_id),
            key.slice.into(),
            imported.into(),
            duplicates.into(),
        ],
    );
    let finish = query!(
        "imports/finish.sql",
        slices_of_import = "FROM import_slices AS slice WHERE slice.athlete_id = :athlete_id AND \
             slice.import_id = :import_id",
    )
    .bind([
        ("athlete_id", Param::text(key.athlete_id)),
        ("import_id", Param::text(key.import_id)),
        ("now_ms", now_ms.into()),
    ])?;
    let mut results = Results::new(database.batch(vec![slice, finish]).await?);
    results.skip(1);
    results.first()
}

/// A slice with an overdue event.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct OverdueSlice {
    #[serde(flatten)]
    pub key: SliceKey,
    #[serde(rename = "traceparent")]
    pub trace: TraceContext,
}

/// Returns the slices with an overdue event, and postpones their next resend, as
/// [`crate::workouts::take_overdue`] does.
pub async fn take_overdue(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<OverdueSlice>, DatabaseError> {
    let take = query!("imports/take_overdue.sql")
        .bind([("now_ms", now_ms.into()), ("limit", limit.into())])?;
    Results::new(database.batch(vec![take]).await?).rows()
}
