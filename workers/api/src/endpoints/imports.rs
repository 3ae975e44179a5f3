//! Imports: a log of another app, or a Bulktrack export, becomes workouts.
//!
//! The file is parsed in the request, so that the response reports its content; its workouts are
//! stored in slices, and each slice is aggregated as a message on the volume-aggregation queue.

use super::instant;
use crate::app::App;
use crate::call::Call;
use crate::error::{ApiError, ApiResult, bad_parameter};
use crate::idempotency::parse_idempotency_key;
use crate::import::definitions::Definitions;
use crate::import::mapping::{
    ExerciseNames, MAPPING_EXPECTED, Mapping, mapping_pointer, parse_mapping,
};
use crate::import::plan::Plan;
use crate::import::upload::{parse_upload, require_workouts};
use crate::input::{Errors, Fields, json_body, query_flag};
use crate::publisher::import_slice_stored;
use contract::{FieldCode, FieldError, Problem, ProblemCode};
use platform::clock::new_uuid;
use platform::http::{Response, StatusCode, json, query, set_header};
use serde_json::{Map, Value, json};
use shared_kernel::TraceContext;
use storage::exercises;
use storage::imports::{
    self, DuplicateQuery, Import, ImportedWorkout, NewImport, Slice, SliceKey, SliceState,
};
use storage::{Creation, Database, Idempotency, KeyProof, Rejection};
use uuid::Uuid;

/// Attempts of an import that changes of exercises overtake; a project default.
const ATTEMPTS_MAX: u32 = 5;

/// POST /v1/imports: 202, with the progress at GET /v1/imports/{id}; with `dry_run=true` 200 with a
/// preview, and nothing is stored. 422 for a file that is not a training log.
///
/// Parameters: `format`, `units`, `locale` and `time_zone`, each detected by default; `mapping`, a
/// JSON object of names to slugs or null.
///
/// 1. parse the file;
/// 2. read (await) the athlete's custom exercises;
/// 3. store (await) the import with all its slices, in one transaction; from 1 again, if an exercise was
///    added or changed meanwhile. Failure: 503. When only the response is lost, a retry with the same
///    Idempotency-Key returns the import; without one it imports the same workouts as duplicates;
/// 4. publish (await) an event for each slice. Failure: still 202, and the sweep sends them.
pub async fn post(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let idempotency = parse_idempotency_key(call)?;
    for _ in 0..ATTEMPTS_MAX {
        if let Some(response) = import_file(app, call, key, idempotency.as_ref()).await? {
            return Ok(response);
        }
    }
    Err(ApiError::concurrent_change())
}

/// Returns `None` if an exercise was added or changed meanwhile.
async fn import_file(
    app: &App,
    call: &Call,
    key: &KeyProof,
    idempotency: Option<&Idempotency>,
) -> ApiResult<Option<Response>> {
    let dry_run = query_flag(&call.request, "dry_run")?;
    let mapping = match query(&call.request, "mapping") {
        Some(text) => {
            let value = serde_json::from_str(&text).unwrap_or(Value::Null);
            parse_mapping(&value).ok_or_else(|| {
                bad_parameter("mapping", FieldCode::InvalidValue, MAPPING_EXPECTED)
            })?
        }
        None => Mapping::new(),
    };
    let mut file = parse_upload(&call.request, &*app.time_zones, app.clock.now())?;
    let database = app.database(key);
    let known = exercises::list_for_change(database, key).await?;
    let definitions = Definitions::new(&file.exercises, &known.exercises);
    let names = ExerciseNames::new(&known.exercises, &file.exercises, &definitions, mapping);
    require_no_errors(names.mapping_errors())?;
    require_workouts(&file)?;
    let import_id = new_uuid(&*app.clock, &*app.entropy);
    let plan = Plan::new(std::mem::take(&mut file.workouts), import_id, &names)?;
    let report = plan.report(&file, &names);
    if dry_run {
        return preview(database, key, &plan, &file.format, report).await.map(Some);
    }
    let slices = plan.slices()?;
    let new = NewImport {
        import_id,
        format: &file.format,
        report: &report,
        slices: &slices,
        exercises: &definitions.new,
        known: &known,
        trace: call.trace,
    };
    let created = imports::create(database, key, &new, idempotency, app.clock.now_ms()).await;
    let import = match created {
        Err(Rejection::StaleRevision) => return Ok(None),
        created => match created? {
            Creation::Replayed(import) => import,
            Creation::Stored(import) => {
                let slices = (0..).zip(&slices);
                let waiting = slices.filter(|(_, (state, _))| *state == SliceState::Waiting);
                let athlete_id = key.athlete_id;
                let keys = waiting.map(|(slice, _)| SliceKey { athlete_id, import_id, slice });
                publish(app, call.trace, keys).await;
                import
            }
        },
    };
    to_response(StatusCode::ACCEPTED, &import).map(Some)
}

/// GET /v1/imports/{id}: the progress and the results.
pub async fn get(app: &App, key: &KeyProof, import_id: Uuid) -> ApiResult {
    to_response(StatusCode::OK, &imports::get(app.database(key), key, import_id).await?)
}

/// PUT /v1/imports/{id}/mapping `{"mapping": {"name": "slug" or null}}`: resolves the unknown names;
/// null leaves their sets out. With all names resolved the workouts held back are imported; otherwise
/// nothing is. 202, with the progress at GET /v1/imports/{id}.
///
/// 1. read (await, await, await) the import, its held slices, and the athlete's custom exercises;
/// 2. release (await) the slices, each if it is still held;
/// 3. publish (await) their events. Failure: still 202, and the sweep sends them.
pub async fn put_mapping(app: &App, call: &Call, key: &KeyProof, import_id: Uuid) -> ApiResult {
    let body = json_body(&call.request)?;
    let errors = Errors::default();
    let mapping = Fields::of(&body, "", &["mapping"], &errors).and_then(|fields| {
        fields.require("mapping");
        fields.get("mapping").cloned()
    });
    let mapping = parse_mapping(&errors.finish(mapping)?).ok_or_else(|| {
        Problem::invalid([FieldError::at("/mapping", FieldCode::InvalidType, MAPPING_EXPECTED)])
    })?;
    let database = app.database(key);
    let import = imports::get(database, key, import_id).await?;
    let held = imports::held_slices(database, key, import_id).await?;
    if held.is_empty() {
        return Err(ProblemCode::NothingHeldBack.into());
    }
    let custom = exercises::list(database, key).await?;
    let names = ExerciseNames::new(&custom, &[], &Definitions::default(), mapping);
    require_no_errors(names.mapping_errors())?;
    let mut left_out_sets = 0;
    let mut released = Vec::new();
    for slice in held {
        let mut plan = Plan::default();
        for imported in slice.workouts {
            plan.add(imported, &names);
        }
        let missing = plan.unmatched(&names).into_iter().map(|unmatched| {
            FieldError::at(
                mapping_pointer(&unmatched.name),
                FieldCode::InvalidValue,
                "is required: a slug, or null to leave its sets out".to_owned(),
            )
        });
        require_no_errors(missing.collect())?;
        left_out_sets += plan.left_out_sets;
        let state = SliceState::Waiting;
        released.push(Slice { key: slice.key, state, workouts: plan.ready });
    }
    let report = released_report(import.report, left_out_sets);
    let now_ms = app.clock.now_ms();
    imports::release(database, key, &released, &report, now_ms).await?;
    publish(app, call.trace, released.iter().map(|slice| slice.key)).await;
    to_response(StatusCode::ACCEPTED, &imports::get(database, key, import_id).await?)
}

/// The report of an import without workouts held back.
fn released_report(mut report: Value, left_out_sets: usize) -> Value {
    if let Value::Object(fields) = &mut report {
        let before = fields.get("left_out_sets").and_then(Value::as_u64).unwrap_or(0);
        let left_out = usize::try_from(before).unwrap_or(0) + left_out_sets;
        fields.insert("left_out_sets".to_owned(), json!(left_out));
        fields.insert("held_workouts".to_owned(), json!(0));
        fields.insert("unmatched".to_owned(), json!([]));
    }
    report
}

fn require_no_errors(errors: Vec<FieldError>) -> ApiResult<()> {
    if errors.is_empty() { Ok(()) } else { Err(Problem::invalid(errors).into()) }
}

/// The response to a dry run.
async fn preview(
    database: &dyn Database,
    key: &KeyProof,
    plan: &Plan,
    format: &str,
    report: Value,
) -> ApiResult {
    let queries: Vec<_> = plan.ready.iter().map(duplicate_query).collect();
    let duplicates = imports::count_duplicates(database, key, &queries).await?;
    let total = i64::try_from(plan.ready.len()).unwrap_or(i64::MAX);
    let preview = json!({
        "dry_run": true,
        "format": format,
        "to_import": total - duplicates,
        "duplicates": duplicates,
    });
    Ok(json(StatusCode::OK, &merged(preview, report))?)
}

fn duplicate_query(imported: &ImportedWorkout) -> DuplicateQuery {
    DuplicateQuery {
        started_at_ms: imported.workout.started_at.timestamp_millis(),
        title: imported.workout.title.clone(),
    }
}

async fn publish(app: &App, trace: TraceContext, keys: impl Iterator<Item = SliceKey>) {
    let now = app.clock.now();
    let events: Vec<_> = keys.map(|key| import_slice_stored(key, trace, now)).collect();
    app.publisher.publish_committed(&events).await;
}

fn to_response(status: StatusCode, import: &Import) -> ApiResult {
    let state = match (import.waiting, import.held) {
        (0, 0) => "completed",
        (0, _) => "needs_mapping",
        _ => "running",
    };
    let progress = json!({
        "id": import.import_id,
        "status": state,
        "format": import.format,
        "created_at": instant(import.created_at_ms),
        "finished_at": import.finished_at_ms.map(instant),
        "imported": import.imported,
        "duplicates": import.duplicates,
        "slices": { "waiting": import.waiting, "held": import.held, "done": import.done },
    });
    let mut response = json(status, &merged(progress, import.report.clone()))?;
    set_header(&mut response, "location", &format!("/v1/imports/{}", import.import_id));
    Ok(response)
}

/// The fields of two objects in one.
fn merged(one: Value, other: Value) -> Value {
    let fields = |value: Value| match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let mut merged = fields(one);
    merged.extend(fields(other));
    Value::Object(merged)
}
