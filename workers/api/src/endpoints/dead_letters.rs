//! The operator's dead letters: list, and one with its body.

use super::instant;
use crate::app::{App, Call};
use crate::cursor;
use crate::error::{ApiError, bad_parameter};
use platform::http::{Response, StatusCode, json, query};
use serde_json::{Value, json};
use storage::dead_letters::{self, Filter, Listed, Position};
use uuid::Uuid;

/// GET /v1/admin/dead-letters: newest first.
pub async fn list(app: &App, call: &Call<'_>) -> Result<Response, ApiError> {
    let filter = Filter {
        queue: query(call.request, "queue"),
        event_type: query(call.request, "type"),
        reason: query(call.request, "reason"),
        status: query(call.request, "status"),
    };
    if filter.status.as_deref().is_some_and(|s| !["open", "redriven", "discarded"].contains(&s)) {
        return Err(bad_parameter("status", "has to be open, redriven or discarded"));
    }
    let limit = cursor::limit(call.request)?;
    let after: Option<Position> = cursor::after(call.request)?;
    let database = app.shards.operators();
    let (rows, total) = dead_letters::list(database, &filter, after.as_ref(), limit + 1).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| Position {
        failed_at_ms: row.failed_at_ms,
        dead_letter_id: row.dead_letter_id,
    })?;
    let items: Vec<_> = rows.iter().map(item).collect();
    let body = json!({ "items": items, "next_cursor": next_cursor, "total": total });
    Ok(json(StatusCode::OK, &body)?)
}

/// GET /v1/admin/dead-letters/{id}.
pub async fn get(app: &App, id: Uuid) -> Result<Response, ApiError> {
    let stored = dead_letters::get(app.shards.operators(), id).await?.ok_or(ApiError::NotFound)?;
    let mut body = item(&stored.listed);
    if let Value::Object(fields) = &mut body {
        fields.insert("message_id".to_owned(), json!(stored.message_id));
        fields.insert("body".to_owned(), json!(stored.body));
    }
    Ok(json(StatusCode::OK, &body)?)
}

fn item(row: &Listed) -> Value {
    json!({
        "id": row.dead_letter_id,
        "queue": row.queue,
        "event_id": row.event_id,
        "event_type": row.event_type,
        "athlete_id": row.athlete_id,
        "traceparent": row.traceparent,
        "reason": row.reason,
        "attempts": row.attempts,
        "failed_at": instant(row.failed_at_ms),
        "status": row.status,
    })
}
