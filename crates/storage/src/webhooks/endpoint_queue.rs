//! The queue of one endpoint's deliveries, and the lease on it.
//!
//! Only the holder of an endpoint's lease makes its attempts, so a receiver never gets more requests
//! at once than [`IN_FLIGHT_MAX`], and a slow receiver delays no other. A claimed delivery is due
//! again when the lease ends: if the holder dies, the next holder makes the next attempt.

use super::deliveries::{Attempt, DeliveryStatus};
use super::{DueDelivery, EndpointKey, LEASE_MS, LOGGED_ATTEMPTS_MAX, SealedKey};
use crate::database::{Database, DatabaseError, Param, QueryResult, Statement};
use crate::json_text;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared_kernel::{EventId, TraceContext};
use uuid::Uuid;

/// Deliveries of one endpoint in flight at once, at most.
pub const IN_FLIGHT_MAX: i64 = 3;

/// One round trip of a lease holder. The fields take effect in this order.
#[derive(Debug, Default)]
pub struct QueueStep<'a> {
    pub finished: &'a [FinishedAttempt],
    pub health: &'a [EndpointHealth],
    /// Endpoints to lease; an own lease is renewed.
    pub lease: &'a [EndpointKey],
    /// How many due deliveries to claim of which endpoint.
    pub claim: &'a [(EndpointKey, i64)],
    /// Endpoints without an attempt in flight: released unless a delivery is due.
    pub release_if_idle: &'a [EndpointKey],
    /// Endpoints to release even if deliveries are due.
    pub release: &'a [LeaseRelease],
}

/// The result of an attempt, to be recorded.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FinishedAttempt {
    #[serde(flatten)]
    pub key: EndpointKey,
    pub delivery_id: Uuid,
    /// The end of the claim. A delivery with another one was restarted in the meantime: nothing is
    /// recorded.
    #[serde(rename = "taken_until_ms")]
    pub claim_ends_at_ms: i64,
    /// Attempts of its schedule that count now: one less when no request was sent.
    pub attempt: u32,
    pub status: DeliveryStatus,
    pub due_at_ms: i64,
    pub entry: Attempt,
}

/// The health of an endpoint after attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EndpointHealth {
    #[serde(flatten)]
    pub key: EndpointKey,
    /// The generation that was leased. An endpoint that its owner has changed since stays as it is.
    pub generation: i64,
    /// The first failure since the last success; `None` after a success.
    pub failing_since_ms: Option<i64>,
    /// Disables the endpoint if present.
    pub disabled_reason: Option<&'static str>,
}

/// The release of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct LeaseRelease {
    #[serde(flatten)]
    pub key: EndpointKey,
    /// The earliest time of the next lease; 0 for at once.
    pub rest_until_ms: i64,
}

/// An endpoint leased by this holder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EndpointLease {
    #[serde(flatten)]
    pub key: EndpointKey,
    pub url: String,
    /// The newest first.
    #[serde(with = "json_text")]
    pub signing_keys: Vec<SealedKey>,
    pub failing_since_ms: Option<i64>,
    /// Counts the owner's changes of URL and status.
    pub generation: i64,
}

/// A delivery claimed for one attempt.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct ClaimedDelivery {
    #[serde(flatten)]
    pub key: EndpointKey,
    pub delivery_id: Uuid,
    pub event_id: EventId,
    pub event_type: String,
    pub body: String,
    pub traceparent: TraceContext,
    /// The number of this attempt in its schedule, from 1.
    pub attempt: u32,
    #[serde(rename = "due_at_ms")]
    pub claim_ends_at_ms: i64,
    pub created_at_ms: i64,
}

/// The result of a [`QueueStep`].
#[derive(Debug, Default)]
pub struct QueueStepResult {
    /// Endpoints that another holder has leased, that are disabled or deleted are left out.
    pub leased: Vec<EndpointLease>,
    pub claimed: Vec<ClaimedDelivery>,
    /// Those of `release_if_idle` that were released.
    pub released: Vec<EndpointKey>,
    /// Those of `release` that have a delivery due.
    pub still_due: Vec<DueDelivery>,
}

/// The holder of leases in one round trip.
#[derive(Clone, Copy, Debug)]
pub struct LeaseHolder {
    /// Random, one for each run.
    pub lease_id: Uuid,
    pub now_ms: i64,
}

/// Runs one step of a holder in one round trip and one transaction. A repeat after a lost response
/// records nothing twice; the deliveries that the first one claimed are due when the lease ends.
pub async fn run_step(
    database: &dyn Database,
    holder: LeaseHolder,
    step: &QueueStep<'_>,
) -> Result<QueueStepResult, DatabaseError> {
    let LeaseHolder { lease_id, now_ms } = holder;
    let (now, until) = (|| Param::from(now_ms), || Param::from(now_ms + LEASE_MS));
    let lease_id = || Param::text(lease_id);
    let mut batch = Batch::default();
    batch.add(step.finished, RECORD_ATTEMPTS, [LOGGED_ATTEMPTS_MAX.into()])?;
    batch.add(step.health, UPDATE_HEALTH, [])?;
    batch.add(step.health, FAIL_WAITING, [now(), LOGGED_ATTEMPTS_MAX.into()])?;
    let leased = batch.add(step.lease, LEASE, [lease_id(), now(), until()])?;
    let claimed =
        batch.add(step.claim, CLAIM, [lease_id(), now(), until(), IN_FLIGHT_MAX.into()])?;
    let released =
        batch.add(step.release_if_idle, RELEASE_IF_IDLE, [lease_id(), now(), until()])?;
    let still_due = batch.add(step.release, STILL_DUE, [lease_id(), now()])?;
    batch.add(step.release, RELEASE, [lease_id()])?;
    if batch.0.is_empty() {
        return Ok(QueueStepResult::default());
    }
    let results = database.batch(batch.0).await?;
    Ok(QueueStepResult {
        leased: rows(&results, leased)?,
        claimed: rows(&results, claimed)?,
        released: rows(&results, released)?,
        still_due: rows(&results, still_due)?,
    })
}

/// Statements on lists. A statement on an empty list is left out.
#[derive(Default)]
struct Batch(Vec<Statement>);

impl Batch {
    /// Adds a statement with the list as its first parameter, and returns its index.
    fn add<const N: usize>(
        &mut self,
        list: &[impl Serialize],
        sql: &'static str,
        more: [Param; N],
    ) -> Result<Option<usize>, DatabaseError> {
        if list.is_empty() {
            return Ok(None);
        }
        self.0.push(Statement::new(sql, [Param::json(&list)?].into_iter().chain(more)));
        Ok(Some(self.0.len() - 1))
    }
}

fn rows<T: DeserializeOwned>(
    results: &[QueryResult],
    index: Option<usize>,
) -> Result<Vec<T>, DatabaseError> {
    let Some(index) = index else { return Ok(Vec::new()) };
    results.get(index).cloned().ok_or(DatabaseError::MissingResult)?.into_rows()
}

/// Records nothing for a delivery with another claim. If the endpoint was disabled in the meantime,
/// records only that the delivery arrived.
const RECORD_ATTEMPTS: &str = "UPDATE webhook_deliveries SET status = done.status, attempt = done.attempt, \
     due_at_ms = done.due_at_ms, attempts = json_insert(iif(json_array_length(attempts) < ?2, attempts, \
     json_remove(attempts, '$[0]')), '$[#]', json(done.entry)) FROM (\
     SELECT value ->> 'athlete_id' AS athlete_id, value ->> 'endpoint_id' AS endpoint_id, \
     value ->> 'delivery_id' AS delivery_id, value ->> 'taken_until_ms' AS taken_until_ms, \
     value ->> 'attempt' AS attempt, value ->> 'status' AS status, \
     value ->> 'due_at_ms' AS due_at_ms, value -> 'entry' AS entry \
     FROM json_each(?1)) AS done WHERE webhook_deliveries.athlete_id = done.athlete_id \
     AND webhook_deliveries.endpoint_id = done.endpoint_id \
     AND webhook_deliveries.delivery_id = done.delivery_id \
     AND webhook_deliveries.due_at_ms = done.taken_until_ms AND (webhook_deliveries.status = 'waiting' \
     OR webhook_deliveries.status = 'failed' AND done.status = 'delivered')";

/// Skips an endpoint that its owner has changed.
const UPDATE_HEALTH: &str = "UPDATE webhook_endpoints SET failing_since_ms = standing.failing_since_ms, \
     status = iif(standing.disabled_reason IS NULL, status, 'disabled'), \
     disabled_reason = coalesce(standing.disabled_reason, webhook_endpoints.disabled_reason) FROM (\
     SELECT value ->> 'athlete_id' AS athlete_id, value ->> 'endpoint_id' AS endpoint_id, \
     value ->> 'generation' AS generation, value ->> 'failing_since_ms' AS failing_since_ms, \
     value ->> 'disabled_reason' AS disabled_reason FROM json_each(?1)) AS standing \
     WHERE webhook_endpoints.athlete_id = standing.athlete_id \
     AND webhook_endpoints.endpoint_id = standing.endpoint_id \
     AND webhook_endpoints.generation = standing.generation AND status = 'enabled'";

/// Fails the waiting deliveries of an endpoint that was just disabled; its owner can retry them.
const FAIL_WAITING: &str = "UPDATE webhook_deliveries SET status = 'failed', \
     attempts = json_insert(iif(json_array_length(attempts) < ?3, attempts, \
     json_remove(attempts, '$[0]')), '$[#]', json_object('at_ms', CAST(?2 AS INTEGER), \
     'outcome', 'disabled', 'status', NULL, 'error', 'endpoint disabled', 'duration_ms', 0, \
     'answer', NULL)) FROM (\
     SELECT endpoint.athlete_id, endpoint.endpoint_id FROM json_each(?1) \
     JOIN webhook_endpoints AS endpoint ON endpoint.athlete_id = value ->> 'athlete_id' \
     AND endpoint.endpoint_id = value ->> 'endpoint_id' \
     AND endpoint.generation = value ->> 'generation' AND endpoint.status = 'disabled' \
     WHERE value ->> 'disabled_reason' IS NOT NULL) AS disabled \
     WHERE webhook_deliveries.athlete_id = disabled.athlete_id \
     AND webhook_deliveries.endpoint_id = disabled.endpoint_id \
     AND webhook_deliveries.status = 'waiting'";

const LEASE: &str = "UPDATE webhook_endpoints SET lease_id = ?2, leased_until_ms = ?4 \
     WHERE (athlete_id, endpoint_id) IN (\
     SELECT value ->> 'athlete_id', value ->> 'endpoint_id' FROM json_each(?1)) \
     AND status = 'enabled' AND (leased_until_ms <= ?3 OR lease_id = ?2) \
     RETURNING athlete_id, endpoint_id, url, signing_keys, failing_since_ms, generation";

/// The inner limit keeps a backlog of thousands from being read for three.
const CLAIM: &str = "UPDATE webhook_deliveries SET attempt = attempt + 1, due_at_ms = ?4 \
     WHERE (athlete_id, endpoint_id, delivery_id) IN (\
     SELECT athlete_id, endpoint_id, delivery_id FROM (\
     SELECT due.athlete_id, due.endpoint_id, due.delivery_id, asked.value ->> 1 AS wanted, \
     row_number() OVER (PARTITION BY due.athlete_id, due.endpoint_id \
     ORDER BY due.due_at_ms, due.delivery_id) AS place \
     FROM json_each(?1) AS asked JOIN webhook_endpoints AS endpoint \
     ON endpoint.athlete_id = asked.value ->> '$[0].athlete_id' \
     AND endpoint.endpoint_id = asked.value ->> '$[0].endpoint_id' \
     AND endpoint.lease_id = ?2 AND endpoint.status = 'enabled' \
     JOIN webhook_deliveries AS due ON due.athlete_id = endpoint.athlete_id \
     AND due.endpoint_id = endpoint.endpoint_id AND due.delivery_id IN (\
     SELECT delivery_id FROM webhook_deliveries AS first \
     WHERE first.athlete_id = endpoint.athlete_id AND first.endpoint_id = endpoint.endpoint_id \
     AND first.status = 'waiting' AND first.due_at_ms <= ?3 \
     ORDER BY first.due_at_ms, first.delivery_id LIMIT ?5)) WHERE place <= wanted) \
     RETURNING athlete_id, endpoint_id, delivery_id, event_id, event_type, body, traceparent, \
     attempt, due_at_ms, created_at_ms";

/// A delivery that this step claimed is due when its lease ends, and keeps its endpoint leased.
const RELEASE_IF_IDLE: &str = "UPDATE webhook_endpoints SET lease_id = '', leased_until_ms = 0 \
     WHERE (athlete_id, endpoint_id) IN (\
     SELECT value ->> 'athlete_id', value ->> 'endpoint_id' FROM json_each(?1)) AND lease_id = ?2 \
     AND NOT EXISTS (SELECT 1 FROM webhook_deliveries AS due \
     WHERE due.athlete_id = webhook_endpoints.athlete_id \
     AND due.endpoint_id = webhook_endpoints.endpoint_id AND due.status = 'waiting' \
     AND (due.due_at_ms <= ?3 OR due.due_at_ms = ?4)) RETURNING athlete_id, endpoint_id";

const STILL_DUE: &str = "SELECT due.athlete_id, due.endpoint_id, due.delivery_id, due.event_id, due.attempt \
     FROM json_each(?1) AS asked JOIN webhook_endpoints AS endpoint \
     ON endpoint.athlete_id = asked.value ->> 'athlete_id' \
     AND endpoint.endpoint_id = asked.value ->> 'endpoint_id' AND endpoint.lease_id = ?2 \
     AND endpoint.status = 'enabled' AND asked.value ->> 'rest_until_ms' <= ?3 \
     JOIN webhook_deliveries AS due ON due.athlete_id = endpoint.athlete_id \
     AND due.endpoint_id = endpoint.endpoint_id AND due.delivery_id = (\
     SELECT delivery_id FROM webhook_deliveries AS first \
     WHERE first.athlete_id = endpoint.athlete_id AND first.endpoint_id = endpoint.endpoint_id \
     AND first.status = 'waiting' AND first.due_at_ms <= ?3 \
     ORDER BY first.due_at_ms, first.delivery_id LIMIT 1)";

const RELEASE: &str = "UPDATE webhook_endpoints SET lease_id = '', leased_until_ms = asked.rest FROM (\
     SELECT value ->> 'athlete_id' AS athlete_id, value ->> 'endpoint_id' AS endpoint_id, \
     value ->> 'rest_until_ms' AS rest FROM json_each(?1)) AS asked \
     WHERE webhook_endpoints.athlete_id = asked.athlete_id \
     AND webhook_endpoints.endpoint_id = asked.endpoint_id AND webhook_endpoints.lease_id = ?2";
