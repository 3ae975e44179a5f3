//! The in-app inbox as its athlete reads it. Filling it is [`crate::notifications`].

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::json_text;
use crate::keys::{KeyProof, live_key, with_key};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A row of the inbox.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Notification {
    /// Its id.
    pub notification_id: Uuid,
    /// What kind of news.
    pub kind: String,
    /// A line.
    pub title: String,
    /// The text.
    pub body: String,
    /// The numbers for machines.
    #[serde(with = "json_text")]
    pub data: Map<String, Value>,
    /// When.
    pub created_at_ms: i64,
    /// When it was read.
    pub read_at_ms: Option<i64>,
}

/// A page of an inbox, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbox {
    /// The rows.
    pub items: Vec<Notification>,
    /// How many of the whole inbox are unread.
    pub unread: i64,
}

/// The place of a row in the inbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    /// When.
    pub created_at_ms: i64,
    /// Its id.
    pub notification_id: Uuid,
}

#[derive(Deserialize)]
struct UnreadRow {
    unread: i64,
}

/// Reads a page of the inbox. `None`: the key is not live.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    unread_only: bool,
    after: Option<&Position>,
    limit: i64,
) -> Result<Option<Inbox>, DatabaseError> {
    let select = proof.statement(
        "SELECT notification_id, kind, title, body, data, created_at_ms, read_at_ms \
         FROM notifications WHERE athlete_id = ?1 AND (NOT ?4 OR read_at_ms IS NULL) \
         AND (?5 IS NULL OR (created_at_ms, notification_id) < (?5, ?6)) \
         ORDER BY created_at_ms DESC, notification_id DESC LIMIT ?7",
        [
            i64::from(unread_only).into(),
            after.map(|position| position.created_at_ms).into(),
            after.map(|position| position.notification_id.to_string()).as_deref().into(),
            limit.into(),
        ],
    );
    let unread = Statement::new(
        "SELECT count(*) AS unread FROM notifications \
         WHERE athlete_id = ?1 AND read_at_ms IS NULL",
        [Param::text(proof.athlete_id)],
    );
    let Some(results) = with_key(database, proof, vec![select, unread]).await? else {
        return Ok(None);
    };
    let mut results = Results::new(results);
    let items = results.rows()?;
    let unread = results.rows::<UnreadRow>()?.first().map_or(0, |row| row.unread);
    Ok(Some(Inbox { items, unread }))
}

/// Marks one row as read; the first time counts. `None`: the key is not live. `false`: there is no
/// such row of this athlete.
pub async fn mark_read(
    database: &dyn Database,
    proof: &KeyProof,
    notification_id: Uuid,
    now_ms: i64,
) -> Result<Option<bool>, DatabaseError> {
    let update = proof.statement(
        concat!(
            "UPDATE notifications SET read_at_ms = coalesce(read_at_ms, ?5) \
             WHERE athlete_id = ?1 AND notification_id = ?4 AND ",
            live_key!(),
            " RETURNING notification_id"
        ),
        [Param::text(notification_id), now_ms.into()],
    );
    let results = with_key(database, proof, vec![update]).await?;
    Ok(results.map(|results| results.iter().any(|result| !result.is_empty())))
}

/// Marks every row as read. `false`: the key is not live.
pub async fn mark_all_read(
    database: &dyn Database,
    proof: &KeyProof,
    now_ms: i64,
) -> Result<bool, DatabaseError> {
    let update = proof.statement(
        concat!(
            "UPDATE notifications SET read_at_ms = ?4 \
             WHERE athlete_id = ?1 AND read_at_ms IS NULL AND ",
            live_key!()
        ),
        [now_ms.into()],
    );
    Ok(with_key(database, proof, vec![update]).await?.is_some())
}
