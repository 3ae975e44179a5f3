//! Dead letters as rows that an operator can read and act on, in the operators' tables.

pub mod actions;

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared_kernel::DeadLetter;
use shared_kernel::event::EventHeader;
use uuid::Uuid;

/// Stores dead letters, in one round trip. A duplicate changes nothing. A redriven dead letter that
/// has failed since is open, with its new reason. Dead letters of deleted athletes are dropped.
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
                "body": dead_letter.body,
            })
        })
        .collect();
    // Only the time shows whether it failed since: a message from before its redrive, delivered
    // once more, must not reopen it. Reopening cancels a claim.
    let insert = Statement::new(
        "INSERT INTO dead_letters (dead_letter_id, queue, message_id, event_id, event_type, \
         athlete_id, traceparent, reason, reason_group, attempts, failed_at_ms, body, history) \
         SELECT value ->> 'id', value ->> 'queue', value ->> 'message_id', \
         value ->> 'event_id', value ->> 'event_type', value ->> 'athlete_id', \
         value ->> 'traceparent', value ->> 'reason', value ->> 'reason_group', \
         value ->> 'attempts', value ->> 'failed_at_ms', value ->> 'body', \
         json_array(json_object('at_ms', value -> 'failed_at_ms', 'what', 'failed', \
         'reason', value ->> 'reason', 'attempts', value -> 'attempts')) FROM json_each(?1) \
         WHERE coalesce(value ->> 'athlete_id', '') NOT IN \
         (SELECT athlete_id FROM deleted_athletes) \
         ON CONFLICT DO UPDATE SET status = 'open', claim_id = '', claimed_until_ms = 0, \
         message_id = excluded.message_id, reason = excluded.reason, \
         reason_group = excluded.reason_group, attempts = excluded.attempts, \
         failed_at_ms = excluded.failed_at_ms, \
         history = json_insert(history, '$[#]', excluded.history -> '$[0]') \
         WHERE (status = 'redriven' OR claimed_until_ms > 0) \
         AND excluded.failed_at_ms >= redriven_at_ms",
        [Param::json(&rows)?],
    );
    database.batch(vec![insert]).await.map(drop)
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
    /// open, redriven or discarded.
    pub status: String,
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

/// The rows that match a [`Filter`], encoded as JSON in ?1.
macro_rules! matching {
    () => {
        " FROM dead_letters WHERE (?1 ->> 'queue' IS NULL OR queue = ?1 ->> 'queue') \
         AND (?1 ->> 'event_type' IS NULL OR coalesce(event_type, '') = ?1 ->> 'event_type') \
         AND (?1 ->> 'reason' IS NULL OR instr(reason, ?1 ->> 'reason') > 0) \
         AND (?1 ->> 'reason_group' IS NULL OR reason_group = ?1 ->> 'reason_group') \
         AND (?1 ->> 'status' IS NULL OR status = ?1 ->> 'status') \
         AND (?1 ->> 'event_id' IS NULL OR event_id = ?1 ->> 'event_id') \
         AND (?1 ->> 'athlete_id' IS NULL OR athlete_id = ?1 ->> 'athlete_id') \
         AND (?1 ->> 'since_ms' IS NULL OR failed_at_ms >= ?1 ->> 'since_ms') \
         AND (?1 ->> 'until_ms' IS NULL OR failed_at_ms < ?1 ->> 'until_ms') \
         AND (?1 ->> 'q' IS NULL OR instr(reason, ?1 ->> 'q') > 0 OR message_id = ?1 ->> 'q' \
         OR dead_letter_id = ?1 ->> 'q' OR instr(body, ?1 ->> 'q') > 0)"
    };
}
pub(crate) use matching;

macro_rules! columns {
    () => {
        "SELECT dead_letter_id, queue, event_id, event_type, athlete_id, traceparent, reason, \
         reason_group, attempts, failed_at_ms, status, redrives, note"
    };
}

/// Returns a page of the dead letters, newest first, and the number of all that match.
pub async fn list(
    database: &dyn Database,
    filter: &Filter,
    after: Option<&DeadLetterPosition>,
    limit: i64,
) -> Result<(Vec<DeadLetterSummary>, i64), DatabaseError> {
    let filter_json = Param::json(filter)?;
    let select = Statement::new(
        concat!(
            columns!(),
            matching!(),
            " AND (?2 IS NULL OR (failed_at_ms, dead_letter_id) < (?2, ?3)) \
             ORDER BY failed_at_ms DESC, dead_letter_id DESC LIMIT ?4"
        ),
        [
            filter_json.clone(),
            after.map(|position| position.failed_at_ms).into(),
            after.map(|position| position.dead_letter_id.to_string()).as_deref().into(),
            limit.into(),
        ],
    );
    let count = Statement::new(concat!("SELECT count(*) AS total", matching!()), [filter_json]);
    let mut results = Results::new(database.batch(vec![select, count]).await?);
    Ok((results.rows()?, results.value()?.unwrap_or(0)))
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

/// Returns the groups of the dead letters that match, the largest first.
pub async fn groups(
    database: &dyn Database,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<Group>, DatabaseError> {
    let select = Statement::new(
        concat!(
            "SELECT queue, event_type, reason_group, count(*) AS count, \
             min(failed_at_ms) AS first_failed_at_ms, max(failed_at_ms) AS last_failed_at_ms",
            matching!(),
            " GROUP BY queue, event_type, reason_group \
             ORDER BY count DESC, last_failed_at_ms DESC LIMIT ?2"
        ),
        [Param::json(filter)?, limit.into()],
    );
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
    let summary = Statement::new(
        concat!(columns!(), " FROM dead_letters WHERE dead_letter_id = ?1"),
        [Param::text(id)],
    );
    let rest = Statement::new(
        "SELECT message_id, history, edited_body, body FROM dead_letters WHERE dead_letter_id = ?1",
        [Param::text(id)],
    );
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
