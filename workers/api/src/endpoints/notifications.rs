//! The in-app inbox: list, read one, read all. Only what is shown: not what is kept for its mail
//! alone, nor what has expired.

use super::instant;
use crate::app::{App, Call};
use crate::cursor;
use crate::error::{ApiError, bad_parameter};
use platform::http::{Response, StatusCode, empty, json, query};
use serde_json::{Value, json};
use storage::KeyProof;
use storage::inbox::{self, InboxQuery, Notification, NotificationPosition};
use uuid::Uuid;

/// GET /v1/notifications: newest first. From `last_id` a stream goes on without a gap.
pub async fn list(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    let unread_only = match query(call.request, "unread").as_deref() {
        None | Some("false" | "0") => false,
        Some("" | "true" | "1") => true,
        Some(_) => return Err(bad_parameter("unread", "has to be true or false")),
    };
    let limit = cursor::limit(call.request)?;
    let page = InboxQuery { unread_only, after: cursor::after(call.request)?, limit: limit + 1 };
    let database = app.shards.for_athlete(key.athlete_id);
    let inbox = inbox::list(database, key, &page, app.clock.now_ms()).await?;
    let (items, next_cursor) = cursor::page(inbox.items, limit, |item| NotificationPosition {
        created_at_ms: item.created_at_ms,
        notification_id: item.notification_id,
    })?;
    let items: Vec<_> = items.iter().map(item).collect();
    let body = json!({
        "items": items,
        "unread": inbox.unread,
        "next_cursor": next_cursor,
        "last_id": inbox.last_seq.to_string(),
    });
    Ok(json(StatusCode::OK, &body)?)
}

/// POST /v1/notifications/{id}/read.
pub async fn read(app: &App, key: &KeyProof, id: Uuid) -> Result<Response, ApiError> {
    let database = app.shards.for_athlete(key.athlete_id);
    inbox::mark_read(database, key, id, app.clock.now_ms()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// POST /v1/notifications/read-all.
pub async fn read_all(app: &App, key: &KeyProof) -> Result<Response, ApiError> {
    let database = app.shards.for_athlete(key.athlete_id);
    inbox::mark_all_read(database, key, app.clock.now_ms()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// A row as it is answered.
pub(super) fn item(row: &Notification) -> Value {
    json!({
        "id": row.notification_id,
        "kind": row.kind,
        "title": row.title,
        "body": row.body,
        "data": row.data,
        "created_at": instant(row.created_at_ms),
        "read_at": row.read_at_ms.map(instant),
    })
}
