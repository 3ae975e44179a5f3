//! Putting news into the in-app inbox, and the claims on the mails that go with it. Reading it is
//! [`crate::inbox`].

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared_kernel::{AthleteId, EventId};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A row of the inbox that is to be there.
#[derive(Clone, Debug, PartialEq)]
pub struct NewNotification {
    /// Whose inbox.
    pub athlete_id: AthleteId,
    /// The event that asked for it; the row's key.
    pub event_id: EventId,
    /// What kind of news.
    pub kind: String,
    /// A line.
    pub title: String,
    /// The text.
    pub body: String,
    /// The numbers for machines.
    pub data: Map<String, Value>,
    /// When the event happened.
    pub created_at_ms: i64,
    /// The delivery attempt that wants to mail it; `None` when it is not to be mailed.
    pub mail_attempt: Option<u32>,
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
}

#[derive(Deserialize)]
struct PreferencesRow {
    athlete_id: AthleteId,
    #[serde(flatten)]
    preferences: Preferences,
}

/// How each of a list of athletes wants to be told, in one round trip. Who is not in the answer
/// is no athlete.
pub async fn preferences(
    database: &dyn Database,
    athletes: &[AthleteId],
) -> Result<BTreeMap<AthleteId, Preferences>, DatabaseError> {
    let select = Statement::new(
        "SELECT athlete.athlete_id, athlete.display_name, athlete.email, \
         athlete.email_threshold FROM json_each(?1) AS asked \
         JOIN athletes AS athlete ON athlete.athlete_id = asked.value",
        [Param::json(&athletes)?],
    );
    let rows = Results::new(database.batch(vec![select]).await?).rows::<PreferencesRow>()?;
    Ok(rows.into_iter().map(|row| (row.athlete_id, row.preferences)).collect())
}

#[derive(Deserialize)]
struct ClaimRow {
    athlete_id: AthleteId,
    notification_id: Uuid,
}

/// Puts notifications into the inboxes and claims their mails, in one round trip. Answers the
/// claims won: those mails are this delivery's to send.
///
/// A claim is won when the mail was never sent and no claim of this or a later attempt stands. So
/// a second copy of a message wins nothing, while the next attempt of a message whose attempt
/// before it died takes the claim over.
pub async fn store_and_claim(
    database: &dyn Database,
    notifications: &[NewNotification],
) -> Result<BTreeSet<(AthleteId, EventId)>, DatabaseError> {
    let rows: Vec<_> = notifications
        .iter()
        .map(|notification| {
            json!({
                "athlete_id": notification.athlete_id,
                "notification_id": notification.event_id,
                "kind": notification.kind,
                "title": notification.title,
                "body": notification.body,
                "data": notification.data,
                "created_at_ms": notification.created_at_ms,
            })
        })
        .collect();
    let claims: Vec<_> = notifications
        .iter()
        .filter_map(|n| n.mail_attempt.map(|attempt| (n.athlete_id, n.event_id, attempt)))
        .collect();
    let insert = Statement::new(
        "INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
         created_at_ms) \
         SELECT value ->> 'athlete_id', value ->> 'notification_id', value ->> 'kind', \
         value ->> 'title', value ->> 'body', value -> 'data', value ->> 'created_at_ms' \
         FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING",
        [Param::json(&rows)?],
    );
    let claim = Statement::new(
        "UPDATE notifications SET mail_attempt = claim.attempt FROM (\
         SELECT value ->> 0 AS athlete_id, value ->> 1 AS notification_id, \
         value ->> 2 AS attempt FROM json_each(?1)) AS claim \
         WHERE notifications.athlete_id = claim.athlete_id \
         AND notifications.notification_id = claim.notification_id \
         AND mailed_at_ms IS NULL AND mail_attempt < claim.attempt \
         RETURNING notifications.athlete_id, notifications.notification_id",
        [Param::json(&claims)?],
    );
    let mut results = Results::new(database.batch(vec![insert, claim]).await?);
    results.skip_one();
    let won = results.rows::<ClaimRow>()?;
    Ok(won.into_iter().map(|row| (row.athlete_id, EventId(row.notification_id))).collect())
}

/// Records what became of claimed mails, in one round trip: a sent one is never sent again; a
/// refused one is free to be claimed, if its claim is still that of this attempt.
pub async fn record_mails(
    database: &dyn Database,
    sent: &[(AthleteId, EventId)],
    refused: &[(AthleteId, EventId, u32)],
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let mark = Statement::new(
        "UPDATE notifications SET mailed_at_ms = ?2 FROM (\
         SELECT value ->> 0 AS athlete_id, value ->> 1 AS notification_id FROM json_each(?1)) \
         AS mail WHERE notifications.athlete_id = mail.athlete_id \
         AND notifications.notification_id = mail.notification_id",
        [Param::json(&sent)?, now_ms.into()],
    );
    let release = Statement::new(
        "UPDATE notifications SET mail_attempt = 0 FROM (\
         SELECT value ->> 0 AS athlete_id, value ->> 1 AS notification_id, \
         value ->> 2 AS attempt FROM json_each(?1)) AS mail WHERE notifications.athlete_id = mail.athlete_id \
         AND notifications.notification_id = mail.notification_id \
         AND mail_attempt = mail.attempt AND mailed_at_ms IS NULL",
        [Param::json(&refused)?],
    );
    database.batch(vec![mark, release]).await.map(drop)
}
