//! The queue of one endpoint's deliveries, and the lease on it.
//!
//! Only the holder of an endpoint's lease makes its attempts, so a receiver never gets more requests
//! at once than [`IN_FLIGHT_MAX`], and a slow receiver delays no other. A claimed delivery is due
//! again when the lease ends: if the holder dies, the next holder makes the next attempt.

use super::deliveries::{Attempt, DeliveryStatus};
use super::{DueDelivery, EndpointKey, LEASE_MS, SealedKey, disabled};
use crate::database::{Database, DatabaseError, Param, QueryResult, Statement};
use crate::json_text;
use crate::shards::index_of;
use crate::sql::{Query, query};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared_kernel::{EventId, TraceContext};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Deliveries of one endpoint in flight at once, at most.
pub const IN_FLIGHT_MAX: i64 = 3;

/// One round trip of a lease holder. The fields take effect in this order.
#[derive(Debug, Default)]
pub struct QueueStep<'a> {
    pub finished: Vec<&'a FinishedAttempt>,
    pub health: Vec<&'a EndpointHealth>,
    /// Endpoints to lease; an own lease is renewed.
    pub lease: Vec<EndpointKey>,
    /// How many due deliveries to claim of which endpoint.
    pub claim: Vec<(EndpointKey, i64)>,
    /// Endpoints without an attempt in flight: released unless a delivery is due.
    pub release_if_idle: Vec<EndpointKey>,
    /// Endpoints to release even if deliveries are due.
    pub release: Vec<LeaseRelease>,
}

impl QueueStep<'_> {
    /// Divides a step by the index of its endpoints' databases.
    pub fn by_database(self) -> BTreeMap<usize, Self> {
        let mut steps = BTreeMap::<usize, Self>::new();
        let mut step_of = |key: EndpointKey, add: &mut dyn FnMut(&mut Self)| {
            add(steps.entry(index_of(key.athlete_id)).or_default());
        };
        for it in self.finished {
            step_of(it.key, &mut |step| step.finished.push(it));
        }
        for it in self.health {
            step_of(it.key, &mut |step| step.health.push(it));
        }
        for key in self.lease {
            step_of(key, &mut |step| step.lease.push(key));
        }
        for (key, deliveries) in self.claim {
            step_of(key, &mut |step| step.claim.push((key, deliveries)));
        }
        for key in self.release_if_idle {
            step_of(key, &mut |step| step.release_if_idle.push(key));
        }
        for it in self.release {
            step_of(it.key, &mut |step| step.release.push(it));
        }
        steps
    }
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
    /// The first attempt without a key since the last one with a key; `None` after an attempt with a key.
    pub unsigned_since_ms: Option<i64>,
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
    pub unsigned_since_ms: Option<i64>,
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

impl QueueStepResult {
    /// Adds the result of the same step in another database.
    pub fn extend(&mut self, other: Self) {
        self.leased.extend(other.leased);
        self.claimed.extend(other.claimed);
        self.released.extend(other.released);
        self.still_due.extend(other.still_due);
    }
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
    let [logged_attempts_max, failed_max] = disabled::limits();
    let values = [
        ("lease_id", Param::text(lease_id)),
        ("now_ms", now_ms.into()),
        ("until_ms", (now_ms + LEASE_MS).into()),
        ("in_flight_max", IN_FLIGHT_MAX.into()),
        logged_attempts_max,
        failed_max,
    ];
    let mut batch = Batch { values, statements: Vec::new() };
    batch.add(
        query!("webhooks/queue/record_attempts.sql", entry = "json(done.entry)"),
        &step.finished,
    )?;
    batch.add(query!("webhooks/queue/update_health.sql"), &step.health)?;
    batch.add(disabled::fail_of_list(), &step.health)?;
    let leased = batch.add(query!("webhooks/queue/lease.sql"), &step.lease)?;
    let claimed = batch.add(query!("webhooks/queue/claim.sql"), &step.claim)?;
    let released =
        batch.add(query!("webhooks/queue/release_if_idle.sql"), &step.release_if_idle)?;
    let still_due = batch.add(query!("webhooks/queue/still_due.sql"), &step.release)?;
    batch.add(query!("webhooks/queue/release.sql"), &step.release)?;
    if batch.statements.is_empty() {
        return Ok(QueueStepResult::default());
    }
    let results = database.batch(batch.statements).await?;
    Ok(QueueStepResult {
        leased: rows(&results, leased)?,
        claimed: rows(&results, claimed)?,
        released: rows(&results, released)?,
        still_due: rows(&results, still_due)?,
    })
}

/// Statements on lists. A statement on an empty list is left out.
struct Batch {
    /// The parameters of the statements, other than their lists.
    values: [(&'static str, Param); 6],
    statements: Vec<Statement>,
}

impl Batch {
    /// Adds a statement on a list, and returns its index.
    fn add(
        &mut self,
        query: &'static Query,
        list: &[impl Serialize],
    ) -> Result<Option<usize>, DatabaseError> {
        if list.is_empty() {
            return Ok(None);
        }
        let list = ("list", Param::json(&list)?);
        self.statements.push(query.bind(self.values.iter().cloned().chain([list]))?);
        Ok(Some(self.statements.len() - 1))
    }
}

fn rows<T: DeserializeOwned>(
    results: &[QueryResult],
    index: Option<usize>,
) -> Result<Vec<T>, DatabaseError> {
    let Some(index) = index else { return Ok(Vec::new()) };
    results.get(index).cloned().ok_or(DatabaseError::MissingResult)?.into_rows()
}
