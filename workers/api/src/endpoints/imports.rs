//! Imports: a log of another app, or a Bulktrack export, becomes workouts.
//!
//! The file is parsed in the request, so that the response reports its content; its workouts are
//! stored in slices, and each slice is aggregated as a message on the volume-aggregation queue.

use super::edit::Attempts;
use crate::call::AthleteCall;
use crate::cursor;
use crate::error::{ApiError, ApiResult};
use crate::extract::{IdempotencyKey, Json, Path, Query};
use crate::import::definitions::Definitions;
use crate::import::mapping::{ExerciseNames, parse_mapping};
use crate::import::plan::Plan;
use crate::import::upload::{parse_upload, require_workouts};
use crate::publisher::import_slice_stored;
use crate::reply::{Accepted, Output, Reply};
use contract::imports::{
    Import, ImportConflict, ImportFilter, ImportMapping, ImportOptions, ImportPreview,
    ImportReport, ImportStatus, SliceCounts,
};
use contract::{Checks, FieldCode, FieldError, Instant, Page, Problem, ProblemCode};
use platform::clock::new_uuid;
use shared_kernel::json;
use storage::imports::{self, ImportKey, NewImport, SliceKey, SliceState, StoredConflict};
use storage::{Creation, Idempotency, Rejection, exercise_names, exercises};
use uuid::Uuid;

#[cfg(not(target_arch = "wasm32"))]
use crate::openapi::operation::OperationDoc;

/// Conflicts of a preview that are listed; a project default.
const CONFLICTS_MAX: usize = 100;
/// Rounds in which a request takes an import back: the sweep does the rest. A project default.
const UNDO_ROUNDS_MAX: usize = 10;

/// The response to an import: its progress, or its preview.
pub enum Imported {
    Accepted(Box<Accepted<Import>>),
    Preview(Box<Reply<ImportPreview>>),
}

impl Output for Imported {
    fn into_response(self) -> ApiResult {
        match self {
            Self::Accepted(import) => import.into_response(),
            Self::Preview(preview) => preview.into_response(),
        }
    }

    #[cfg(not(target_arch = "wasm32"))]
    fn describe(doc: &mut OperationDoc<'_>) {
        Accepted::<Import>::describe(doc);
        Reply::<ImportPreview>::describe(doc);
    }
}

/// Imports a file. 202, with the progress at its Location; with `dry_run=true` 200 with a preview, and
/// nothing is stored. 422 for a file that is not a training log.
///
/// 1. read (await) the athlete's custom exercises, units, time zone and mapped names;
/// 2. parse the file;
/// 3. store (await) the import with all its slices and its mapping, in one transaction; if an exercise was added or
///    changed meanwhile, wait (await) and start from 1. Failure: 503. When only the response is lost, a
///    retry with the same Idempotency-Key returns the import; without one it finds the same workouts as
///    duplicates;
/// 4. publish (await) an event for each slice. Failure: still 202, and the sweep sends them.
pub async fn post(
    call: AthleteCall,
    (IdempotencyKey(idempotency), Query(options)): (IdempotencyKey, Query<ImportOptions>),
) -> ApiResult<Imported> {
    let mut attempts = Attempts::new(&call.app);
    while attempts.next().await {
        if let Some(imported) = import_file(&call, idempotency.as_ref(), &options).await? {
            return Ok(imported);
        }
    }
    Err(ApiError::concurrent_change())
}

/// Returns `None` if an exercise was added or changed meanwhile.
async fn import_file(
    call: &AthleteCall,
    idempotency: Option<&Idempotency>,
    options: &ImportOptions,
) -> ApiResult<Option<Imported>> {
    let mapping = options.mapping.as_deref().map(parse_mapping).transpose()?.unwrap_or_default();
    let database = call.database();
    let (known, chosen, remembered) = exercises::list_for_import(database, &call.key).await?;
    let mut file = parse_upload(call, options, &chosen)?;
    let definitions = Definitions::new(&file.exercises, &known.exercises);
    let names =
        ExerciseNames::new(&known.exercises, &file.exercises, &definitions, mapping.clone())
            .remembering(remembered);
    if let Some((name, detail)) = names.unknown_targets().next() {
        let detail = format!("{name}: {detail}");
        let error = FieldError::parameter("mapping", FieldCode::UnknownExercise, detail);
        return Err(Problem::parameter(error).into());
    }
    require_workouts(&file)?;
    let import_id = new_uuid(&*call.app.clock, &*call.app.entropy);
    let plan = Plan::new(std::mem::take(&mut file.workouts), import_id, &names)?;
    let format = file.format.clone();
    let report = plan.report(file, &names);
    if options.dry_run {
        return preview(call, &plan, format, report).await.map(Some);
    }
    let slices = plan.slices()?;
    let new = NewImport {
        import_id,
        format: &format,
        report: &serde_json::to_value(&report)?,
        slices: &slices,
        exercises: &definitions.new,
        known: &known,
        mapping: &mapping,
        trace: call.trace,
    };
    let now_ms = call.app.clock.now_ms();
    let created = imports::create(database, &call.key, &new, idempotency, now_ms).await;
    let (import, is_replayed) = match created {
        Err(Rejection::StaleRevision) => return Ok(None),
        created => match created? {
            Creation::Replayed(import) => (import, true),
            Creation::Stored(import) => {
                let slices = (0..).zip(&slices);
                let waiting = slices.filter(|(_, (state, _))| *state == SliceState::Waiting);
                let athlete_id = call.key.athlete_id;
                let keys = waiting.map(|(slice, _)| SliceKey { athlete_id, import_id, slice });
                publish(call, keys).await;
                (import, false)
            }
        },
    };
    let reply = to_reply(import)?.replayed(is_replayed);
    Ok(Some(Imported::Accepted(Box::new(reply))))
}

/// Returns the progress and the results.
pub async fn get(call: AthleteCall, Path(id): Path<Uuid>) -> ApiResult<Reply<Import>> {
    to_reply(imports::get(call.database(), &call.key, id).await?)
}

/// Resolves the unknown names of an import; null leaves their sets out. With all names resolved the
/// workouts held back are imported, and those without them completed; otherwise nothing is. 202, with the progress at
/// GET /v1/imports/{id}.
///
/// 1. read (awaits) the import, its held slices, the athlete's custom exercises and mapped names;
/// 2. release (await) the slices, each if it is still held, and remember the mapping;
/// 3. publish (await) their events. Failure: still 202, and the sweep sends them;
/// 4. read (await) the import.
pub async fn put_mapping(
    call: AthleteCall,
    (Path(id), Json(ImportMapping { mapping })): (Path<Uuid>, Json<ImportMapping>),
) -> ApiResult<Accepted<Import>> {
    let database = call.database();
    let import = imports::get(database, &call.key, id).await?;
    let held = imports::held_slices(database, &call.key, id).await?;
    if held.is_empty() {
        return Err(ProblemCode::NothingHeldBack.into());
    }
    let custom = exercises::list(database, &call.key).await?;
    let remembered = exercise_names::list(database, &call.key).await?;
    let names = ExerciseNames::new(&custom, &[], &Definitions::default(), mapping.clone())
        .remembering(remembered);
    let checks = Checks::new(call.app.clock.now(), "/mapping");
    require_known_targets(&names, &checks)?;
    let mut report: ImportReport = json::from_value(&import.report)?;
    let mut released = Vec::new();
    for slice in held {
        let mut plan = Plan::default();
        for imported in slice.workouts {
            plan.add(imported, &names);
        }
        require_no_errors(plan.unmatched(&names).iter().map(|unmatched| {
            let detail = "is required: a slug, or null to leave its sets out";
            FieldError::at(checks.pointer_to(&unmatched.name), FieldCode::Required, detail)
        }))?;
        report.left_out_sets += plan.left_out_sets;
        released.push((slice.slice, plan.ready));
    }
    (report.held_workouts, report.partial_workouts, report.unmatched) = (0, 0, Vec::new());
    let (report, now_ms) = (serde_json::to_value(&report)?, call.app.clock.now_ms());
    let stored = (&report, &mapping);
    imports::release(database, &call.key, id, &released, stored, now_ms).await?;
    let athlete_id = call.key.athlete_id;
    let keys =
        released.iter().map(|(slice, _)| SliceKey { athlete_id, import_id: id, slice: *slice });
    publish(&call, keys).await;
    to_reply(imports::get(database, &call.key, id).await?)
}

/// Lists imports, the newest first.
pub async fn list(
    call: AthleteCall,
    Query(ImportFilter { cursor, limit }): Query<ImportFilter>,
) -> ApiResult<Reply<Page<Import>>> {
    let before = cursor::decode(cursor.as_deref())?;
    let limit = usize::try_from(limit.0).unwrap_or(0);
    let rows = imports::list(call.database(), &call.key, before, limit).await?;
    let (rows, next_cursor) = cursor::page(rows, |import| import.import_id)?;
    let items = rows.into_iter().map(to_model).collect::<Result<_, _>>()?;
    Ok(Reply::new(Page { items, next_cursor }))
}

/// Takes an import back: deletes the workouts that it created and that are unchanged since. 202, with the progress
/// at GET /v1/imports/{id}.
///
/// 1. begin (await): what waits of it is not stored any more. A retry changes nothing;
/// 2. delete (await) the next workouts, and publish (await) their events, as for the deletion of each; some thousand in
///    all. Failure: the sweep continues, and sends the events. A retry continues too;
/// 3. read (await) the import.
pub async fn delete(call: AthleteCall, Path(id): Path<Uuid>) -> ApiResult<Accepted<Import>> {
    let (database, app) = (call.database(), &call.app);
    imports::begin_undo(database, &call.key, id, app.clock.now_ms()).await?;
    let import = ImportKey { athlete_id: call.key.athlete_id, import_id: id };
    for _ in 0..UNDO_ROUNDS_MAX {
        if app.undo_round(database, import, call.trace).await.map_err(Rejection::from)? == 0 {
            break;
        }
    }
    to_reply(imports::get(database, &call.key, id).await?)
}

/// Requires that the slugs of a mapping exist.
pub fn require_known_targets(names: &ExerciseNames, checks: &Checks) -> ApiResult<()> {
    require_no_errors(names.unknown_targets().map(|(name, detail)| {
        FieldError::at(checks.pointer_to(name), FieldCode::UnknownExercise, detail)
    }))
}

fn require_no_errors(errors: impl Iterator<Item = FieldError>) -> ApiResult<()> {
    let problem = Problem::invalid(errors);
    if problem.errors.is_empty() { Ok(()) } else { Err(problem.into()) }
}

/// The response to a dry run.
async fn preview(
    call: &AthleteCall,
    plan: &Plan,
    format: String,
    report: ImportReport,
) -> ApiResult<Imported> {
    let counts = imports::preview(call.database(), &call.key, &format, &plan.ready).await?;
    let conflicts_total = i64::try_from(counts.conflicts.len()).unwrap_or(i64::MAX);
    let conflicts = counts.conflicts.into_iter().take(CONFLICTS_MAX).map(conflict).collect();
    Ok(Imported::Preview(Box::new(Reply::new(ImportPreview {
        dry_run: true,
        format,
        to_import: counts.imported,
        updated: counts.updated,
        duplicates: counts.duplicates,
        conflicts,
        conflicts_total,
        report,
    }))))
}

fn conflict(stored: StoredConflict) -> ImportConflict {
    let StoredConflict { workout_id, date, title } = stored;
    ImportConflict { workout_id, date, title }
}

async fn publish(call: &AthleteCall, keys: impl Iterator<Item = SliceKey>) {
    let now = call.app.clock.now();
    let events: Vec<_> = keys.map(|key| import_slice_stored(key, call.trace, now)).collect();
    call.app.publisher.publish_committed(&events).await;
}

/// Whether over 5 % of the file's rows are not imported; a project default.
const fn has_many_errors(report: &ImportReport) -> bool {
    report.rejected_rows * 20 > report.rows
}

fn to_reply<const STATUS: u16>(import: imports::Import) -> ApiResult<Reply<Import, STATUS>> {
    let location = format!("/v1/imports/{}", import.import_id);
    Ok(Reply::new(to_model(import)?).location(location))
}

fn to_model(import: imports::Import) -> Result<Import, serde_json::Error> {
    let report: ImportReport = json::from_value(&import.report)?;
    let status = match (import.undone_at_ms, import.waiting, import.held) {
        (Some(_), _, _) if import.is_undoing == 1 => ImportStatus::Undoing,
        (Some(_), _, _) => ImportStatus::Undone,
        (None, 0, 0) if has_many_errors(&report) => ImportStatus::CompletedWithErrors,
        (None, 0, 0) => ImportStatus::Completed,
        (None, 0, _) => ImportStatus::NeedsMapping,
        (None, _, _) => ImportStatus::Running,
    };
    Ok(Import {
        id: import.import_id,
        status,
        format: import.format,
        created_at: Instant(import.created_at_ms),
        finished_at: import.finished_at_ms.map(Instant),
        imported: import.imported,
        updated: import.updated,
        duplicates: import.duplicates,
        conflicts: import.conflicts.into_iter().map(conflict).collect(),
        conflicts_total: import.conflicts_total,
        slices: SliceCounts { waiting: import.waiting, held: import.held, done: import.done },
        undone_at: import.undone_at_ms.map(Instant),
        removed: import.removed,
        kept: import.kept,
        report,
    })
}
