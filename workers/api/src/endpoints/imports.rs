//! Imports: a log of another app, or our own export, becomes workouts.
//!
//! The file is read at once, so that the answer says what is in it; its workouts are stored in
//! slices, and counted slice by slice as work on the volume-aggregation queue.

use super::instant;
use crate::app::{App, Call};
use crate::error::{ApiError, bad_parameter};
use crate::import::{File, Names, Plan, UNMATCHED_MAX, Unmatched, read_csv, read_export, report};
use crate::input::{Errors, Fields, body_bytes, json_body};
use crate::publisher::import_slice_stored;
use interchange::{Format, ReadOptions, WeightUnit};
use platform::clock::new_uuid;
use platform::http::{
    CallerTimeZone, FieldError, Request, Response, StatusCode, json, query, set_header, text_header,
};
use serde_json::{Map, Value, json};
use shared_kernel::TraceContext;
use std::collections::BTreeMap;
use storage::exercises;
use storage::imports::{
    self, DuplicateQuery, Import, ImportedWorkout, NewImport, Slice, SliceKey, SliceState,
};
use storage::{Database, KeyProof};
use training::calendar::local_date;
use uuid::Uuid;

/// Languages that write 102,5 and those that write 102.5 (Unicode CLDR, decimal separators).
const COMMA_LANGUAGES: [&str; 16] = [
    "cs", "da", "de", "el", "es", "fi", "fr", "id", "it", "nb", "nl", "pl", "pt", "ru", "sv", "tr",
];
const POINT_LANGUAGES: [&str; 6] = ["en", "he", "ja", "ko", "th", "zh"];
/// Names of a mapping, at most (ours).
const MAPPING_MAX: usize = 1_000;

/// POST /v1/imports: 202, and the progress at GET /v1/imports/{id}; with `dry_run=true` 200 with
/// what would be imported, and nothing is stored. A file that is no such log is 422 as a whole.
///
/// Parameters: `format`, `units`, `locale`, `time_zone`, each detected without it; `mapping`, a JSON
/// object of names to slugs or null.
///
/// 1. read the file;
/// 2. read (await) the athlete's custom exercises;
/// 3. store (await) the import with all its slices, or nothing. It fails: 503. When only its answer
///    is lost, a repeat imports the same workouts, which are duplicates then;
/// 4. publish (await) an event for each slice. It fails: still 202, and the sweep sends them.
pub async fn post(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let dry_run = match query(call.request, "dry_run").as_deref() {
        None | Some("false" | "0") => false,
        Some("" | "true" | "1") => true,
        Some(_) => return Err(bad_parameter("dry_run", "has to be true or false")),
    };
    let mapping = match query(call.request, "mapping") {
        Some(text) => mapping_of(&serde_json::from_str(&text).unwrap_or(Value::Null))?,
        None => BTreeMap::new(),
    };
    let mut file = read_file(app, call)?;
    let database = app.shards.for_athlete(key.athlete_id);
    let own = exercises::list(database, key).await?;
    let names = Names::new(&own, &file.exercises, mapping);
    refuse(names.bad_targets())?;
    if file.workouts.is_empty() {
        return Err(nothing_in(&file));
    }
    let import_id = new_uuid(&*app.clock, &*app.entropy);
    let plan = Plan::of(std::mem::take(&mut file.workouts), import_id, &names);
    if plan.unmatched_count() > UNMATCHED_MAX {
        let detail = format!(
            "the file names over {UNMATCHED_MAX} exercises that nobody knows: is it a training log? \
             A mapping can say what they are"
        );
        return Err(ApiError::Unreadable(detail));
    }
    let report = report(&file, &plan, &names);
    if dry_run {
        return preview(database, key, &plan, &file.format, report).await;
    }
    let slices = plan.slices()?;
    let new = NewImport {
        import_id,
        format: &file.format,
        report: &report,
        slices: &slices,
        exercises: &file.exercises,
        trace: call.trace,
    };
    imports::create(database, key, &new, app.clock.now_ms()).await?;
    let waiting = (0..).zip(&slices).filter(|(_, (state, _))| *state == SliceState::Waiting);
    let keys = waiting.map(|(slice, _)| SliceKey { athlete_id: key.athlete_id, import_id, slice });
    publish(app, call.trace, keys).await;
    import_response(StatusCode::ACCEPTED, &imports::get(database, key, import_id).await?)
}

/// GET /v1/imports/{id}: how far it is, and what came of it.
pub async fn get(app: &App, key: &KeyProof, import_id: Uuid) -> Result<Response, ApiError> {
    let database = app.shards.for_athlete(key.athlete_id);
    import_response(StatusCode::OK, &imports::get(database, key, import_id).await?)
}

/// PUT /v1/imports/{id}/mapping `{"mapping": {"name": "slug" or null}}`: what the names mean that
/// nobody knew; null leaves their sets out. All of them have to be there, so that what was held
/// back is imported, or nothing is. 202, and the progress at GET /v1/imports/{id}.
///
/// 1. read (await, await, await) the import, what it holds back, and the athlete's custom exercises;
/// 2. release (await) the slices, each if it is still held;
/// 3. publish (await) their events. It fails: still 202, and the sweep sends them.
pub async fn put_mapping(
    app: &App,
    call: &Call<'_>,
    key: &KeyProof,
    import_id: Uuid,
) -> Result<Response, ApiError> {
    let body = json_body(call.request)?;
    let errors = Errors::default();
    let mapping = Fields::of(&body, "", &["mapping"], &errors).and_then(|fields| {
        fields.require("mapping");
        fields.get("mapping").cloned()
    });
    let mapping = mapping_of(&errors.finish(mapping)?)?;
    let database = app.shards.for_athlete(key.athlete_id);
    let import = imports::get(database, key, import_id).await?;
    let held = imports::held_slices(database, key, import_id).await?;
    if held.is_empty() {
        return Err(ApiError::Conflict("this import holds nothing back"));
    }
    let own = exercises::list(database, key).await?;
    let names = Names::new(&own, &[], mapping);
    refuse(names.bad_targets())?;
    let mut left_out_sets = 0;
    let mut released = Vec::new();
    for slice in held {
        let mut plan = Plan::default();
        for imported in slice.workouts {
            plan.add(imported, &names);
        }
        refuse(missing(&plan.unmatched(&names)))?;
        left_out_sets += plan.left_out_sets;
        let state = SliceState::Waiting;
        released.push(Slice { key: slice.key, state, workouts: plan.ready });
    }
    let report = released_report(import.report, left_out_sets);
    let now_ms = app.clock.now_ms();
    imports::release(database, key, &released, &report, now_ms).await?;
    publish(app, call.trace, released.iter().map(|slice| slice.key)).await;
    import_response(StatusCode::ACCEPTED, &imports::get(database, key, import_id).await?)
}

fn missing(unmatched: &[Unmatched]) -> Vec<FieldError> {
    let missing = unmatched.iter().map(|unmatched| FieldError {
        pointer: format!("/mapping/{}", unmatched.name.replace('~', "~0").replace('/', "~1")),
        detail: "is missing: a slug, or null to leave its sets out".to_owned(),
    });
    missing.collect()
}

/// The report of an import that holds nothing back any more.
fn released_report(report: Value, left_out_sets: usize) -> Value {
    let mut report = report;
    if let Value::Object(fields) = &mut report {
        let before = fields.get("left_out_sets").and_then(Value::as_u64).unwrap_or(0);
        let left_out = usize::try_from(before).unwrap_or(0) + left_out_sets;
        fields.insert("left_out_sets".to_owned(), json!(left_out));
        fields.insert("held_workouts".to_owned(), json!(0));
        fields.insert("unmatched".to_owned(), json!([]));
    }
    report
}

fn refuse(errors: Vec<FieldError>) -> Result<(), ApiError> {
    if errors.is_empty() { Ok(()) } else { Err(ApiError::Invalid(errors)) }
}

/// Reads the body by its type.
fn read_file(app: &App, call: &Call<'_>) -> Result<File, ApiError> {
    let request = call.request;
    let content_type = text_header(request, "content-type").unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    let now = app.clock.now();
    match media_type.to_ascii_lowercase().as_str() {
        "application/json" => read_export(body_bytes(request)?, now),
        "text/csv" | "application/csv" | "text/plain" | "application/octet-stream" => {
            let zone = time_zone(request);
            read_csv(body_bytes(request)?, &read_options(request)?, &zone, &*app.time_zones, now)
        }
        _ => Err(ApiError::NotImportType),
    }
}

/// The zone that the caller names, else the one that the platform guesses, else UTC.
fn time_zone(request: &Request) -> String {
    let guessed = || request.extensions().get::<CallerTimeZone>().map(|zone| zone.0.clone());
    query(request, "time_zone").or_else(guessed).unwrap_or_else(|| "UTC".to_owned())
}

fn read_options(request: &Request) -> Result<ReadOptions, ApiError> {
    let format = match query(request, "format").as_deref() {
        None => None,
        Some("strong") => Some(Format::Strong),
        Some("hevy") => Some(Format::Hevy),
        Some("fitnotes") => Some(Format::FitNotes),
        Some(_) => return Err(bad_parameter("format", "has to be strong, hevy or fitnotes")),
    };
    let weight_unit = match query(request, "units").as_deref() {
        None => None,
        Some("kg") => Some(WeightUnit::Kg),
        Some("lb" | "lbs") => Some(WeightUnit::Lb),
        Some(_) => return Err(bad_parameter("units", "has to be kg or lb")),
    };
    let decimal_comma =
        query(request, "locale").map(|locale| decimal_comma(&locale)).transpose()?;
    Ok(ReadOptions { format, weight_unit, decimal_comma })
}

/// `de`, `de-DE` and `de_DE` write 102,5.
fn decimal_comma(locale: &str) -> Result<bool, ApiError> {
    let language = locale.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase();
    if COMMA_LANGUAGES.contains(&language.as_str()) {
        Ok(true)
    } else if POINT_LANGUAGES.contains(&language.as_str()) {
        Ok(false)
    } else {
        let known = [&COMMA_LANGUAGES[..], &POINT_LANGUAGES[..]].concat().join(", ");
        Err(bad_parameter("locale", &format!("has to begin with one of {known}")))
    }
}

/// Names to slugs; null leaves the sets of a name out.
fn mapping_of(value: &Value) -> Result<BTreeMap<String, Option<String>>, ApiError> {
    let read = value.as_object().filter(|names| names.len() <= MAPPING_MAX).and_then(|names| {
        let entry = |(name, slug): (&String, &Value)| match slug {
            Value::Null => Some((name.clone(), None)),
            Value::String(slug) => Some((name.clone(), Some(slug.clone()))),
            _ => None,
        };
        names.iter().map(entry).collect::<Option<BTreeMap<_, _>>>()
    });
    read.ok_or_else(|| {
        bad_parameter("mapping", "has to be an object of at most 1,000 names to slugs or null")
    })
}

/// A file of which nothing can be imported is refused, with what is wrong with it.
fn nothing_in(file: &File) -> ApiError {
    if file.errors.is_empty() {
        return ApiError::Unreadable("there is no workout in the file".to_owned());
    }
    let errors = file.errors.iter().take(100).map(|error| FieldError {
        pointer: match (&error.pointer, error.line) {
            (Some(pointer), _) => pointer.clone(),
            (None, Some(line)) => format!("/lines/{line}"),
            (None, None) => String::new(),
        },
        detail: error.detail.clone(),
    });
    ApiError::Invalid(errors.collect())
}

/// What would be imported.
async fn preview(
    database: &dyn Database,
    key: &KeyProof,
    plan: &Plan,
    format: &str,
    report: Value,
) -> Result<Response, ApiError> {
    let sought: Vec<_> = plan.ready.iter().map(sought).collect();
    let duplicates = imports::count_duplicates(database, key, &sought).await?;
    let total = i64::try_from(plan.ready.len()).unwrap_or(i64::MAX);
    let preview = json!({
        "dry_run": true,
        "format": format,
        "to_import": total - duplicates,
        "duplicates": duplicates,
    });
    Ok(json(StatusCode::OK, &joined(preview, &report))?)
}

fn sought(imported: &ImportedWorkout) -> DuplicateQuery {
    DuplicateQuery {
        local_date: local_date(imported.workout.started_at),
        started_at_ms: imported.workout.started_at.timestamp_millis(),
        title: imported.workout.title.clone(),
    }
}

async fn publish(app: &App, trace: TraceContext, keys: impl Iterator<Item = SliceKey>) {
    let now = app.clock.now();
    let events: Vec<_> = keys.map(|key| import_slice_stored(key, trace, now)).collect();
    if let Err(error) = app.publisher.publish(&events).await {
        tracing::warn!(%error, "slices not published; the sweep will");
    }
}

fn import_response(status: StatusCode, import: &Import) -> Result<Response, ApiError> {
    let state = match (import.waiting, import.held) {
        (0, 0) => "completed",
        (0, _) => "needs_mapping",
        _ => "running",
    };
    let standing = json!({
        "id": import.import_id,
        "status": state,
        "format": import.format,
        "created_at": instant(import.created_at_ms),
        "finished_at": import.finished_at_ms.map(instant),
        "imported": import.imported,
        "duplicates": import.duplicates,
        "slices": { "waiting": import.waiting, "held": import.held, "done": import.done },
    });
    let mut response = json(status, &joined(standing, &import.report))?;
    set_header(&mut response, "location", &format!("/v1/imports/{}", import.import_id));
    Ok(response)
}

/// Two objects as one.
fn joined(one: Value, other: &Value) -> Value {
    let fields = |value: Value| match value {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    let mut joined = fields(one);
    joined.extend(fields(other.clone()));
    Value::Object(joined)
}
