//! The in-app inbox: list, mark one as read, mark all. Rows that exist only for their email, and
//! expired rows, are hidden.

use super::instant;
use crate::app::App;
use crate::call::Call;
use crate::cursor;
use crate::error::ApiResult;
use crate::input::query_flag;
use platform::http::{StatusCode, empty, json};
use serde_json::{Value, json};
use storage::KeyProof;
use storage::inbox::{self, InboxQuery, Notification, NotificationPosition};
use uuid::Uuid;

/// GET /v1/notifications: newest first. A stream that starts from `last_id` misses nothing.
pub async fn list(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let unread_only = query_flag(&call.request, "unread")?;
    let limit = cursor::limit(&call.request)?;
    let page = InboxQuery { unread_only, after: cursor::after(&call.request)?, limit: limit.0 + 1 };
    let inbox = inbox::list(app.database(key), key, &page, app.clock.now_ms()).await?;
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
pub async fn mark_read(app: &App, key: &KeyProof, id: Uuid) -> ApiResult {
    inbox::mark_read(app.database(key), key, id, app.clock.now_ms()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// POST /v1/notifications/read-all.
pub async fn mark_all_read(app: &App, key: &KeyProof) -> ApiResult {
    inbox::mark_all_read(app.database(key), key, app.clock.now_ms()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// A notification in responses and streams.
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
