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
use crate::keys::{KeyProof, live_key, page_with_key, with_key, write_with_key};
use crate::page::{Page, fitting};
use crate::sql::{Query, query};
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
    pub page: Page<Notification>,
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

/// The rows of a page of the list, and their order. Each reads no more rows than it returns, and expired ones: those
/// are deleted with the next notification.
const OLDER: &str =
    "(:after_ms IS NULL OR (created_at_ms, notification_id) < (:after_ms, :after_id))";
const UNREAD_OLDER: &str = "read_at_ms IS NULL AND \
    (:after_ms IS NULL OR (created_at_ms, notification_id) < (:after_ms, :after_id))";
const NEWEST_FIRST: &str = "created_at_ms DESC, notification_id DESC";

fn page_query(unread_only: bool) -> &'static Query {
    if unread_only {
        query!(
            "notifications/inbox.sql",
            index = "INDEXED BY notifications_unread",
            condition = UNREAD_OLDER,
            order = NEWEST_FIRST,
        )
    } else {
        query!("notifications/inbox.sql", index = "", condition = OLDER, order = NEWEST_FIRST)
    }
}

fn stream_query() -> &'static Query {
    query!("notifications/inbox.sql", index = "", condition = "seq > :seq", order = "seq")
}

/// Reads only an index of unread shown rows.
const UNREAD: &str = "SELECT count(*) AS unread FROM notifications \
     WHERE athlete_id = ?1 AND expires_at_ms > ?2 AND read_at_ms IS NULL AND in_app = 1";

const LAST_SEQ: &str = "SELECT coalesce(max(seq), 0) AS last_seq FROM notifications \
     WHERE athlete_id = ?1";

/// Returns a page of the inbox, with the `seq` after which a stream continues. Both are read in one
/// transaction: each row is either on the page or in the stream.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    page: &InboxQuery,
    now_ms: i64,
) -> Guarded<Inbox> {
    let after = page.after.as_ref();
    let named = proof.named().into_iter().chain(fitting(page.limit));
    let select = page_query(page.unread_only).bind(named.chain([
        ("now_ms", now_ms.into()),
        ("after_ms", after.map(|position| position.created_at_ms).into()),
        ("after_id", after.map(|position| position.notification_id.to_string()).as_deref().into()),
    ]))?;
    let unread = Statement::new(UNREAD, [Param::text(proof.athlete_id), now_ms.into()]);
    let last = Statement::new(LAST_SEQ, [Param::text(proof.athlete_id)]);
    let mut results = with_key(database, proof, vec![select, unread, last]).await?;
    Ok(Inbox {
        page: results.page()?,
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
) -> Guarded<Page<Notification>> {
    let named = proof.named().into_iter().chain(fitting(limit));
    let select =
        stream_query().bind(named.chain([("seq", seq.into()), ("now_ms", now_ms.into())]))?;
    page_with_key(database, proof, select).await
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
            let sql =
                (1..=12).rev().fold(sql.to_owned(), |sql, n| sql.replace(&format!("?{n}"), "1"));
            let steps = database.query(&format!("EXPLAIN QUERY PLAN {sql}"));
            let reads: Vec<_> =
                steps.iter().filter(|step| step.contains(" notification")).collect();
            let [first, rest @ ..] = reads.as_slice() else { panic!("nothing is read: {steps:?}") };
            assert!(first.contains(plan), "{first}");
            // The rows of a page, by their keys.
            let by_key =
                "SEARCH notification USING PRIMARY KEY (athlete_id=? AND notification_id=?)";
            assert!(rest.iter().all(|step| step.contains(by_key)), "{rest:?}");
            let is_sorted =
                steps.iter().any(|step| step.contains("TEMP B-TREE") && !step.contains("place"));
            assert!(!is_sorted || rest.len() == 1, "{steps:?}");
        };
        check(
            UNREAD,
            "SEARCH notifications USING COVERING INDEX notifications_unread (athlete_id=?)",
        );
        check(
            page_query(true).sql(),
            "SEARCH notifications USING INDEX notifications_unread (athlete_id=?)",
        );
        check(
            page_query(false).sql(),
            "SEARCH notifications USING INDEX notifications_by_time (athlete_id=?)",
        );
        check(LAST_SEQ, "SEARCH notifications USING COVERING INDEX notifications_by_seq");
        check(
            stream_query().sql(),
            "SEARCH notifications USING INDEX notifications_by_seq (athlete_id=? AND seq>?)",
        );
    }
}
