//! The in-app inbox as its athlete reads it. [`crate::notifications`] fills it.
//!
//! The inbox shows rows with `in_app` that have not expired.
//!
//! `seq` is the position of a row in its inbox. The inserting statement assigns the athlete's
//! highest `seq` plus one, and write transactions of a database run one after the other. So rows
//! become visible in the order of `seq`, and a client that has seen a row has seen all earlier
//! ones.

use crate::database::{Database, Param, Statement};
use crate::guard::Guarded;
use crate::json_text;
use crate::keys::{KeyProof, live_key, rows_with_key, with_key, write_with_key};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use uuid::Uuid;

/// A row of the inbox.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Notification {
    pub seq: i64,
    pub notification_id: Uuid,
    pub kind: String,
    pub title: String,
    pub body: String,
    #[serde(with = "json_text")]
    pub data: Map<String, Value>,
    pub created_at_ms: i64,
    pub read_at_ms: Option<i64>,
}

/// A page of an inbox, newest first.
#[derive(Clone, Debug, PartialEq)]
pub struct Inbox {
    pub items: Vec<Notification>,
    /// Unread rows of the whole inbox.
    pub unread: i64,
    /// The highest `seq` of the athlete's rows, hidden ones included; 0 if there are none.
    pub last_seq: i64,
}

/// The position of a row in the inbox list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NotificationPosition {
    pub created_at_ms: i64,
    pub notification_id: Uuid,
}

/// A page of an inbox to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxQuery {
    pub unread_only: bool,
    pub after: Option<NotificationPosition>,
    pub limit: i64,
}

/// A page of the inbox, or of its unread rows. Each reads no more rows than it returns, and expired ones:
/// those are deleted with the next notification.
macro_rules! page {
    ($rows:literal) => {
        concat!(
            "SELECT seq, notification_id, kind, title, body, data, created_at_ms, read_at_ms \
             FROM notifications ",
            $rows,
            " athlete_id = ?1 AND in_app = 1 AND expires_at_ms > ?4 AND (?5 IS NULL OR (created_at_ms, notification_id) < (?5, ?6)) \
             ORDER BY created_at_ms DESC, notification_id DESC LIMIT ?7"
        )
    };
}
const PAGE: &str = page!("WHERE");
const UNREAD_PAGE: &str = page!("INDEXED BY notifications_unread WHERE read_at_ms IS NULL AND");

/// Reads only an index of unread shown rows.
const UNREAD: &str = "SELECT count(*) AS unread FROM notifications \
     WHERE athlete_id = ?1 AND expires_at_ms > ?2 AND read_at_ms IS NULL AND in_app = 1";

const LAST_SEQ: &str = "SELECT coalesce(max(seq), 0) AS last_seq FROM notifications \
     WHERE athlete_id = ?1";

const AFTER_SEQ: &str = "SELECT seq, notification_id, kind, title, body, data, created_at_ms, \
     read_at_ms FROM notifications WHERE athlete_id = ?1 AND seq > ?4 AND in_app = 1 \
     AND expires_at_ms > ?5 ORDER BY seq LIMIT ?6";

/// Returns a page of the inbox, with the `seq` after which a stream continues. Both are read in one
/// transaction: each row is either on the page or in the stream.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    page: &InboxQuery,
    now_ms: i64,
) -> Guarded<Inbox> {
    let after = page.after.as_ref();
    let select = proof.statement(
        if page.unread_only { UNREAD_PAGE } else { PAGE },
        [
            now_ms.into(),
            after.map(|position| position.created_at_ms).into(),
            after.map(|position| position.notification_id.to_string()).as_deref().into(),
            page.limit.into(),
        ],
    );
    let unread = Statement::new(UNREAD, [Param::text(proof.athlete_id), now_ms.into()]);
    let last = Statement::new(LAST_SEQ, [Param::text(proof.athlete_id)]);
    let mut results = with_key(database, proof, vec![select, unread, last]).await?;
    Ok(Inbox {
        items: results.rows()?,
        unread: results.value()?.unwrap_or(0),
        last_seq: results.value()?.unwrap_or(0),
    })
}

/// Returns the highest `seq` of the athlete's rows, hidden ones included; 0 if there are none.
pub async fn last_seq(database: &dyn Database, proof: &KeyProof) -> Guarded<i64> {
    let select = Statement::new(LAST_SEQ, [Param::text(proof.athlete_id)]);
    Ok(with_key(database, proof, vec![select]).await?.value()?.unwrap_or(0))
}

/// Returns the shown rows after `seq`, in the order of `seq`, at most `limit`.
pub async fn after_seq(
    database: &dyn Database,
    proof: &KeyProof,
    seq: i64,
    limit: i64,
    now_ms: i64,
) -> Guarded<Vec<Notification>> {
    let select = proof.statement(AFTER_SEQ, [seq.into(), now_ms.into(), limit.into()]);
    rows_with_key(database, proof, select).await
}

/// Marks one shown row as read. The first time counts.
pub async fn mark_read(
    database: &dyn Database,
    proof: &KeyProof,
    notification_id: Uuid,
    now_ms: i64,
) -> Guarded<()> {
    let update = proof.statement(
        concat!(
            "UPDATE notifications SET read_at_ms = coalesce(read_at_ms, ?5) \
             WHERE athlete_id = ?1 AND notification_id = ?4 AND in_app = 1 \
             AND expires_at_ms > ?5 AND ",
            live_key!(),
            " RETURNING notification_id"
        ),
        [Param::text(notification_id), now_ms.into()],
    );
    write_with_key(database, proof, update).await
}

/// Marks every shown row that is unread as read.
pub async fn mark_all_read(database: &dyn Database, proof: &KeyProof, now_ms: i64) -> Guarded<()> {
    let update = proof.statement(
        concat!(
            "UPDATE notifications SET read_at_ms = ?4 WHERE athlete_id = ?1 \
             AND expires_at_ms > ?4 AND read_at_ms IS NULL AND in_app = 1 AND ",
            live_key!()
        ),
        [now_ms.into()],
    );
    with_key(database, proof, vec![update]).await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Sqlite;

    #[test]
    fn unread_rows_and_stream_read_only_an_index() {
        let database = Sqlite::migrated();
        let check = |sql: &str, plan: &str| {
            let sql = ["?1", "?2", "?4", "?5", "?6", "?7"]
                .iter()
                .fold(sql.to_owned(), |sql, param| sql.replace(param, "1"));
            let steps = database.query(&format!("EXPLAIN QUERY PLAN {sql}"));
            let [step] = steps.as_slice() else { panic!("more than one step: {steps:?}") };
            assert!(step.contains(plan), "{step}");
        };
        check(
            UNREAD,
            "SEARCH notifications USING COVERING INDEX notifications_unread (athlete_id=?)",
        );
        check(UNREAD_PAGE, "SEARCH notifications USING INDEX notifications_unread (athlete_id=?)");
        check(PAGE, "SEARCH notifications USING INDEX notifications_by_time (athlete_id=?)");
        check(LAST_SEQ, "SEARCH notifications USING COVERING INDEX notifications_by_seq");
        check(
            AFTER_SEQ,
            "SEARCH notifications USING INDEX notifications_by_seq (athlete_id=? AND seq>?)",
        );
    }
}
