//! Deliveries as the owner of their endpoint uses them: the log, a test, retries.
//!
//! The caller that makes a delivery due publishes an event for its endpoint. The sweep finds
//! deliveries without one ([`overdue`]).

use super::endpoints::EndpointStatus;
use super::fan_out::{self, NewDelivery};
use super::{DueDelivery, LEASE_MS};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::json_text;
use crate::keys::{KeyProof, live_key, with_key};
use crate::page::{Page, fitting};
use crate::sql::query;
use serde::{Deserialize, Serialize};
use shared_kernel::{EventId, WebhookEventType};
use uuid::Uuid;

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryStatus {
    Waiting,
    Delivered,
    /// It has exhausted its retries, or its endpoint was disabled.
    Failed,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Waiting, Self::Delivered, Self::Failed];

    /// Returns the name on the wire and in a row.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// Returns the status of a name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// An entry of a delivery's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    pub at_ms: i64,
    /// An outcome of the retry schedule, or `disabled`.
    pub outcome: String,
    pub status: Option<u16>,
    pub error: Option<String>,
    pub duration_ms: i64,
    /// The beginning of the response body. Not read for a list.
    #[serde(rename = "answer")]
    pub response_body: Option<String>,
}

/// A delivery in a list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DeliverySummary {
    pub delivery_id: Uuid,
    pub event_id: EventId,
    pub event_type: WebhookEventType,
    pub status: DeliveryStatus,
    pub created_at_ms: i64,
    /// Started attempts of its schedule.
    pub attempt: i64,
    /// The earliest time of the next attempt, while it waits.
    pub due_at_ms: i64,
    /// The last entry of its log, without the response body.
    #[serde(with = "json_text")]
    pub last: Option<Attempt>,
}

/// A delivery with its body and log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveryDetail {
    pub summary: DeliverySummary,
    pub body: String,
    /// The oldest first.
    pub attempts: Vec<Attempt>,
}

#[derive(Deserialize)]
struct ContentRow {
    body: String,
    #[serde(with = "json_text")]
    attempts: Vec<Attempt>,
}

/// Runs statements on an endpoint's deliveries and returns their results. Each write is guarded by
/// itself; with `needs_enabled` a disabled endpoint is a conflict.
async fn at_endpoint(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    statements: Vec<Statement>,
    needs_enabled: bool,
) -> Guarded<Results> {
    let status = Statement::new(
        "SELECT status FROM webhook_endpoints WHERE athlete_id = ?1 AND endpoint_id = ?2",
        [Param::text(proof.athlete_id), Param::text(endpoint_id)],
    );
    let batch = [status].into_iter().chain(statements).collect();
    let mut results = with_key(database, proof, batch).await?;
    match results.value()? {
        None => Err(Rejection::NotFound),
        Some(EndpointStatus::Disabled) if needs_enabled => Err(Conflict::EndpointDisabled.into()),
        Some(EndpointStatus::Enabled | EndpointStatus::Disabled) => Ok(results),
    }
}

/// A page of an endpoint's log to read.
#[derive(Clone, Debug, Default)]
pub struct DeliveryQuery {
    pub status: Option<DeliveryStatus>,
    /// Only deliveries before this one.
    pub after: Option<Uuid>,
    pub limit: i64,
}

/// Returns a page of an endpoint's log, the newest event first: ids sort by time.
pub async fn list(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    page: &DeliveryQuery,
) -> Guarded<Page<DeliverySummary>> {
    let before_id = page.after.map(|id| id.to_string());
    let [limit, bytes_max] = fitting(page.limit);
    let select = query!("webhooks/deliveries.sql").bind([
        ("athlete_id", Param::text(proof.athlete_id)),
        ("endpoint_id", Param::text(endpoint_id)),
        ("status", page.status.map(DeliveryStatus::as_str).into()),
        ("before_id", before_id.as_deref().into()),
        limit,
        bytes_max,
    ])?;
    Ok(at_endpoint(database, proof, endpoint_id, vec![select], false).await?.page()?)
}

/// Returns one delivery with its body and log.
pub async fn get(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    delivery_id: Uuid,
) -> Guarded<DeliveryDetail> {
    let ids = [
        ("athlete_id", Param::text(proof.athlete_id)),
        ("endpoint_id", Param::text(endpoint_id)),
        ("delivery_id", Param::text(delivery_id)),
    ];
    let select =
        query!("webhooks/delivery.sql", columns = "{delivery_columns}").bind(ids.clone())?;
    let content = query!("webhooks/delivery.sql", columns = "body, attempts").bind(ids)?;
    let statements = vec![select, content];
    let mut results = at_endpoint(database, proof, endpoint_id, statements, false).await?;
    let rows = results.first()?.zip(results.first()?);
    let (summary, ContentRow { body, attempts }) = rows.ok_or(Rejection::NotFound)?;
    Ok(DeliveryDetail { summary, body, attempts })
}

/// Waiting deliveries of an endpoint, at most, before its owner can create no more.
const WAITING_MAX: i64 = 100;

/// Stores a delivery requested by its owner, due at once, and deletes expired deliveries of the
/// endpoint.
pub async fn store(
    database: &dyn Database,
    proof: &KeyProof,
    new: &NewDelivery,
    now_ms: i64,
) -> Guarded<()> {
    let expire = proof.statement(
        concat!(
            "DELETE FROM webhook_deliveries WHERE athlete_id = ?1 AND endpoint_id = ?4 \
             AND delivery_id < ?5 AND status <> 'waiting' AND EXISTS (\
             SELECT 1 FROM webhook_deliveries WHERE athlete_id = ?1 AND endpoint_id = ?4 \
             AND delivery_id = ?6) AND ",
            live_key!()
        ),
        [
            Param::text(new.key.endpoint_id),
            Param::text(fan_out::oldest_kept(now_ms)),
            Param::text(new.delivery_id),
        ],
    );
    let insert = query!("webhooks/store_requested.sql").bind(proof.named().into_iter().chain([
        ("endpoint_id", Param::text(new.key.endpoint_id)),
        ("delivery_id", Param::text(new.delivery_id)),
        ("event_id", Param::text(new.event_id)),
        ("event_type", new.event_type.as_str().into()),
        ("body", new.body.as_str().into()),
        ("traceparent", new.traceparent.as_str().into()),
        ("now_ms", now_ms.into()),
        ("waiting_max", WAITING_MAX.into()),
    ]))?;
    let statements = vec![insert, expire];
    let mut results = at_endpoint(database, proof, new.key.endpoint_id, statements, true).await?;
    if results.has_rows()? { Ok(()) } else { Err(Conflict::TooManyWaitingDeliveries.into()) }
}

/// Makes a delivery due at the beginning of its schedule, whatever its state; its log stays. The
/// result of an attempt in flight is not recorded. Returns the event.
pub async fn retry(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    delivery_id: Uuid,
    now_ms: i64,
) -> Guarded<EventId> {
    let update = proof.statement(
        concat!(
            "UPDATE webhook_deliveries SET status = 'waiting', attempt = 0, due_at_ms = ?6 \
             WHERE athlete_id = ?1 AND endpoint_id = ?4 AND delivery_id = ?5 \
             AND EXISTS (SELECT 1 FROM webhook_endpoints WHERE athlete_id = ?1 \
             AND endpoint_id = ?4 AND status = 'enabled') AND ",
            live_key!(),
            " RETURNING event_id"
        ),
        [Param::text(endpoint_id), Param::text(delivery_id), now_ms.into()],
    );
    let mut results = at_endpoint(database, proof, endpoint_id, vec![update], true).await?;
    results.value()?.ok_or(Rejection::NotFound)
}

/// A waiting delivery that is due later than this is retried along with the failed ones. One that is due
/// sooner is attempted soon anyway, or is in flight: its claim ends within this time.
const SOON_MS: i64 = LEASE_MS;

/// Deliveries that one call retries, at most: as many as a sweep handles of anything.
pub const RETRIED_MAX: i64 = 1_000;

/// A request to retry the deliveries of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryRequest {
    /// Only deliveries stored since this instant.
    pub since_ms: i64,
    pub now_ms: i64,
    /// Only counts them.
    pub is_dry_run: bool,
}

/// Deliveries that match a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct RetriedDeliveries {
    pub matched: i64,
    /// The event of the first of them, if any.
    pub event_id: Option<EventId>,
}

/// Counts the deliveries that failed, and those that wait for a retry that is not soon: the oldest
/// [`RETRIED_MAX`]. Unless it is a dry run, makes them due now, at the beginning of their schedules; their
/// logs stay.
pub async fn retry_all(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    request: RetryRequest,
) -> Guarded<RetriedDeliveries> {
    let RetryRequest { since_ms, now_ms, is_dry_run } = request;
    let values = || {
        proof.named().into_iter().chain([
            ("endpoint_id", Param::text(endpoint_id)),
            ("since_ms", since_ms.into()),
            ("soon_ms", (now_ms + SOON_MS).into()),
            ("now_ms", now_ms.into()),
            ("retried_max", RETRIED_MAX.into()),
        ])
    };
    // One transaction with the update: the counted deliveries are the retried ones.
    let mut batch = vec![query!("webhooks/retryable.sql").bind(values())?];
    if !is_dry_run {
        batch.push(query!("webhooks/retry_all.sql").bind(values())?);
    }
    let mut results = at_endpoint(database, proof, endpoint_id, batch, !is_dry_run).await?;
    Ok(results.first()?.ok_or(DatabaseError::MissingResult)?)
}

/// Returns the endpoints without a lease that have a due delivery, of all athletes, the longest due
/// first. Changes nothing: the caller publishes an event for each.
pub async fn overdue(
    database: &dyn Database,
    now_ms: i64,
    limit: i64,
) -> Result<Vec<DueDelivery>, DatabaseError> {
    let select = query!("webhooks/overdue.sql")
        .bind([("now_ms", now_ms.into()), ("limit", limit.into())])?;
    Results::new(database.batch(vec![select]).await?).rows()
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::Sqlite;

    /// A log of 30 days can have thousands of deliveries, each with its body.
    #[test]
    fn retries_read_no_log_of_an_endpoint() {
        let database = Sqlite::migrated();
        let check = |sql: &str, plan: &[&str]| {
            let sql =
                (1..=12).rev().fold(sql.to_owned(), |sql, n| sql.replace(&format!("?{n}"), "1"));
            let steps = database.query(&format!("EXPLAIN QUERY PLAN {sql}"));
            let reads: Vec<_> =
                steps.iter().filter(|step| step.contains("webhook_deliveries")).collect();
            assert_eq!(reads.len(), plan.len(), "{steps:?}");
            for (read, expected) in reads.iter().zip(plan) {
                assert!(read.contains(expected), "{read}");
            }
        };
        let by_key = "USING PRIMARY KEY (athlete_id=? AND endpoint_id=? AND delivery_id=?)";
        let lane = "INDEX webhook_deliveries_lane (athlete_id=? AND endpoint_id=? AND status=?";
        check(query!("webhooks/retryable.sql").sql(), &[lane, by_key]);
        check(query!("webhooks/retry_all.sql").sql(), &[by_key, lane]);
    }
}
