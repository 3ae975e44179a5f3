//! Putting news into the in-app inbox, and the mails that go with it: a row is the outbox of its own
//! mail (docs/adr/0007-mail-claims.md). Reading it is [`crate::inbox`].

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::json_text;
use crate::quiet_hours::QuietHours;
use crate::webhooks::deliveries::DueDelivery;
use crate::webhooks::fan_out::{self, NewDelivery, Target};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use shared_kernel::{AthleteId, ChannelPreferences, EventId, NotificationKind};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// While a mail is being sent nobody else tries it; after that the sender counts as dead (ours: twice
/// what one batch may take to send).
pub const CLAIM_MS: i64 = 60_000;
/// Due mails of one athlete that are taken at once (ours).
const DUE_PER_ATHLETE_MAX: i64 = 20;
/// A day with a clock change has 25 hours: all mails of an athlete's day went out within them.
const DAY_MAX_MS: i64 = 25 * 3_600_000;
/// How old news can be whose mail counts for the daily limit (ours: a mail goes out within a day and
/// three hours of its news; of older news, which an operator sent back, it does not count).
const COUNTED_NEWS_AGE_MS: i64 = 7 * 86_400_000;

/// A row of the inbox that is to be there.
#[derive(Clone, Debug, PartialEq)]
pub struct NewInboxRow {
    /// Whose inbox.
    pub athlete_id: AthleteId,
    /// The event that asked for it; the row's key.
    pub event_id: EventId,
    /// What kind of news.
    pub kind: NotificationKind,
    /// A line.
    pub title: String,
    /// The text.
    pub body: String,
    /// The numbers for machines.
    pub data: Map<String, Value>,
    /// When the event happened.
    pub created_at_ms: i64,
    /// Until when it is kept.
    pub expires_at_ms: i64,
    /// Whether the inbox shows it; else it is there for its mail.
    pub in_app: bool,
    /// From when on its mail may go; `None` when it is not to be mailed.
    pub mail_due_at_ms: Option<i64>,
}

/// How an athlete wants to be told.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Preferences {
    /// What to call them.
    pub display_name: String,
    /// Where mail goes.
    pub email: Option<String>,
    /// A pattern at least so sure is mailed.
    pub email_threshold: f64,
    /// Which news goes which way.
    #[serde(with = "json_text")]
    pub channels: ChannelPreferences,
    /// Of the IANA database.
    pub time_zone: String,
    /// When no mail goes.
    #[serde(deserialize_with = "json_text::optional")]
    pub quiet_hours: Option<QuietHours>,
    /// So many mails go on one of their days.
    pub daily_mail_limit: i64,
    /// When mails went in the last 25 hours: those of their day are among them.
    #[serde(with = "json_text")]
    pub mailed_at_ms: Vec<i64>,
    /// Their endpoints of outgoing webhooks that take deliveries; read for news only.
    #[serde(skip)]
    pub targets: Vec<Target>,
}

#[derive(Deserialize)]
struct PreferencesRow {
    athlete_id: AthleteId,
    #[serde(flatten)]
    preferences: Preferences,
}

/// The statement behind [`preferences`].
fn select_preferences(athletes: &[AthleteId], now_ms: i64) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(
        "SELECT athlete.athlete_id, athlete.display_name, athlete.email, \
         athlete.email_threshold, athlete.channels, athlete.time_zone, athlete.quiet_hours, \
         athlete.daily_mail_limit, (SELECT json_group_array(mailed_at_ms) FROM notifications \
         WHERE notifications.athlete_id = athlete.athlete_id AND created_at_ms > ?2 \
         AND mailed_at_ms > ?3) AS mailed_at_ms FROM json_each(?1) AS asked \
         JOIN athletes AS athlete ON athlete.athlete_id = asked.value",
        [
            Param::json(&athletes)?,
            (now_ms - COUNTED_NEWS_AGE_MS).into(),
            (now_ms - DAY_MAX_MS).into(),
        ],
    ))
}

fn by_athlete(rows: Vec<PreferencesRow>) -> BTreeMap<AthleteId, Preferences> {
    rows.into_iter().map(|row| (row.athlete_id, row.preferences)).collect()
}

/// How each of a list of athletes wants to be told, their webhooks included, in one round trip. Who
/// is not in the answer is no athlete.
pub async fn preferences(
    database: &dyn Database,
    athletes: &[AthleteId],
    now_ms: i64,
) -> Result<BTreeMap<AthleteId, Preferences>, DatabaseError> {
    let statements = vec![select_preferences(athletes, now_ms)?, fan_out::targets(athletes)?];
    let mut results = Results::new(database.batch(statements).await?);
    let mut preferences = by_athlete(results.rows()?);
    for target in results.rows::<Target>()? {
        if let Some(preferences) = preferences.get_mut(&target.key.athlete_id) {
            preferences.targets.push(target);
        }
    }
    Ok(preferences)
}

/// A mail that is the caller's to send until its claim is over.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ClaimedEmail {
    /// Whose.
    pub athlete_id: AthleteId,
    /// The row; the id of the event that asked for it.
    pub notification_id: Uuid,
    /// Where the row stands in its inbox.
    pub seq: i64,
    /// What kind of news, by its name.
    pub kind: String,
    /// A line.
    pub title: String,
    /// The text.
    pub body: String,
    /// The numbers.
    #[serde(with = "json_text")]
    pub data: Map<String, Value>,
    /// Which try this is, from 1.
    pub mail_attempt: i64,
    /// When the claim is over; who holds it is known by it.
    #[serde(rename = "mail_due_at_ms")]
    pub claim_ends_at_ms: i64,
}

macro_rules! claimed_columns {
    () => {
        "notifications.athlete_id, notifications.notification_id, seq, kind, title, body, data, \
         mail_attempt, mail_due_at_ms"
    };
}

/// Claims by athlete, the oldest news first.
fn in_order(mut claimed: Vec<ClaimedEmail>) -> Vec<ClaimedEmail> {
    claimed.sort_by_key(|mail| (mail.athlete_id, mail.seq));
    claimed
}

/// A piece of news as it is to be stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewNotification {
    /// Its row in the inbox; `None`: no inbox shows it and no mail tells it.
    pub notification: Option<NewInboxRow>,
    /// Its deliveries to endpoints.
    pub deliveries: Vec<NewDelivery>,
}

/// What is to be done now about news that is stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredNotifications {
    /// The mails that are the caller's to send.
    pub claimed: Vec<ClaimedEmail>,
    /// The deliveries that are new, and due.
    pub due: Vec<DueDelivery>,
}

/// Puts notifications into the inboxes, takes away what those athletes' inboxes keep no longer,
/// claims the new mails that may go now, and stores deliveries: one round trip.
///
/// A row that is there stays as it is, with its place. Its mail is claimed only when it is due: a
/// second copy of a message wins nothing while the first is sending.
pub async fn store(
    database: &dyn Database,
    news: &[NewNotification],
    now_ms: i64,
) -> Result<StoredNotifications, DatabaseError> {
    let deliveries: Vec<_> = news.iter().flat_map(|news| &news.deliveries).collect();
    let notifications = news.iter().filter_map(|news| news.notification.as_ref());
    // A batch may bring an event twice.
    let unique: BTreeMap<_, _> =
        notifications.map(|new| ((new.athlete_id, new.event_id), new)).collect();
    let rows: Vec<_> = unique.values().map(|notification| row(notification)).collect();
    let athletes: BTreeSet<_> = unique.keys().map(|(athlete_id, _)| athlete_id).collect();
    let is_due = |new: &&&NewInboxRow| new.mail_due_at_ms.is_some_and(|at| at <= now_ms);
    let due: Vec<_> =
        unique.values().filter(is_due).map(|new| (new.athlete_id, new.event_id)).collect();
    let claim = Statement::new(
        concat!(
            "UPDATE notifications SET mail_due_at_ms = ?2 + ?3, mail_attempt = mail_attempt + 1 \
             FROM (SELECT value ->> 0 AS athlete_id, value ->> 1 AS notification_id \
             FROM json_each(?1)) AS new WHERE notifications.athlete_id = new.athlete_id \
             AND notifications.notification_id = new.notification_id \
             AND mailed_at_ms IS NULL AND mail_due_at_ms <= ?2 RETURNING ",
            claimed_columns!()
        ),
        [Param::json(&due)?, now_ms.into(), CLAIM_MS.into()],
    );
    let expire = Statement::new(EXPIRE, [Param::json(&athletes)?, now_ms.into()]);
    let insert = Statement::new(INSERT, [Param::json(&rows)?]);
    let mut statements = vec![insert, expire, claim];
    // Most athletes have no endpoints.
    if !deliveries.is_empty() {
        statements.extend(fan_out::insert(&deliveries, now_ms)?);
    }
    let mut results = Results::new(database.batch(statements).await?);
    results.skip_one();
    results.skip_one();
    let claimed = in_order(results.rows()?);
    let mut due = Vec::new();
    if !deliveries.is_empty() {
        results.skip_one();
        due = results.rows()?;
    }
    Ok(StoredNotifications { claimed, due })
}

/// The row with the highest place stays, expired or not: no place is given twice. What is expired is
/// found in an index alone: it is looked for with each piece of news.
const EXPIRE: &str = "DELETE FROM notifications WHERE (athlete_id, notification_id) IN (\
     SELECT old.athlete_id, old.notification_id \
     FROM notifications AS old INDEXED BY notifications_by_seq \
     WHERE old.athlete_id IN (SELECT value FROM json_each(?1)) AND old.expires_at_ms <= ?2 \
     AND old.seq < (SELECT max(seq) FROM notifications AS every \
     WHERE every.athlete_id = old.athlete_id))";

/// Only rows that are not there get a place: the next ones of their inbox, in the order of their
/// times.
const INSERT: &str = "INSERT INTO notifications (athlete_id, notification_id, kind, title, body, \
     data, created_at_ms, expires_at_ms, in_app, mail_due_at_ms, seq) \
     SELECT athlete_id, notification_id, kind, title, body, data, created_at_ms, expires_at_ms, \
     in_app, mail_due_at_ms, coalesce((SELECT max(last.seq) FROM notifications AS last \
     WHERE last.athlete_id = new.athlete_id), 0) + row_number() OVER (\
     PARTITION BY athlete_id ORDER BY created_at_ms, notification_id) FROM (\
     SELECT value ->> 'athlete_id' AS athlete_id, value ->> 'notification_id' AS notification_id, \
     value ->> 'kind' AS kind, value ->> 'title' AS title, value ->> 'body' AS body, \
     value -> 'data' AS data, value ->> 'created_at_ms' AS created_at_ms, \
     value ->> 'expires_at_ms' AS expires_at_ms, value ->> 'in_app' AS in_app, \
     value ->> 'mail_due_at_ms' AS mail_due_at_ms FROM json_each(?1)) AS new \
     WHERE NOT EXISTS (SELECT 1 FROM notifications AS old WHERE old.athlete_id = new.athlete_id \
     AND old.notification_id = new.notification_id)";

fn row(notification: &NewInboxRow) -> Value {
    json!({
        "athlete_id": notification.athlete_id,
        "notification_id": notification.event_id,
        "kind": notification.kind.as_str(),
        "title": notification.title,
        "body": notification.body,
        "data": notification.data,
        "created_at_ms": notification.created_at_ms,
        "expires_at_ms": notification.expires_at_ms,
        "in_app": notification.in_app,
        "mail_due_at_ms": notification.mail_due_at_ms,
    })
}

/// The mails of some athletes that were claimed, and how those athletes want to be told by now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimedEmails {
    /// The mails.
    pub claimed: Vec<ClaimedEmail>,
    /// By athlete.
    pub preferences: BTreeMap<AthleteId, Preferences>,
}

/// Claims the mails of some athletes that are due, the longest due first and at most twenty of
/// each, and reads those athletes' preferences: one round trip.
pub async fn claim_due_emails(
    database: &dyn Database,
    athletes: &[AthleteId],
    now_ms: i64,
) -> Result<ClaimedEmails, DatabaseError> {
    let claim = Statement::new(
        CLAIM_DUE,
        [Param::json(&athletes)?, now_ms.into(), CLAIM_MS.into(), DUE_PER_ATHLETE_MAX.into()],
    );
    let select = select_preferences(athletes, now_ms)?;
    let mut results = Results::new(database.batch(vec![claim, select]).await?);
    Ok(ClaimedEmails {
        claimed: in_order(results.rows()?),
        preferences: by_athlete(results.rows()?),
    })
}

/// It reads the rows of mails that are due, and no others of those inboxes.
const CLAIM_DUE: &str = concat!(
    "UPDATE notifications SET mail_due_at_ms = ?2 + ?3, mail_attempt = mail_attempt + 1 \
     WHERE (athlete_id, notification_id) IN (SELECT athlete_id, notification_id FROM (\
     SELECT athlete_id, notification_id, row_number() OVER (\
     PARTITION BY athlete_id ORDER BY mail_due_at_ms, seq) AS turn \
     FROM notifications INDEXED BY notifications_mail_due \
     WHERE athlete_id IN (SELECT value FROM json_each(?1)) AND mailed_at_ms IS NULL \
     AND mail_due_at_ms <= ?2) WHERE turn <= ?4) RETURNING ",
    claimed_columns!()
);

/// What became of a claimed mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmailResult {
    /// Whose.
    pub athlete_id: AthleteId,
    /// The row.
    pub notification_id: Uuid,
    /// When the claim that it was sent by is over.
    pub claim_ends_at_ms: i64,
    /// How many tries count now: one less when this was none.
    pub tries: i64,
    /// When it went.
    pub mailed_at_ms: Option<i64>,
    /// When it is due again; `None`: it never is.
    pub mail_due_at_ms: Option<i64>,
    /// Why it did not go.
    pub mail_error: Option<String>,
}

/// Records what became of claimed mails, in one round trip. One that went is never sent again; of
/// one that did not, only who still holds the claim can say what is next. No two claims on a mail
/// end at one instant, for it is due to nobody before; the number of a try can come back.
pub async fn record_emails(
    database: &dyn Database,
    records: &[EmailResult],
) -> Result<(), DatabaseError> {
    let update = Statement::new(
        "UPDATE notifications SET mailed_at_ms = mail.mailed_at_ms, \
         mail_due_at_ms = mail.mail_due_at_ms, mail_error = mail.mail_error, \
         mail_attempt = mail.tries FROM (SELECT value ->> 'athlete_id' AS athlete_id, \
         value ->> 'notification_id' AS notification_id, value ->> 'claim_ends_at_ms' AS claim_ends_at_ms, \
         value ->> 'tries' AS tries, value ->> 'mailed_at_ms' AS mailed_at_ms, \
         value ->> 'mail_due_at_ms' AS mail_due_at_ms, value ->> 'mail_error' AS mail_error \
         FROM json_each(?1)) AS mail WHERE notifications.athlete_id = mail.athlete_id \
         AND notifications.notification_id = mail.notification_id \
         AND notifications.mailed_at_ms IS NULL \
         AND (mail.mailed_at_ms IS NOT NULL \
         OR notifications.mail_due_at_ms = mail.claim_ends_at_ms)",
        [Param::json(&records)?],
    );
    database.batch(vec![update]).await.map(drop)
}

#[derive(Deserialize)]
struct AthleteRow {
    athlete_id: AthleteId,
}

/// The athletes who have mails that are due, the longest due first; nothing is changed, so that who
/// is told of it can claim them.
pub async fn athletes_with_due_emails(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<AthleteId>, DatabaseError> {
    let select = Statement::new(ATHLETES_WITH_DUE_MAILS, [now_ms.into(), limit.into()]);
    let rows = Results::new(database.batch(vec![select]).await?).rows::<AthleteRow>()?;
    Ok(rows.into_iter().map(|row| row.athlete_id).collect())
}

/// Over an index of the mails that wait alone.
const ATHLETES_WITH_DUE_MAILS: &str = "SELECT athlete_id \
     FROM notifications INDEXED BY notifications_mail_due WHERE mail_due_at_ms <= ?1 \
     GROUP BY athlete_id ORDER BY min(mail_due_at_ms), athlete_id LIMIT ?2";

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Sqlite;

    #[test]
    fn what_is_expired_and_what_is_due_is_found_in_an_index() {
        let database = Sqlite::migrated();
        let check = |sql: &str, plan: &[&str]| {
            let sql = ["?1", "?2", "?3", "?4"]
                .iter()
                .fold(sql.to_owned(), |sql, param| sql.replace(param, "1"));
            let steps = database.query(&format!("EXPLAIN QUERY PLAN {sql}"));
            let reads: Vec<_> = steps
                .iter()
                .filter_map(|step| {
                    let step: Value = serde_json::from_str(step).ok()?;
                    let detail = step.get("detail")?.as_str()?.to_owned();
                    detail.contains(" USING ").then_some(detail)
                })
                .collect();
            assert_eq!(reads, plan, "{sql}");
        };
        let by_key = "SEARCH notifications USING PRIMARY KEY (athlete_id=? AND notification_id=?)";
        check(
            EXPIRE,
            &[
                by_key,
                "SEARCH old USING COVERING INDEX notifications_by_seq (athlete_id=?)",
                "SEARCH every USING COVERING INDEX notifications_by_seq (athlete_id=?)",
            ],
        );
        check(
            CLAIM_DUE,
            &[
                by_key,
                "SEARCH notifications USING INDEX notifications_mail_due \
                 (athlete_id=? AND mail_due_at_ms<?)",
            ],
        );
        check(
            ATHLETES_WITH_DUE_MAILS,
            &["SCAN notifications USING COVERING INDEX notifications_mail_due"],
        );
    }
}
