//! Dead letters as rows that an operator can read and act on, in the operators' tables.

pub mod actions;
pub mod due;

use crate::database::{Database, DatabaseError, Param, Results};
use crate::page::{Page, fitting};
use crate::sql::query;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared_kernel::DeadLetter;
use shared_kernel::event::EventHeader;
use shared_kernel::routing::REDRIVE_AFTER_S;
use uuid::Uuid;

/// Dead letters that [`groups`] reads, at most, the newest of a status; a project default.
const GROUPED_MAX: i64 = 10_000;
/// Matching dead letters that are counted, at most: during an incident there may be millions. A project default.
pub const COUNTED_MAX: i64 = 10_000;
/// Bytes of the bodies of one claim, at most; a project default.
const CLAIM_BYTES_MAX: i64 = 4_000_000;

/// Stores dead letters, in one round trip. A duplicate changes nothing. A redriven dead letter that
/// has failed since has its new reason. It waits for the sweep if an outage was the cause each time, and is
/// open otherwise. Dead letters of deleted athletes are dropped.
pub async fn store(
    database: &dyn Database,
    dead_letters: &[DeadLetter],
) -> Result<(), DatabaseError> {
    let rows: Vec<_> = dead_letters
        .iter()
        .map(|dead_letter| {
            let header = EventHeader::read(&dead_letter.body);
            json!({
                "id": dead_letter.id(),
                "queue": dead_letter.queue,
                "message_id": dead_letter.message_id,
                "event_id": header.id,
                "event_type": header.event_type,
                "athlete_id": header.partitionkey,
                "traceparent": header.traceparent,
                "reason": dead_letter.reason,
                "reason_group": dead_letter.reason_group(),
                "attempts": dead_letter.attempts,
                "failed_at_ms": dead_letter.failed_at_ms,
                "is_transient": dead_letter.is_transient,
                "body": dead_letter.body,
            })
        })
        .collect();
    let redrive_after_ms = REDRIVE_AFTER_S.map(|seconds| i64::from(seconds) * 1_000);
    let insert = query!("dead_letters/store.sql", entry = "excluded.history -> '$[0]'").bind([
        ("rows", Param::json(&rows)?),
        ("redrive_after_ms", Param::json(&redrive_after_ms)?),
    ])?;
    database.batch_repeatable(vec![insert]).await.map(drop)
}

/// A dead letter in a list.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct DeadLetterSummary {
    pub dead_letter_id: Uuid,
    pub queue: String,
    /// Present if the message was an event.
    pub event_id: Option<String>,
    pub event_type: Option<String>,
    pub athlete_id: Option<String>,
    pub traceparent: Option<String>,
    pub reason: String,
    pub attempts: i64,
    pub failed_at_ms: i64,
    /// The reason without its numbers and ids.
    pub reason_group: String,
    /// open, waiting, redriven or discarded.
    pub status: String,
    /// When the sweep redrives it, if it is waiting.
    pub due_at_ms: Option<i64>,
    pub redrives: i64,
    /// The reason for discarding it.
    pub note: Option<String>,
}

/// A dead letter with its body and history.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetterDetail {
    pub summary: DeadLetterSummary,
    pub message_id: String,
    /// Failures and operators' actions as JSON, the oldest first.
    pub history: String,
    /// Redriven in place of the body.
    pub edited_body: Option<String>,
    pub body: String,
}

const STATUSES: [&str; 4] = ["open", "waiting", "redriven", "discarded"];

/// A filter of dead letters. `None` matches everything.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    pub queue: Option<String>,
    /// "" matches messages without a type.
    pub event_type: Option<String>,
    /// A part of the reason.
    pub reason: Option<String>,
    pub reason_group: Option<String>,
    pub status: Option<String>,
    /// A part of the reason or body, or the id of the dead letter or message.
    pub q: Option<String>,
    pub event_id: Option<String>,
    pub athlete_id: Option<String>,
    /// Inclusive, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// Exclusive, in milliseconds since 1970.
    pub until_ms: Option<i64>,
}

/// The position of a dead letter in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterPosition {
    pub failed_at_ms: i64,
    pub dead_letter_id: Uuid,
}

/// Returns a page of the dead letters, newest first, and the number of all that match, up to [`COUNTED_MAX`].
pub async fn list(
    database: &dyn Database,
    filter: &Filter,
    after: Option<&DeadLetterPosition>,
    limit: i64,
) -> Result<(Page<DeadLetterSummary>, i64), DatabaseError> {
    let filter = ("filter", Param::json(filter)?);
    let after_id = after.map(|position| position.dead_letter_id.to_string());
    let [limit, bytes_max] = fitting(limit);
    let select = query!("dead_letters/list.sql").bind([
        filter.clone(),
        ("after_ms", after.map(|position| position.failed_at_ms).into()),
        ("after_id", after_id.as_deref().into()),
        limit,
        bytes_max,
    ])?;
    let count =
        query!("dead_letters/total.sql").bind([filter, ("counted_max", COUNTED_MAX.into())])?;
    let mut results = Results::new(database.batch(vec![select, count]).await?);
    Ok((results.page()?, results.value()?.unwrap_or(0)))
}

/// Dead letters of one queue, type and reason group.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Group {
    pub queue: String,
    pub event_type: Option<String>,
    pub reason_group: String,
    pub count: i64,
    pub first_failed_at_ms: i64,
    pub last_failed_at_ms: i64,
}

/// Returns the groups of the dead letters that match, the largest first. Reads the newest [`GROUPED_MAX`] of
/// the filter's status.
pub async fn groups(
    database: &dyn Database,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Group>, DatabaseError> {
    let every = || STATUSES.map(str::to_owned).to_vec();
    let statuses = filter.status.clone().map_or_else(every, |status| vec![status]);
    let select = query!("dead_letters/groups.sql").bind([
        ("filter", Param::json(filter)?),
        ("statuses", Param::json(&statuses)?),
        ("scanned_max", GROUPED_MAX.into()),
        ("limit", limit.into()),
    ])?;
    Results::new(database.batch(vec![select]).await?).rows()
}

#[derive(Deserialize)]
struct RestRow {
    message_id: String,
    history: String,
    edited_body: Option<String>,
    body: String,
}

/// Returns one dead letter with its body.
pub async fn get(
    database: &dyn Database,
    id: Uuid,
) -> Result<Option<DeadLetterDetail>, DatabaseError> {
    let id = [("dead_letter_id", Param::text(id))];
    let summary =
        query!("dead_letters/get.sql", columns = "{dead_letter_columns}").bind(id.clone())?;
    let rest = query!("dead_letters/get.sql", columns = "message_id, history, edited_body, body")
        .bind(id)?;
    let mut results = Results::new(database.batch(vec![summary, rest]).await?);
    let rows = results.first()?.zip(results.first()?);
    Ok(rows.map(|(summary, RestRow { message_id, history, edited_body, body })| DeadLetterDetail {
        summary,
        message_id,
        history,
        edited_body,
        body,
    }))
}
