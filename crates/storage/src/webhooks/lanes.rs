//! Lanes: an endpoint's attempts are made by whoever holds its lease, so that a receiver gets no
//! more at once than it should, and no other waits for it.
//!
//! A delivery that is taken is due again when the lease ends: one that dies with its holder is made
//! again by the next, as the attempt after it.

use super::deliveries::{ATTEMPTS_KEPT, Attempt, DeliveryStatus, Overdue};
use super::{EndpointKey, SealedKey};
use crate::database::{Database, DatabaseError, Param, QueryResult, Statement};
use crate::json_text;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared_kernel::{EventId, TraceContext};
use uuid::Uuid;

/// How long a lease is held without a sign of life, in milliseconds (ours: three times the longest
/// attempt).
const LEASE_MS: i64 = 60_000;
/// Deliveries taken of one endpoint at once, at most.
pub const IN_FLIGHT_MAX: i64 = 3;

/// What one round trip of a holder does, in this order.
#[derive(Debug, Default)]
pub struct Step<'a> {
    /// The attempts that are over.
    pub finished: &'a [Finished],
    /// What they say of their endpoints, one each.
    pub standings: &'a [Standing],
    /// The endpoints that the holder wants to hold on.
    pub hold: &'a [EndpointKey],
    /// How many due deliveries to take of which.
    pub take: &'a [(EndpointKey, i64)],
    /// Endpoints of which none is in flight: let go, if none is due.
    pub idle: &'a [EndpointKey],
    /// Endpoints to let go whatever is due.
    pub leave: &'a [Leave],
}

/// An attempt that is over.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Finished {
    /// At which endpoint.
    #[serde(flatten)]
    pub key: EndpointKey,
    /// Of which delivery.
    pub delivery_id: Uuid,
    /// Until when it was taken: what is not taken so any more was begun anew meanwhile.
    pub taken_until_ms: i64,
    /// Attempts of its schedule that count now: one less when this was none.
    pub attempt: u32,
    /// What becomes of the delivery.
    pub status: DeliveryStatus,
    /// When the next one may begin.
    pub due_at_ms: i64,
    /// What is logged.
    pub entry: Attempt,
}

/// How an endpoint stands after attempts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Standing {
    /// Which.
    #[serde(flatten)]
    pub key: EndpointKey,
    /// As it was when it was leased: of one that its owner has changed since, nothing is said.
    pub generation: i64,
    /// Since when no attempt has succeeded; `None`: one has.
    pub failing_since_ms: Option<i64>,
    /// Why it is disabled, if it is.
    pub disabled_reason: Option<&'static str>,
}

/// An endpoint that is let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Leave {
    /// Which.
    #[serde(flatten)]
    pub key: EndpointKey,
    /// Until when nobody is to hold it; 0 for at once.
    pub rest_until_ms: i64,
}

/// An endpoint that is held.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Lane {
    /// Which.
    #[serde(flatten)]
    pub key: EndpointKey,
    /// Where it is.
    pub url: String,
    /// With what is signed, the newest first.
    #[serde(with = "json_text")]
    pub signing_keys: Vec<SealedKey>,
    /// Since when no attempt has succeeded.
    pub failing_since_ms: Option<i64>,
    /// How often its owner has changed what attempts depend on.
    pub generation: i64,
}

/// A delivery of which an attempt is to be made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Taken {
    /// To which endpoint.
    #[serde(flatten)]
    pub key: EndpointKey,
    /// Which.
    pub delivery_id: Uuid,
    /// The event that it tells of.
    pub event_id: EventId,
    /// The type of its payload.
    pub event_type: String,
    /// What is sent.
    pub body: String,
    /// The trace of the event.
    pub traceparent: TraceContext,
    /// Which attempt of its schedule it is, from 1.
    pub attempt: u32,
    /// Until when it is taken.
    #[serde(rename = "due_at_ms")]
    pub taken_until_ms: i64,
    /// When it was stored.
    pub created_at_ms: i64,
}

/// What a step answers.
#[derive(Debug, Default)]
pub struct Stepped {
    /// The endpoints that are held; not those that another holds, that are disabled or gone.
    pub held: Vec<Lane>,
    /// What was taken.
    pub taken: Vec<Taken>,
    /// The idle ones that were let go.
    pub released: Vec<EndpointKey>,
    /// Of those that were left, the ones with something due.
    pub left_over: Vec<Overdue>,
}

/// Which round trip of a holder it is.
#[derive(Clone, Copy, Debug)]
pub struct Holder {
    /// Who: an id of its own.
    pub lease_id: Uuid,
    /// When.
    pub now_ms: i64,
}

/// One step of a holder: one round trip, and one transaction. A repeat after an answer that was lost
/// records nothing twice; what the first took is due again when the lease is over.
pub async fn step(
    database: &dyn Database,
    holder: Holder,
    step: &Step<'_>,
) -> Result<Stepped, DatabaseError> {
    let Holder { lease_id, now_ms } = holder;
    let (now, until) = (|| Param::from(now_ms), || Param::from(now_ms + LEASE_MS));
    let mine = || Param::text(lease_id);
    let mut batch = Batch::default();
    batch.ask(step.finished, RECORD, [ATTEMPTS_KEPT.into()])?;
    batch.ask(step.standings, STAND, [])?;
    batch.ask(step.standings, FAIL_REST, [now(), ATTEMPTS_KEPT.into()])?;
    let held = batch.ask(step.hold, HOLD, [mine(), now(), until()])?;
    let taken = batch.ask(step.take, TAKE, [mine(), now(), until(), IN_FLIGHT_MAX.into()])?;
    let released = batch.ask(step.idle, RELEASE, [mine(), now(), until()])?;
    let left_over = batch.ask(step.leave, LEFT_OVER, [mine(), now()])?;
    batch.ask(step.leave, LEAVE, [mine()])?;
    if batch.0.is_empty() {
        return Ok(Stepped::default());
    }
    let results = database.batch(batch.0).await?;
    Ok(Stepped {
        held: rows(&results, held)?,
        taken: rows(&results, taken)?,
        released: rows(&results, released)?,
        left_over: rows(&results, left_over)?,
    })
}

/// Statements on lists; one on an empty list is left out.
#[derive(Default)]
struct Batch(Vec<Statement>);

impl Batch {
    /// Adds a statement whose first parameter is the list. Answers its place, if it has one.
    fn ask<const N: usize>(
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
    place: Option<usize>,
) -> Result<Vec<T>, DatabaseError> {
    let Some(place) = place else { return Ok(Vec::new()) };
    results.get(place).cloned().ok_or(DatabaseError::MissingResult)?.into_rows()
}

/// Of a delivery that is not taken any more as it was, nothing is recorded; of one whose endpoint was
/// disabled meanwhile, that it arrived.
const RECORD: &str = "UPDATE webhook_deliveries SET status = done.status, attempt = done.attempt, \
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

/// An endpoint that its owner changed stays as it is.
const STAND: &str = "UPDATE webhook_endpoints SET failing_since_ms = standing.failing_since_ms, \
     status = iif(standing.disabled_reason IS NULL, status, 'disabled'), \
     disabled_reason = coalesce(standing.disabled_reason, webhook_endpoints.disabled_reason) FROM (\
     SELECT value ->> 'athlete_id' AS athlete_id, value ->> 'endpoint_id' AS endpoint_id, \
     value ->> 'generation' AS generation, value ->> 'failing_since_ms' AS failing_since_ms, \
     value ->> 'disabled_reason' AS disabled_reason FROM json_each(?1)) AS standing \
     WHERE webhook_endpoints.athlete_id = standing.athlete_id \
     AND webhook_endpoints.endpoint_id = standing.endpoint_id \
     AND webhook_endpoints.generation = standing.generation AND status = 'enabled'";

/// What waits for an endpoint that was just disabled has failed; its owner can have it tried again.
const FAIL_REST: &str = "UPDATE webhook_deliveries SET status = 'failed', \
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

const HOLD: &str = "UPDATE webhook_endpoints SET lease_id = ?2, leased_until_ms = ?4 \
     WHERE (athlete_id, endpoint_id) IN (\
     SELECT value ->> 'athlete_id', value ->> 'endpoint_id' FROM json_each(?1)) \
     AND status = 'enabled' AND (leased_until_ms <= ?3 OR lease_id = ?2) \
     RETURNING athlete_id, endpoint_id, url, signing_keys, failing_since_ms, generation";

/// The inner limit keeps a backlog of thousands from being looked at for three.
const TAKE: &str = "UPDATE webhook_deliveries SET attempt = attempt + 1, due_at_ms = ?4 \
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

/// What this very step took is due when its lease ends, and keeps its endpoint held.
const RELEASE: &str = "UPDATE webhook_endpoints SET lease_id = '', leased_until_ms = 0 \
     WHERE (athlete_id, endpoint_id) IN (\
     SELECT value ->> 'athlete_id', value ->> 'endpoint_id' FROM json_each(?1)) AND lease_id = ?2 \
     AND NOT EXISTS (SELECT 1 FROM webhook_deliveries AS due \
     WHERE due.athlete_id = webhook_endpoints.athlete_id \
     AND due.endpoint_id = webhook_endpoints.endpoint_id AND due.status = 'waiting' \
     AND (due.due_at_ms <= ?3 OR due.due_at_ms = ?4)) RETURNING athlete_id, endpoint_id";

const LEFT_OVER: &str = "SELECT due.athlete_id, due.endpoint_id, due.delivery_id, due.event_id, due.attempt \
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

const LEAVE: &str = "UPDATE webhook_endpoints SET lease_id = '', leased_until_ms = asked.rest FROM (\
     SELECT value ->> 'athlete_id' AS athlete_id, value ->> 'endpoint_id' AS endpoint_id, \
     value ->> 'rest_until_ms' AS rest FROM json_each(?1)) AS asked \
     WHERE webhook_endpoints.athlete_id = asked.athlete_id \
     AND webhook_endpoints.endpoint_id = asked.endpoint_id AND webhook_endpoints.lease_id = ?2";
