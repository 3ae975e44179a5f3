//! Dead letters for operators: the list, the groups, and one with its body and history.

use crate::call::OperatorCall;
use crate::cursor;
use crate::error::ApiResult;
use crate::extract::{Path, Query};
use crate::reply::Reply;
use contract::dead_letters::{
    DeadLetter, DeadLetterDetail, DeadLetterFilter, DeadLetterGroup, DeadLetterPage,
    DeadLetterQuery, DeadLetterStatus, HistoryEntry, NO_EVENT,
};
use contract::{Instant, Items, ProblemCode};
use serde_json::{Map, Value};
use shared_kernel::event::EventHeader;
use shared_kernel::json;
use storage::dead_letters::{self, DeadLetterPosition, DeadLetterSummary, Filter, Group};
use uuid::Uuid;

/// Groups of a response, at most: more kinds of failures at once have one cause; a project default.
const GROUPS_MAX: i64 = 100;

/// GET /v1/admin/dead-letters: newest first.
pub async fn list(
    call: OperatorCall,
    Query(query): Query<DeadLetterQuery>,
) -> ApiResult<Reply<DeadLetterPage>> {
    let after: Option<DeadLetterPosition> = cursor::decode(query.cursor.as_deref())?;
    let limit = query.limit;
    let filter = to_filter(query.into());
    let database = call.app.shards.operators();
    let (page, total) = dead_letters::list(database, &filter, after.as_ref(), limit.0).await?;
    let (rows, next_cursor) = cursor::page(page, |row| DeadLetterPosition {
        failed_at_ms: row.failed_at_ms,
        dead_letter_id: row.dead_letter_id,
    })?;
    let items = rows.into_iter().map(to_model).collect::<Result<_, _>>()?;
    Ok(Reply::new(DeadLetterPage { items, next_cursor, total }))
}

/// GET /v1/admin/dead-letters/groups: by queue, type and reason, the largest first; only open ones
/// unless the query has a status.
pub async fn groups(
    call: OperatorCall,
    Query(mut filter): Query<DeadLetterFilter>,
) -> ApiResult<Reply<Items<DeadLetterGroup>>> {
    filter.status.get_or_insert(DeadLetterStatus::Open);
    let database = call.app.shards.operators();
    let groups = dead_letters::groups(database, &to_filter(filter), GROUPS_MAX).await?;
    Ok(Reply::new(Items { items: groups.into_iter().map(to_group).collect() }))
}

/// `GET /v1/admin/dead-letters/{id}`.
pub async fn get(call: OperatorCall, Path(id): Path<Uuid>) -> ApiResult<Reply<DeadLetterDetail>> {
    let stored = dead_letters::get(call.app.shards.operators(), id).await?;
    let stored = stored.ok_or(ProblemCode::NotFound)?;
    let history: Vec<Map<String, Value>> = json::from_str(&stored.history)?;
    Ok(Reply::new(DeadLetterDetail {
        summary: to_model(stored.summary)?,
        trace_id: EventHeader::read(&stored.body).trace_id(),
        message_id: stored.message_id,
        history: history.into_iter().map(to_entry).collect::<Result<_, _>>()?,
        edited_body: stored.edited_body,
        body: stored.body,
    }))
}

/// Returns the filter of a query or a body as storage takes it.
pub fn to_filter(filter: DeadLetterFilter) -> Filter {
    let no_event = |name: String| if name == NO_EVENT { String::new() } else { name };
    Filter {
        queue: filter.queue,
        event_type: filter.event_type.map(no_event),
        reason: filter.reason,
        reason_group: filter.reason_group,
        status: filter.status.map(|status| status.name().to_owned()),
        q: filter.q,
        event_id: filter.event_id,
        athlete_id: filter.athlete_id,
        since_ms: filter.since.map(|time| time.at.timestamp_millis()),
        until_ms: filter.until.map(|time| time.at.timestamp_millis()),
    }
}

/// An entry of the stored history in a response.
fn to_entry(mut entry: Map<String, Value>) -> Result<HistoryEntry, serde_json::Error> {
    let at_ms = entry.remove("at_ms").and_then(|at_ms| at_ms.as_i64()).unwrap_or_default();
    entry.insert("at".to_owned(), Value::String(Instant(at_ms).to_string()));
    json::from_value(&entry.into())
}

fn to_model(row: DeadLetterSummary) -> Result<DeadLetter, serde_json::Error> {
    Ok(DeadLetter {
        id: row.dead_letter_id,
        queue: row.queue,
        event_id: row.event_id,
        event_type: row.event_type,
        athlete_id: row.athlete_id,
        traceparent: row.traceparent,
        reason: row.reason,
        reason_group: row.reason_group,
        attempts: row.attempts,
        failed_at: Instant(row.failed_at_ms),
        status: json::from_value(&row.status.into())?,
        next_redrive_at: row.due_at_ms.map(Instant),
        redrives: row.redrives,
        note: row.note,
    })
}

fn to_group(group: Group) -> DeadLetterGroup {
    DeadLetterGroup {
        queue: group.queue,
        event_type: group.event_type,
        reason_group: group.reason_group,
        count: group.count,
        first_failed_at: Instant(group.first_failed_at_ms),
        last_failed_at: Instant(group.last_failed_at_ms),
    }
}
