//! Stores notifications in the in-app inbox. A row is also the outbox of its e-mail
//! (docs/adr/0007-mail-claims.md). [`crate::inbox`] reads the inbox.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::json_text;
use crate::sql::query;
use crate::webhooks::DueDelivery;
use crate::webhooks::fan_out::{self, NewDelivery, Target};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use shared_kernel::{AthleteId, ChannelPreferences, EmailKind, EventId, QuietHours, policy};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The duration of a claim on an e-mail. Twice the time for sending a batch: after that the sender
/// counts as dead.
pub const CLAIM_MS: i64 = 60_000;
/// Due e-mails of one athlete in one batch, at most.
const DUE_PER_ATHLETE_MAX: i64 = 20;
/// A local day with a clock change has 25 hours.
const DAY_MAX_MS: i64 = 25 * 3_600_000;
/// The maximum age of notifications that count for the daily limit of e-mails. An e-mail is held for at
/// most six days and sent within a day and three hours after that; older ones are only those that an
/// operator redrove.
const COUNTED_AGE_MS_MAX: i64 = 9 * 86_400_000;

/// A new row of the inbox.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewInboxRow {
    pub athlete_id: AthleteId,
    /// The event that requested it; the row's key.
    #[serde(rename = "notification_id")]
    pub event_id: EventId,
    #[serde(serialize_with = "kind_name")]
    pub kind: EmailKind,
    pub title: String,
    pub body: String,
    pub data: Map<String, Value>,
    /// The time of the event.
    pub created_at_ms: i64,
    pub expires_at_ms: i64,
    /// Whether the inbox shows it. A hidden row is only the outbox of its e-mail.
    pub in_app: bool,
    /// The earliest time of its e-mail; `None` if it is not e-mailed.
    pub mail_due_at_ms: Option<i64>,
    /// Its claim on the attention budget.
    #[serde(flatten)]
    pub slot: Slot,
}

/// The claim of a notification on the athlete's attention budget
/// ([`shared_kernel::policy::SHOWN_A_WEEK_MAX`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Slot {
    /// The athlete's local day; `None` if the budget does not limit it.
    pub slot_day: Option<NaiveDate>,
    /// The lowest is the most useful.
    pub slot_rank: Option<i64>,
    /// Whether it is held. `None` until [`store`] decides.
    pub held: Option<u8>,
}

impl Slot {
    /// The slot of a notification that the budget does not limit.
    pub const EXEMPT: Self = Self { slot_day: None, slot_rank: None, held: Some(0) };

    /// Claims a slot of a local day.
    pub const fn claim(day: NaiveDate, rank: i64) -> Self {
        Self { slot_day: Some(day), slot_rank: Some(rank), held: None }
    }
}

/// The notification preferences of an athlete.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Preferences {
    pub display_name: String,
    pub email: Option<String>,
    /// Whether the address may get more than the link that confirms it.
    #[serde(with = "json_text")]
    pub email_confirmed: bool,
    pub email_threshold: f64,
    #[serde(with = "json_text")]
    pub channels: ChannelPreferences,
    pub time_zone: String,
    #[serde(deserialize_with = "json_text::optional")]
    pub quiet_hours: Option<QuietHours>,
    pub daily_mail_limit: i64,
    /// The notifications that were e-mailed in the last 25 hours, which include the local day.
    #[serde(with = "json_text")]
    pub mailed_at_ms: Vec<i64>,
    /// Enabled webhook endpoints; only read for notifications.
    #[serde(skip)]
    pub targets: Vec<Target>,
}

/// Selects the rows of [`preferences`].
fn select_preferences(athletes: &[AthleteId], now_ms: i64) -> Result<Statement, DatabaseError> {
    query!("notifications/preferences.sql").bind([
        ("athletes", Param::json(&athletes)?),
        ("created_after_ms", (now_ms - COUNTED_AGE_MS_MAX).into()),
        ("mailed_after_ms", (now_ms - DAY_MAX_MS).into()),
    ])
}

/// Returns the preferences of each athlete that exists, webhook endpoints included, in one round
/// trip.
pub async fn preferences(
    database: &dyn Database,
    athletes: &[AthleteId],
    now_ms: i64,
) -> Result<BTreeMap<AthleteId, Preferences>, DatabaseError> {
    let statements = vec![select_preferences(athletes, now_ms)?, fan_out::targets(athletes)?];
    let mut results = Results::new(database.batch(statements).await?);
    let mut preferences: BTreeMap<_, Preferences> = results.with_athlete()?.collect();
    for target in results.rows::<Target>()? {
        if let Some(preferences) = preferences.get_mut(&target.key.athlete_id) {
            preferences.targets.push(target);
        }
    }
    Ok(preferences)
}

/// An e-mail that the caller must send before its claim ends.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct ClaimedEmail {
    pub athlete_id: AthleteId,
    pub notification_id: Uuid,
    pub seq: i64,
    pub kind: String,
    pub title: String,
    pub body: String,
    #[serde(with = "json_text")]
    pub data: Map<String, Value>,
    pub created_at_ms: i64,
    /// The number of this try, from 1.
    pub mail_attempt: i64,
    /// The end of the claim, which identifies its holder.
    #[serde(rename = "mail_due_at_ms")]
    pub claim_ends_at_ms: i64,
}

/// Sorts by athlete, the oldest notification first.
fn sorted(mut claimed: Vec<ClaimedEmail>) -> Vec<ClaimedEmail> {
    claimed.sort_by_key(|email| (email.athlete_id, email.seq));
    claimed
}

/// A notification to be stored.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewNotification {
    /// `None` if it is neither shown in the inbox nor e-mailed.
    pub inbox_row: Option<NewInboxRow>,
    pub deliveries: Vec<NewDelivery>,
}

/// The work that stored notifications require now.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredNotifications {
    pub claimed: Vec<ClaimedEmail>,
    pub due: Vec<DueDelivery>,
}

/// Stores notifications, holds those that exceed the attention budget, deletes expired rows of those inboxes, claims the new e-mails that are
/// due, and stores deliveries, in one round trip.
///
/// An existing row stays as it is. Its e-mail is only claimed when it is due: a duplicate message
/// claims nothing while the first one is sending.
pub async fn store(
    database: &dyn Database,
    new: &[NewNotification],
    now_ms: i64,
) -> Result<StoredNotifications, DatabaseError> {
    let deliveries: Vec<_> = new.iter().flat_map(|new| &new.deliveries).collect();
    let notifications = new.iter().filter_map(|new| new.inbox_row.as_ref());
    // A batch may contain an event twice.
    let unique: BTreeMap<_, _> =
        notifications.map(|new| ((new.athlete_id, new.event_id), new)).collect();
    let rows: Vec<_> = unique.values().collect();
    let athletes: BTreeSet<_> = unique.keys().map(|(athlete_id, _)| athlete_id).collect();
    let is_due = |new: &&&NewInboxRow| new.mail_due_at_ms.is_some_and(|at| at <= now_ms);
    let due: Vec<_> =
        unique.values().filter(is_due).map(|new| (new.athlete_id, new.event_id)).collect();
    let claim = query!("notifications/claim_new.sql").bind([
        ("due", Param::json(&due)?),
        ("now_ms", now_ms.into()),
        ("claim_ms", CLAIM_MS.into()),
    ])?;
    let expire = query!("notifications/expire.sql")
        .bind([("athletes", Param::json(&athletes)?), ("now_ms", now_ms.into())])?;
    let insert = query!("notifications/insert.sql").bind([("rows", Param::json(&rows)?)])?;
    let mut statements = vec![insert, expire];
    let limited = unique.values().filter(|new| new.slot.held.is_none());
    let limited: Vec<_> = limited.map(|new| (new.athlete_id, new.event_id)).collect();
    if !limited.is_empty() {
        statements.extend(hold(&limited)?);
    }
    let first_rows = statements.len();
    statements.push(claim);
    // Most athletes have no endpoints.
    if !deliveries.is_empty() {
        statements.extend(fan_out::insert(&deliveries, now_ms)?);
    }
    let mut results = Results::new(database.batch(statements).await?);
    results.skip(first_rows);
    let claimed = sorted(results.rows()?);
    let mut due = Vec::new();
    if !deliveries.is_empty() {
        results.skip(1);
        due = results.rows()?;
    }
    Ok(StoredNotifications { claimed, due })
}

/// Holds the new rows that exceed the attention budget, and those that give their slot to a new one.
fn hold(new: &[(AthleteId, EventId)]) -> Result<[Statement; 2], DatabaseError> {
    let hold = query!("notifications/hold.sql").bind([
        ("new", Param::json(&new)?),
        ("day_max", policy::SHOWN_A_DAY_MAX.into()),
        ("week_max", policy::SHOWN_A_WEEK_MAX.into()),
        ("advice_rank", policy::ADVICE_RANK_MIN.into()),
        ("advice_max", policy::SHOWN_WITHOUT_ACTION_IN_TWO_WEEKS_MAX.into()),
    ])?;
    let give_way = query!("notifications/give_way.sql")
        .bind([("new", Param::json(&new)?), ("advice_rank", policy::ADVICE_RANK_MIN.into())])?;
    Ok([hold, give_way])
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde requires this signature")]
fn kind_name<S: Serializer>(kind: &EmailKind, serializer: S) -> Result<S::Ok, S::Error> {
    kind.as_str().serialize(serializer)
}

/// Claimed e-mails, and the preferences of their athletes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClaimedEmails {
    pub claimed: Vec<ClaimedEmail>,
    pub preferences: BTreeMap<AthleteId, Preferences>,
}

/// Claims due e-mails of some athletes, the longest due first, and reads those athletes'
/// preferences, in one round trip.
pub async fn claim_due_emails(
    database: &dyn Database,
    athletes: &[AthleteId],
    now_ms: i64,
) -> Result<ClaimedEmails, DatabaseError> {
    let claim = query!("notifications/claim_due.sql").bind([
        ("athletes", Param::json(&athletes)?),
        ("now_ms", now_ms.into()),
        ("claim_ms", CLAIM_MS.into()),
        ("due_per_athlete_max", DUE_PER_ATHLETE_MAX.into()),
    ])?;
    let select = select_preferences(athletes, now_ms)?;
    let mut results = Results::new(database.batch(vec![claim, select]).await?);
    Ok(ClaimedEmails {
        claimed: sorted(results.rows()?),
        preferences: results.with_athlete()?.collect(),
    })
}

/// The result of sending a claimed e-mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EmailResult {
    pub athlete_id: AthleteId,
    pub notification_id: Uuid,
    pub claim_ends_at_ms: i64,
    /// Tries that count now: one less if nothing was sent.
    pub tries: i64,
    pub mailed_at_ms: Option<i64>,
    /// The next try; `None` is never.
    pub mail_due_at_ms: Option<i64>,
    pub mail_error: Option<String>,
}

/// Records the results of claimed e-mails, in one round trip. A sent e-mail is never sent twice. A
/// failure is only recorded while its claim is current: claims are identified by their end, because
/// the number of a try can repeat.
pub async fn record_emails(
    database: &dyn Database,
    records: &[EmailResult],
) -> Result<(), DatabaseError> {
    let update =
        query!("notifications/record_emails.sql").bind([("results", Param::json(&records)?)])?;
    database.batch_repeatable(vec![update]).await.map(drop)
}

/// Returns the athletes with due e-mails, the longest due first. Changes nothing: the handler of
/// the event claims them.
pub async fn athletes_with_due_emails(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<AthleteId>, DatabaseError> {
    let select = Statement::new(ATHLETES_WITH_DUE_EMAILS, [now_ms.into(), limit.into()]);
    Results::new(database.batch(vec![select]).await?).column()
}

/// Reads only an index of waiting e-mails.
const ATHLETES_WITH_DUE_EMAILS: &str = "SELECT athlete_id \
     FROM notifications INDEXED BY notifications_mail_due WHERE mail_due_at_ms <= ?1 \
     GROUP BY athlete_id ORDER BY min(mail_due_at_ms), athlete_id LIMIT ?2";

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Sqlite;

    #[test]
    fn expired_rows_and_due_emails_are_found_by_index() {
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
            query!("notifications/expire.sql").sql(),
            &[
                by_key,
                "SEARCH old USING COVERING INDEX notifications_by_seq (athlete_id=?)",
                "SEARCH every USING COVERING INDEX notifications_by_seq (athlete_id=?)",
            ],
        );
        check(
            query!("notifications/claim_due.sql").sql(),
            &[
                by_key,
                "SEARCH notifications USING INDEX notifications_mail_due \
                 (athlete_id=? AND mail_due_at_ms<?)",
            ],
        );
        check(
            ATHLETES_WITH_DUE_EMAILS,
            &["SCAN notifications USING COVERING INDEX notifications_mail_due"],
        );
    }
}
