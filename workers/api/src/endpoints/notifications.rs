//! The in-app inbox: list, mark one as read, mark all. Rows that exist only for their email, and
//! expired rows, are hidden.

use crate::call::AthleteCall;
use crate::cursor;
use crate::error::ApiResult;
use crate::extract::{Path, Query};
use crate::reply::{NoContent, Reply};
use contract::Instant;
use contract::notifications::{Inbox, Notification, NotificationFilter};
use storage::inbox::{self, InboxQuery, NotificationPosition};
use uuid::Uuid;

/// GET /v1/notifications: newest first. A stream that starts from `last_id` misses nothing.
pub async fn list(
    call: AthleteCall,
    Query(NotificationFilter { unread, cursor, limit }): Query<NotificationFilter>,
) -> ApiResult<Reply<Inbox>> {
    let after = cursor::decode(cursor.as_deref())?;
    let page = InboxQuery { unread_only: unread, after, limit: limit.0 };
    let inbox = inbox::list(call.database(), &call.key, &page, call.app.clock.now_ms()).await?;
    let (items, next_cursor) = cursor::page(inbox.page, |item| NotificationPosition {
        created_at_ms: item.created_at_ms,
        notification_id: item.notification_id,
    })?;
    Ok(Reply::new(Inbox {
        items: items.into_iter().map(item).collect(),
        unread: inbox.unread,
        next_cursor,
        last_id: inbox.last_seq.to_string(),
    }))
}

/// POST /v1/notifications/{id}/read.
///
/// 1. mark (await). A retry changes nothing.
pub async fn mark_read(call: AthleteCall, Path(id): Path<Uuid>) -> ApiResult<NoContent> {
    inbox::mark_read(call.database(), &call.key, id, call.app.clock.now_ms()).await?;
    Ok(NoContent)
}

/// POST /v1/notifications/read-all.
///
/// 1. mark (await). A retry marks those that came since.
pub async fn mark_all_read(call: AthleteCall, (): ()) -> ApiResult<NoContent> {
    inbox::mark_all_read(call.database(), &call.key, call.app.clock.now_ms()).await?;
    Ok(NoContent)
}

/// A notification in responses and streams.
pub(super) fn item(row: inbox::Notification) -> Notification {
    Notification {
        id: row.notification_id,
        kind: row.kind,
        title: row.title,
        body: row.body,
        data: row.data,
        created_at: Instant(row.created_at_ms),
        read_at: row.read_at_ms.map(Instant),
    }
}
