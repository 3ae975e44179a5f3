//! Dead letters for operators: the list, the groups, and one with its body and history.

use super::{fields, instant};
use crate::app::App;
use crate::call::Call;
use crate::cursor;
use crate::error::{ApiResult, bad_parameter};
use chrono::DateTime;
use contract::{FieldCode, ProblemCode};
use platform::http::{Request, StatusCode, json, query};
use serde_json::{Map, Value, json};
use shared_kernel::event::EventHeader;
use storage::dead_letters::{self, DeadLetterPosition, DeadLetterSummary, Filter, Group};
use uuid::Uuid;

/// Groups of a response, at most: more kinds of failures at once have one cause; a project default.
const GROUPS_MAX: i64 = 100;

/// GET /v1/admin/dead-letters: newest first.
pub async fn list(app: &App, call: &Call) -> ApiResult {
    let filter = filter(&call.request)?;
    let limit = cursor::limit(&call.request)?;
    let after: Option<DeadLetterPosition> = cursor::after(&call.request)?;
    let (rows, total) =
        dead_letters::list(app.shards.operators(), &filter, after.as_ref(), limit.0 + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| DeadLetterPosition {
        failed_at_ms: row.failed_at_ms,
        dead_letter_id: row.dead_letter_id,
    })?;
    let items: Vec<_> = rows.iter().map(item).collect();
    let body = json!({ "items": items, "next_cursor": next_cursor, "total": total });
    Ok(json(StatusCode::OK, &body)?)
}

/// GET /v1/admin/dead-letters/groups: by queue, type and reason, the largest first; only open ones
/// unless the query has a status.
pub async fn groups(app: &App, call: &Call) -> ApiResult {
    let mut filter = filter(&call.request)?;
    filter.status.get_or_insert_with(|| "open".to_owned());
    let groups = dead_letters::groups(app.shards.operators(), &filter, GROUPS_MAX).await?;
    let items: Vec<_> = groups.iter().map(group).collect();
    Ok(json(StatusCode::OK, &json!({ "items": items }))?)
}

/// `GET /v1/admin/dead-letters/{id}`.
pub async fn get(app: &App, id: Uuid) -> ApiResult {
    let stored =
        dead_letters::get(app.shards.operators(), id).await?.ok_or(ProblemCode::NotFound)?;
    let mut fields = item(&stored.summary);
    let trace_id = EventHeader::read(&stored.body).trace_id();
    fields.insert("trace_id".to_owned(), json!(trace_id));
    fields.insert("message_id".to_owned(), json!(stored.message_id));
    fields.insert("body".to_owned(), json!(stored.body));
    fields.insert("edited_body".to_owned(), json!(stored.edited_body));
    let history: Vec<Map<String, Value>> = serde_json::from_str(&stored.history)?;
    let history: Vec<_> = history.into_iter().map(entry).collect();
    fields.insert("history".to_owned(), json!(history));
    Ok(json(StatusCode::OK, &fields)?)
}

/// Whether `name` is a status.
pub fn is_status(name: &str) -> bool {
    ["open", "redriven", "discarded"].contains(&name)
}

fn filter(request: &Request) -> ApiResult<Filter> {
    let filter = Filter {
        queue: query(request, "queue"),
        event_type: query(request, "type"),
        reason: query(request, "reason"),
        reason_group: query(request, "reason_group"),
        status: query(request, "status"),
        q: query(request, "q"),
        event_id: query(request, "event_id"),
        athlete_id: query(request, "athlete_id"),
        since_ms: time(request, "since")?,
        until_ms: time(request, "until")?,
    };
    if filter.status.as_deref().is_some_and(|status| !is_status(status)) {
        return Err(bad_parameter(
            "status",
            FieldCode::InvalidValue,
            "must be open, redriven or discarded",
        ));
    }
    Ok(filter)
}

fn time(request: &Request, name: &str) -> ApiResult<Option<i64>> {
    let Some(text) = query(request, name) else { return Ok(None) };
    let time = DateTime::parse_from_rfc3339(&text).map_err(|_| {
        bad_parameter(
            name,
            FieldCode::InvalidValue,
            "must be an RFC 3339 time with an offset: 2026-11-23T18:00:00Z",
        )
    })?;
    Ok(Some(time.timestamp_millis()))
}

/// An entry of a history in a response.
fn entry(mut entry: Map<String, Value>) -> Map<String, Value> {
    if let Some(at_ms) = entry.remove("at_ms").and_then(|at_ms| at_ms.as_i64()) {
        entry.insert("at".to_owned(), json!(instant(at_ms)));
    }
    entry
}

fn item(row: &DeadLetterSummary) -> Map<String, Value> {
    fields([
        ("id", json!(row.dead_letter_id)),
        ("queue", json!(row.queue)),
        ("event_id", json!(row.event_id)),
        ("event_type", json!(row.event_type)),
        ("athlete_id", json!(row.athlete_id)),
        ("traceparent", json!(row.traceparent)),
        ("reason", json!(row.reason)),
        ("reason_group", json!(row.reason_group)),
        ("attempts", json!(row.attempts)),
        ("failed_at", json!(instant(row.failed_at_ms))),
        ("status", json!(row.status)),
        ("redrives", json!(row.redrives)),
        ("note", json!(row.note)),
    ])
}

fn group(group: &Group) -> Value {
    json!({
        "queue": group.queue,
        "event_type": group.event_type,
        "reason_group": group.reason_group,
        "count": group.count,
        "first_failed_at": instant(group.first_failed_at_ms),
        "last_failed_at": instant(group.last_failed_at_ms),
    })
}
