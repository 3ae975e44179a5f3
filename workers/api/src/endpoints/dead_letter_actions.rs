//! Operators' actions on dead letters: redrive, edit and redrive, discard; and their history.
//!
//! Thresholds without a source are project defaults.

use super::dead_letters::is_status;
use super::instant;
use crate::app::App;
use crate::auth;
use crate::call::Call;
use crate::cursor;
use crate::error::ApiResult;
use crate::input::{Errors, Fields, json_body};
use crate::redrive::{self, Pace, RedriveRequest, RedriveResult, edit_error};
use contract::ProblemCode;
use platform::clock::new_uuid;
use platform::http::{StatusCode, json};
use serde_json::{Value, json};
use storage::dead_letters::actions::{
    self, Action, ActionPosition, MatchCount, RecordedAction, Selection,
};
use storage::dead_letters::{self, Filter};
use uuid::Uuid;

/// Dead letters of one call, at most: ten batches, some seconds.
const LIMIT_MAX: u32 = 1_000;
/// Dead letters of a call with a filter and without a limit.
const LIMIT_DEFAULT: i64 = 100;
/// Dead letters per second, at most.
const RATE_PER_S_MAX: u32 = 1_000;

/// The parsed body of a redrive or a discard.
struct ActionRequest {
    selection: Selection,
    dry_run: bool,
    limit: i64,
    rate_per_s: Option<u32>,
    note: Option<String>,
}

/// POST /v1/admin/dead-letters/redrive: redrives those of a filter, or of ids. Concurrent calls claim
/// different dead letters; a retry finds none of them open.
///
/// 1. dry run: count (await), and return;
/// 2. otherwise [`redrive::redrive`] (awaits).
pub async fn redrive(app: &App, call: &Call) -> ApiResult {
    let known = ["ids", "filter", "dry_run", "limit", "rate_per_s", "force", "note"];
    let ActionRequest { selection, dry_run, limit, rate_per_s, note } =
        parse(&json_body(&call.request)?, &known, false)?;
    if dry_run {
        let matched =
            actions::count_matching(app.shards.operators(), &selection, app.clock.now_ms()).await?;
        return to_response(RedriveResult { matched, ..RedriveResult::default() }, None);
    }
    let action = action(app, call, note)?;
    let pace = Pace::new(rate_per_s, limit);
    let request = RedriveRequest { action, selection, limit, pace, edited_body: None };
    to_response(redrive::redrive(app, &request).await?, Some(request.action.id))
}

/// `POST /v1/admin/dead-letters/{id}/redrive`: redrives one, unchanged or with an edited body, which must be
/// an event of the same queue. The original body is kept.
///
/// 1. read (await);
/// 2. [`redrive::redrive`] (awaits).
pub async fn redrive_one(app: &App, call: &Call, id: Uuid) -> ApiResult {
    let json = json_body(&call.request)?;
    let errors = Errors::default();
    let fields = Fields::of(&json, "", &["body", "force", "note"], &errors);
    let force = fields.as_ref().and_then(|fields| fields.flag("force")).unwrap_or(false);
    let note = fields.as_ref().and_then(|fields| fields.text("note"));
    let stored =
        dead_letters::get(app.shards.operators(), id).await?.ok_or(ProblemCode::NotFound)?;
    let edited = fields.as_ref().and_then(|fields| fields.get("body"));
    if edited.is_some_and(|edited| !edited.is_string()) {
        errors.add("/body", "must be a text");
    }
    let edited = edited.and_then(Value::as_str).map(str::to_owned);
    if let Some(reason) =
        edited.as_deref().and_then(|text| edit_error(text, &stored.summary.queue, &stored.body))
    {
        errors.add("/body", reason);
    }
    errors.finish(Some(()))?;
    let request = RedriveRequest {
        action: action(app, call, note)?,
        selection: Selection::Ids { ids: vec![id], force },
        limit: 1,
        pace: Pace::new(None, 1),
        edited_body: edited,
    };
    let result = redrive::redrive(app, &request).await?;
    if result.matched.matched == 0 {
        return Err(ProblemCode::Conflict.with(
            "the dead letter is not open, is being redriven, or failed again after three redrives; force redrives it unless it is being redriven",
        ).into());
    }
    to_response(result, Some(request.action.id))
}

fn to_response(result: RedriveResult, action_id: Option<Uuid>) -> ApiResult {
    let RedriveResult { matched: MatchCount { matched, held_back }, redriven, unsendable } = result;
    let body = json!({
        "matched": matched, "redriven": redriven, "held_back": held_back,
        "unsendable": unsendable, "action_id": action_id,
    });
    Ok(json(StatusCode::OK, &body)?)
}

/// POST /v1/admin/dead-letters/discard: discards those of a filter, or of ids. A note with the reason
/// is required.
///
/// 1. dry run: count (await), and return;
/// 2. otherwise discard and record the action (await). A retry finds none of them open.
pub async fn discard(app: &App, call: &Call) -> ApiResult {
    let known = ["ids", "filter", "dry_run", "limit", "note"];
    let ActionRequest { selection, dry_run, limit, note, .. } =
        parse(&json_body(&call.request)?, &known, true)?;
    let database = app.shards.operators();
    if dry_run {
        let MatchCount { matched, held_back } =
            actions::count_matching(database, &selection, app.clock.now_ms()).await?;
        let body = json!({ "matched": matched + held_back, "discarded": 0, "action_id": null });
        return Ok(json(StatusCode::OK, &body)?);
    }
    let action = action(app, call, note)?;
    let (matched, discarded) = actions::discard(database, &action, &selection, limit).await?;
    let body = json!({ "matched": matched, "discarded": discarded, "action_id": action.id });
    Ok(json(StatusCode::OK, &body)?)
}

/// GET /v1/admin/actions: the actions on dead letters, newest first.
pub async fn list(app: &App, call: &Call) -> ApiResult {
    let limit = cursor::limit(&call.request)?;
    let after: Option<ActionPosition> = cursor::after(&call.request)?;
    let rows = actions::list(app.shards.operators(), after.as_ref(), limit.0 + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| ActionPosition {
        at_ms: row.at_ms,
        action_id: row.action_id,
    })?;
    let items = rows.iter().map(item).collect::<Result<Vec<_>, _>>()?;
    Ok(json(StatusCode::OK, &json!({ "items": items, "next_cursor": next_cursor }))?)
}

fn item(row: &RecordedAction) -> Result<Value, serde_json::Error> {
    Ok(json!({
        "id": row.action_id,
        "at": instant(row.at_ms),
        "operator": row.operator,
        "action": row.action,
        "selection": serde_json::from_str::<Value>(&row.selection)?,
        "note": row.note,
        "affected": row.affected,
    }))
}

fn action(app: &App, call: &Call, note: Option<String>) -> ApiResult<Action> {
    Ok(Action {
        id: new_uuid(&*app.clock, &*app.entropy),
        operator: auth::operator_name(&call.request)?,
        at_ms: app.clock.now_ms(),
        note,
    })
}

fn parse(body: &Value, known: &[&str], requires_note: bool) -> ApiResult<ActionRequest> {
    let errors = Errors::default();
    let request = Fields::of(body, "", known, &errors).and_then(|fields| {
        let note = fields.text("note");
        if requires_note && note.as_deref().is_none_or(|note| note.trim().is_empty()) {
            fields.reject("note", "has to say why");
        }
        let selection = selection(&fields)?;
        let limit_default = match &selection {
            Selection::Ids { ids, .. } => i64::try_from(ids.len()).unwrap_or(i64::MAX),
            Selection::Matching(_) => LIMIT_DEFAULT,
        };
        Some(ActionRequest {
            selection,
            dry_run: fields.flag("dry_run").unwrap_or(false),
            limit: positive(&fields, "limit", LIMIT_MAX).map_or(limit_default, i64::from),
            rate_per_s: positive(&fields, "rate_per_s", RATE_PER_S_MAX),
            note,
        })
    });
    errors.finish(request)
}

fn positive(fields: &Fields<'_>, name: &str, max: u32) -> Option<u32> {
    fields.get(name)?;
    let number = fields.integer(name, max);
    if number == Some(0) {
        fields.reject(name, "must be at least 1");
    }
    number
}

fn selection(fields: &Fields<'_>) -> Option<Selection> {
    let force = fields.flag("force").unwrap_or(false);
    match (fields.get("ids"), fields.get("filter")) {
        (Some(_), None) => Some(Selection::Ids { ids: ids(fields)?, force }),
        (None, Some(filter)) => {
            if force {
                fields.reject(
                    "force",
                    "requires ids: a filter could redrive events that always fail",
                );
            }
            self::filter(filter, fields.errors()).map(Selection::Matching)
        }
        (Some(_), Some(_)) | (None, None) => {
            fields.errors().add("", "must have either ids or a filter");
            None
        }
    }
}

fn ids(fields: &Fields<'_>) -> Option<Vec<Uuid>> {
    let list = fields.list("ids")?;
    if list.len() > LIMIT_MAX as usize {
        fields.reject("ids", format!("has more than {LIMIT_MAX} items"));
        return None;
    }
    let id = |(pointer, value): (String, &Value)| {
        let id = value.as_str().and_then(|text| text.parse::<Uuid>().ok());
        if id.is_none() {
            fields.errors().add(pointer, "must be the id of a dead letter");
        }
        id
    };
    Some(list.into_iter().filter_map(id).collect())
}

fn filter(value: &Value, errors: &Errors) -> Option<Filter> {
    let known = [
        "queue",
        "type",
        "reason",
        "reason_group",
        "status",
        "q",
        "event_id",
        "athlete_id",
        "since",
        "until",
    ];
    let fields = Fields::of(value, "/filter", &known, errors)?;
    let status = fields.text("status");
    if status.as_deref().is_some_and(|status| !is_status(status)) {
        fields.reject("status", "must be open, redriven or discarded");
    }
    let time_ms = |name| fields.time(name).map(|time| time.timestamp_millis());
    Some(Filter {
        queue: fields.text("queue"),
        event_type: fields.text("type"),
        reason: fields.text("reason"),
        reason_group: fields.text("reason_group"),
        status,
        q: fields.text("q"),
        event_id: fields.text("event_id"),
        athlete_id: fields.text("athlete_id"),
        since_ms: time_ms("since"),
        until_ms: time_ms("until"),
    })
}
