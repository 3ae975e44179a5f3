//! Dead letters as rows that an operator can read. Kept apart from athletes' data.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared_kernel::DeadLetter;
use shared_kernel::event::Label;
use uuid::Uuid;

/// Stores dead letters, in one round trip. The same dead letter again changes nothing; one of an
/// athlete who was deleted is dropped.
pub async fn store(database: &dyn Database, letters: &[DeadLetter]) -> Result<(), DatabaseError> {
    let rows: Vec<_> = letters
        .iter()
        .map(|letter| {
            let label = Label::read(&letter.body);
            json!({
                "id": letter.id(),
                "queue": letter.queue,
                "message_id": letter.message_id,
                "event_id": label.id,
                "event_type": label.event_type,
                "athlete_id": label.partitionkey,
                "traceparent": label.traceparent,
                "reason": letter.reason,
                "attempts": letter.attempts,
                "failed_at_ms": letter.failed_at_ms,
                "body": letter.body,
            })
        })
        .collect();
    let insert = Statement::new(
        "INSERT INTO dead_letters (dead_letter_id, queue, message_id, event_id, event_type, \
         athlete_id, traceparent, reason, attempts, failed_at_ms, body) \
         SELECT value ->> 'id', value ->> 'queue', value ->> 'message_id', \
         value ->> 'event_id', value ->> 'event_type', value ->> 'athlete_id', \
         value ->> 'traceparent', value ->> 'reason', value ->> 'attempts', \
         value ->> 'failed_at_ms', value ->> 'body' FROM json_each(?1) \
         WHERE coalesce(value ->> 'athlete_id', '') NOT IN \
         (SELECT athlete_id FROM deleted_athletes) \
         ON CONFLICT DO NOTHING",
        [Param::json(&rows)?],
    );
    database.batch(vec![insert]).await.map(drop)
}

/// A dead letter as a list shows it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Listed {
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
    /// open, redriven or discarded.
    pub status: String,
}

/// A dead letter with all there is of it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Stored {
    /// What a list shows.
    #[serde(flatten)]
    pub listed: Listed,
    /// The platform's id of the message.
    pub message_id: String,
    /// The message, untouched.
    pub body: String,
}

/// Which dead letters; what is `None` does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Given up by this queue.
    pub queue: Option<String>,
    /// Of this event type.
    pub event_type: Option<String>,
    /// Whose reason contains this.
    pub reason: Option<String>,
    /// In this status.
    pub status: Option<String>,
}

/// The place of a dead letter in the list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When it was given up.
    pub failed_at_ms: i64,
    /// Its id.
    pub dead_letter_id: Uuid,
}

macro_rules! matching {
    () => {
        " FROM dead_letters WHERE (?1 IS NULL OR queue = ?1) AND (?2 IS NULL OR event_type = ?2) \
         AND (?3 IS NULL OR instr(reason, ?3) > 0) AND (?4 IS NULL OR status = ?4)"
    };
}

macro_rules! columns {
    () => {
        "SELECT dead_letter_id, queue, event_id, event_type, athlete_id, traceparent, reason, \
         attempts, failed_at_ms, status"
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
    after: Option<&Position>,
    limit: i64,
) -> Result<(Vec<Listed>, i64), DatabaseError> {
    let wanted = [
        filter.queue.as_deref().into(),
        filter.event_type.as_deref().into(),
        filter.reason.as_deref().into(),
        filter.status.as_deref().into(),
    ];
    let page = [
        after.map(|position| position.failed_at_ms).into(),
        after.map(|position| position.dead_letter_id.to_string()).as_deref().into(),
        limit.into(),
    ];
    let select = Statement::new(
        concat!(
            columns!(),
            matching!(),
            " AND (?5 IS NULL OR (failed_at_ms, dead_letter_id) < (?5, ?6)) \
             ORDER BY failed_at_ms DESC, dead_letter_id DESC LIMIT ?7"
        ),
        wanted.iter().cloned().chain(page),
    );
    let count = Statement::new(concat!("SELECT count(*) AS total", matching!()), wanted);
    let mut results = Results::new(database.batch(vec![select, count]).await?);
    let items = results.rows()?;
    let total = results.rows::<TotalRow>()?.first().map_or(0, |row| row.total);
    Ok((items, total))
}

/// One dead letter with its body.
pub async fn get(database: &dyn Database, id: Uuid) -> Result<Option<Stored>, DatabaseError> {
    let select = Statement::new(
        concat!(columns!(), ", message_id, body FROM dead_letters WHERE dead_letter_id = ?1"),
        [Param::text(id)],
    );
    Ok(Results::new(database.batch(vec![select]).await?).rows()?.into_iter().next())
}
