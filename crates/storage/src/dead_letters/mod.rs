//! Dead letters as rows that an operator can read and act on. Kept apart from athletes' data.

pub mod actions;

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared_kernel::DeadLetter;
use shared_kernel::event::EventHeader;
use uuid::Uuid;

/// Stores dead letters, in one round trip. The same dead letter again changes nothing; one that
/// was redriven and has failed since is open again, with what it failed of now. One of an athlete
/// who was deleted is dropped.
pub async fn store(database: &dyn Database, letters: &[DeadLetter]) -> Result<(), DatabaseError> {
    let rows: Vec<_> = letters
        .iter()
        .map(|letter| {
            let label = EventHeader::read(&letter.body);
            json!({
                "id": letter.id(),
                "queue": letter.queue,
                "message_id": letter.message_id,
                "event_id": label.id,
                "event_type": label.event_type,
                "athlete_id": label.partitionkey,
                "traceparent": label.traceparent,
                "reason": letter.reason,
                "reason_group": letter.reason_group(),
                "attempts": letter.attempts,
                "failed_at_ms": letter.failed_at_ms,
                "body": letter.body,
            })
        })
        .collect();
    // Whether it failed since is told by the time alone: a message of before its redrive, delivered
    // once more, must not open it. Who is sending it just now has lost the claim then.
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

/// A dead letter as a list shows it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct DeadLetterSummary {
    /// Its id.
    pub dead_letter_id: Uuid,
    /// The queue that gave it up.
    pub queue: String,
    /// The event's id, when the message was one.
    pub event_id: Option<String>,
    /// Its type.
    pub event_type: Option<String>,
    /// Whom it is about.
    pub athlete_id: Option<String>,
    /// Its trace.
    pub traceparent: Option<String>,
    /// Why it was given up.
    pub reason: String,
    /// How often it was delivered.
    pub attempts: i64,
    /// When it was given up.
    pub failed_at_ms: i64,
    /// The reason without its numbers and ids.
    pub reason_group: String,
    /// open, redriven or discarded.
    pub status: String,
    /// How often an operator had it sent again.
    pub redrives: i64,
    /// Why it was discarded.
    pub note: Option<String>,
}

/// A dead letter with all there is of it.
#[derive(Clone, Debug, PartialEq)]
pub struct DeadLetterDetail {
    /// What a list shows.
    pub summary: DeadLetterSummary,
    /// The platform's id of the message.
    pub message_id: String,
    /// What happened to it, the oldest first, as JSON: failures, and what operators did.
    pub history: String,
    /// What is sent in the body's place.
    pub edited_body: Option<String>,
    /// The message, untouched.
    pub body: String,
}

/// Which dead letters; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Filter {
    /// Given up by this queue.
    pub queue: Option<String>,
    /// Of this event type; "" is what names none.
    pub event_type: Option<String>,
    /// Whose reason contains this.
    pub reason: Option<String>,
    /// Of this group of reasons.
    pub reason_group: Option<String>,
    /// In this status.
    pub status: Option<String>,
    /// Whose reason or body contains this, or whose own id or message it is.
    pub q: Option<String>,
    /// About this event.
    pub event_id: Option<String>,
    /// About this athlete.
    pub athlete_id: Option<String>,
    /// That failed from then on, in milliseconds since 1970.
    pub since_ms: Option<i64>,
    /// That failed before then, in milliseconds since 1970.
    pub until_ms: Option<i64>,
}

/// The place of a dead letter in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadLetterPosition {
    /// When it was given up.
    pub failed_at_ms: i64,
    /// Its id.
    pub dead_letter_id: Uuid,
}

/// The rows that a [`Filter`], as the JSON that is ?1, lets through.
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

#[derive(Deserialize)]
struct TotalRow {
    total: i64,
}

/// A page of the dead letters, newest first, and how many match in all.
pub async fn list(
    database: &dyn Database,
    filter: &Filter,
    after: Option<&DeadLetterPosition>,
    limit: i64,
) -> Result<(Vec<DeadLetterSummary>, i64), DatabaseError> {
    let wanted = Param::json(filter)?;
    let select = Statement::new(
        concat!(
            columns!(),
            matching!(),
            " AND (?2 IS NULL OR (failed_at_ms, dead_letter_id) < (?2, ?3)) \
             ORDER BY failed_at_ms DESC, dead_letter_id DESC LIMIT ?4"
        ),
        [
            wanted.clone(),
            after.map(|position| position.failed_at_ms).into(),
            after.map(|position| position.dead_letter_id.to_string()).as_deref().into(),
            limit.into(),
        ],
    );
    let count = Statement::new(concat!("SELECT count(*) AS total", matching!()), [wanted]);
    let mut results = Results::new(database.batch(vec![select, count]).await?);
    let items = results.rows()?;
    let total = results.rows::<TotalRow>()?.first().map_or(0, |row| row.total);
    Ok((items, total))
}

/// Dead letters of one queue and type that failed of the same.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Group {
    /// The queue that gave them up.
    pub queue: String,
    /// Their type, when they are events.
    pub event_type: Option<String>,
    /// Their reason, without its numbers and ids.
    pub reason_group: String,
    /// How many they are.
    pub count: i64,
    /// When the first of them failed.
    pub first_failed_at_ms: i64,
    /// When the last of them failed.
    pub last_failed_at_ms: i64,
}

/// The groups of the dead letters that match, the largest first.
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

/// One dead letter with its body.
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
    let (summary, rest) = (results.rows::<DeadLetterSummary>()?, results.rows::<RestRow>()?);
    let Some((summary, rest)) = summary.into_iter().next().zip(rest.into_iter().next()) else {
        return Ok(None);
    };
    let RestRow { message_id, history, edited_body, body } = rest;
    Ok(Some(DeadLetterDetail { summary, message_id, history, edited_body, body }))
}
