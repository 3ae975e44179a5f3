//! Makes the attempts of due deliveries.
//!
//! A run leases endpoints (`storage::webhooks::endpoint_queue`), makes attempts until nothing is
//! due, and releases them. A slow receiver occupies its own lease and few of the run's connections, so it
//! delays no other endpoint. Limits without a source are project defaults.

use crate::attempt::{AttemptResult, CompletedAttempt, Evaluation, evaluate, request};
use crate::endpoint::Endpoint;
use crate::leased_endpoint::LeasedEndpoint;
use crate::publisher::{SOURCE, WebhookEventPublisher, webhook_disabled};
use futures_util::future::{Either, FutureExt, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use platform::clock::new_trace;
use platform::{Background, Clock, Entropy, HttpClient, Timer, Vault};
use shared_kernel::Event;
use standard_webhooks::Environment;
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::shards::{concurrently, index_of};
use storage::webhooks::DueDelivery;
use storage::webhooks::EndpointKey;
use storage::webhooks::endpoint_queue::{
    self, ClaimedDelivery, EndpointHealth, EndpointLease, FinishedAttempt, IN_FLIGHT_MAX,
    LeaseHolder, QueueStep, QueueStepResult,
};
use storage::{DatabaseError, Shards};
use tracing::Level;
use uuid::Uuid;

/// The platform opens this many connections at once for an invocation (Cloudflare Workers
/// documentation, Limits). The time limit of one more would run while it waits.
const CONNECTIONS_MAX: i64 = 6;
/// This many of the connections are reserved for slow attempts.
const CONNECTIONS_FOR_SLOW: i64 = 1;
/// An attempt is slow from here on: a receiver that stores the message and responds takes less.
const SLOW_MS: i64 = 250;
/// The interval for checking whether a connection is free for a waiting endpoint.
const CONNECTION_CHECK_MS: u32 = 250;
/// No attempt of a run starts later: 8 s and the 20 s of an attempt are within the 30 s for which
/// the platform keeps background work alive (Cloudflare Workers documentation, Context API).
const RUN_MS_MAX: i64 = 8_000;
/// A delayed event requests an attempt that is due this soon; the sweep, which runs every minute,
/// requests the others.
const SOON_S: u32 = 60;
/// Tries to record attempts: an attempt that is not recorded is repeated.
const RECORD_TRIES: u32 = 3;

/// Makes attempts.
#[derive(Clone)]
pub struct Dispatcher {
    pub shards: Shards,
    pub http: Rc<dyn HttpClient>,
    pub vault: Rc<dyn Vault>,
    pub publisher: WebhookEventPublisher,
    /// Runs the attempts after their message is acknowledged.
    pub background: Rc<dyn Background>,
    pub clock: Rc<dyn Clock>,
    pub timer: Rc<dyn Timer>,
    /// For jitter, lease ids and traces.
    pub entropy: Rc<dyn Entropy>,
    pub environment: Environment,
}

impl Dispatcher {
    /// Leases endpoints, claims due deliveries, and starts their attempts in the background. The
    /// endpoints of all databases share the connections of one run.
    ///
    /// 1. lease and claim (await for each database): skips endpoints that another run has leased, and
    ///    those that are disabled or deleted. After a crash the leases expire, the deliveries are due, and
    ///    the sweep requests them. A database that fails does not stop the others;
    /// 2. in the background, the steps of [`Run::drive`].
    ///
    /// Returns the errors of the databases that failed, by their index.
    pub async fn dispatch(&self, endpoints: &[EndpointKey]) -> BTreeMap<usize, DatabaseError> {
        if endpoints.is_empty() {
            return BTreeMap::new();
        }
        let mut lease_id = [0; 16];
        self.entropy.fill(&mut lease_id);
        // A random order: otherwise the first endpoints would get the connections every time.
        let mut endpoints = endpoints.to_vec();
        let offset = usize::from(lease_id[15]) % endpoints.len();
        endpoints.rotate_left(offset);
        let connections = usize::try_from(CONNECTIONS_MAX - CONNECTIONS_FOR_SLOW).unwrap_or(1);
        let claim: Vec<_> = endpoints.iter().take(connections).map(|key| (*key, 1)).collect();
        let mut run = Run {
            dispatcher: self.clone(),
            lease_id: Uuid::from_bytes(lease_id),
            started_at_ms: self.clock.now_ms(),
            endpoints: BTreeMap::new(),
            served_last: claim.last().map(|(key, _)| *key),
        };
        let step = QueueStep {
            lease: endpoints.clone(),
            claim,
            release_if_idle: endpoints,
            ..QueueStep::default()
        };
        let Stepped { stepped, failed } = run.step(step, 1).await;
        for lease in stepped.leased {
            if !stepped.released.contains(&lease.key) {
                run.endpoints.insert(lease.key, LeasedEndpoint::new(self.open(lease).await));
            }
        }
        if !run.endpoints.is_empty() {
            self.background.spawn(run.drive(stepped.claimed).boxed_local());
        }
        failed
    }

    async fn open(&self, lease: EndpointLease) -> Endpoint {
        let mut keys = Vec::new();
        for key in &lease.signing_keys {
            if key.expires_at_ms.is_none_or(|at_ms| at_ms > self.clock.now_ms()) {
                let opened = self.vault.open(&key.sealed, &lease.key.to_string()).await;
                keys.push(opened.map_err(|error| error.to_string()));
            }
        }
        Endpoint::new(&lease, &keys, self.environment)
    }

    /// Returns a random number from 0 to 1.
    fn jitter(&self) -> f64 {
        let mut bytes = [0; 4];
        self.entropy.fill(&mut bytes);
        f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
    }
}

/// The attempts of one invocation, and the endpoints that it has leased.
struct Run {
    dispatcher: Dispatcher,
    lease_id: Uuid,
    started_at_ms: i64,
    endpoints: BTreeMap<EndpointKey, LeasedEndpoint>,
    /// The endpoint that got the last connection: the next one is first in the next round.
    served_last: Option<EndpointKey>,
}

type InFlight = FuturesUnordered<LocalBoxFuture<'static, CompletedAttempt>>;

/// The result of a step in all its databases.
#[derive(Default)]
struct Stepped {
    stepped: QueueStepResult,
    /// The errors of the databases that failed, by their index.
    failed: BTreeMap<usize, DatabaseError>,
}

/// The consequences of attempts that ended together.
#[derive(Default)]
struct Round {
    finished: Vec<FinishedAttempt>,
    health: BTreeMap<EndpointKey, EndpointHealth>,
    /// Events for the endpoints that are disabled.
    disabled: Vec<Event>,
    /// Events for attempts that are due soon, with their delay in seconds.
    retries: Vec<(u32, Event)>,
}

impl Run {
    /// Makes attempts until nothing is due or the run's time is over.
    ///
    /// 1. attempt (await): wait until at least one attempt has ended. After a crash each attempt is
    ///    repeated under the same message id;
    /// 2. publish (await): the disabled endpoints. After a crash the attempt is repeated and
    ///    publishes the same event;
    /// 3. record and claim (await): the attempts, the state of their endpoints, and the next
    ///    deliveries; release endpoints without any. After a crash the attempts are repeated;
    /// 4. publish (await): retries that are due within a minute, delayed by the queue, and released
    ///    endpoints with due deliveries. The sweep publishes the others.
    async fn drive(mut self, claimed: Vec<ClaimedDelivery>) {
        let publisher = self.dispatcher.publisher.clone();
        let mut in_flight = InFlight::new();
        self.start(claimed, &in_flight);
        while !self.endpoints.is_empty() {
            let completed = self.next_completed(&mut in_flight).await;
            let round = self.decide(&completed);
            publisher.publish_after(0, &round.disabled).await;
            let leased = self.endpoints.len();
            let stepped = self.record_and_claim(&round).await;
            for (delay_s, event) in &round.retries {
                publisher.publish_after(*delay_s, std::slice::from_ref(event)).await;
            }
            self.start(stepped.claimed, &in_flight);
            // No progress: the remaining leases have expired, or their endpoints are deleted.
            if in_flight.is_empty() && self.endpoints.len() == leased {
                return;
            }
        }
    }

    fn start(&mut self, claimed: Vec<ClaimedDelivery>, in_flight: &InFlight) {
        for delivery in claimed {
            let Some(leased) = self.endpoints.get_mut(&delivery.key) else { continue };
            let Dispatcher { clock, http, .. } = self.dispatcher.clone();
            let started_at_ms = clock.now_ms();
            leased.start(started_at_ms);
            let request = request(&leased.endpoint, &delivery, started_at_ms);
            let attempt = async move {
                let response = match request {
                    Ok(request) => http.post(request).await.map_err(Into::into),
                    Err(error) => Err(error),
                };
                CompletedAttempt { delivery, started_at_ms, ended_at_ms: clock.now_ms(), response }
            };
            in_flight.push(attempt.boxed_local());
        }
    }

    fn decide(&mut self, completed: &[CompletedAttempt]) -> Round {
        let mut round = Round::default();
        for completed in completed {
            let ClaimedDelivery { key, delivery_id, event_id, traceparent, attempt, .. } =
                completed.delivery;
            let Some(leased) = self.endpoints.get_mut(&key) else { continue };
            let jitter = self.dispatcher.jitter();
            let evaluation = evaluate(completed, leased.endpoint.failing_since_ms, jitter);
            log(completed, &evaluation);
            let was_disabled = leased.is_disabled;
            let now = self.dispatcher.clock.now();
            if let Some(health) = leased.record(&evaluation, completed.ended_at_ms) {
                // A disabled endpoint stays disabled, whatever its other attempts result in.
                let previous = round.health.get(&key);
                if previous.is_none_or(|previous| previous.disabled_reason.is_none()) {
                    round.health.insert(key, health);
                }
            }
            if let AttemptResult::Disabled(reason) = evaluation.result
                && !was_disabled
            {
                let event = webhook_disabled(&leased.endpoint, reason, event_id, traceparent, now);
                round.disabled.push(event);
            }
            if let Some(delay_s) = evaluation.retry_after_s.filter(|delay_s| *delay_s <= SOON_S) {
                let due = DueDelivery { key, delivery_id, event_id, attempt };
                let (request, why) = (due.request(), "scheduled");
                let event =
                    Event::webhook_delivery_requested(request, SOURCE, why, traceparent, now);
                round.retries.push((delay_s, event));
            }
            round.finished.push(evaluation.finished);
        }
        round
    }

    /// Records a round, claims the next deliveries and releases endpoints. When a database cannot record
    /// its part, the run leaves the endpoints of that database: their leases expire.
    async fn record_and_claim(&mut self, round: &Round) -> QueueStepResult {
        // When slow receivers have all connections, waiting endpoints are better off in another run.
        let is_over = self.dispatcher.clock.now_ms() >= self.started_at_ms + RUN_MS_MAX
            || self.is_saturated();
        let claim = if is_over { Vec::new() } else { self.next_claims() };
        let (done, idle): (Vec<_>, Vec<_>) = self
            .endpoints
            .values()
            .filter(|leased| leased.in_flight == 0)
            .partition(|leased| leased.is_stopped || is_over);
        let release: Vec<_> = done.into_iter().map(LeasedEndpoint::release).collect();
        let idle: Vec<_> = idle.into_iter().map(|leased| leased.endpoint.key).collect();
        self.served_last = claim.last().map(|(key, _)| *key).or(self.served_last);
        let step = QueueStep {
            finished: round.finished.iter().collect(),
            health: round.health.values().collect(),
            lease: Vec::new(),
            claim,
            release_if_idle: idle,
            release: release.clone(),
        };
        let Stepped { stepped, failed } = self.step(step, RECORD_TRIES).await;
        for (index, error) in failed {
            tracing::error!(worker = "webhook", %error, "attempts not recorded");
            self.endpoints.retain(|key, _| index_of(key.athlete_id) != index);
        }
        let mut released = Vec::new();
        for key in stepped.released.iter().chain(release.iter().map(|release| &release.key)) {
            let is_stopped = self.endpoints.remove(key).is_none_or(|leased| leased.is_stopped);
            let due = stepped.still_due.iter().find(|due| due.key == *key);
            released.extend(due.filter(|_| !is_stopped).map(|due| self.request_run(due)));
        }
        self.dispatcher.publisher.publish_after(0, &released).await;
        stepped
    }

    /// Requests another run for a released endpoint.
    fn request_run(&self, due: &DueDelivery) -> Event {
        let Dispatcher { entropy, clock, .. } = &self.dispatcher;
        let trace = new_trace(&**entropy);
        Event::webhook_delivery_requested(due.request(), SOURCE, "released", trace, clock.now())
    }

    fn in_flight(&self) -> i64 {
        self.endpoints.values().map(|leased| leased.in_flight).sum()
    }

    /// Returns how many attempts are in flight at slow endpoints.
    fn slow_in_flight(&self) -> i64 {
        let slow_before_ms = self.dispatcher.clock.now_ms() - SLOW_MS;
        let slow = self.endpoints.values().filter(|it| it.started_at_ms <= slow_before_ms);
        slow.map(|leased| leased.in_flight).sum()
    }

    /// Returns whether slow attempts occupy all connections.
    fn is_saturated(&self) -> bool {
        let slow = self.slow_in_flight();
        slow >= CONNECTIONS_MAX && slow == self.in_flight()
    }

    /// Returns the attempts that have ended, at least one. Returns none when none is in flight, or
    /// when an endpoint waits for a connection and none ends soon.
    async fn next_completed(&self, in_flight: &mut InFlight) -> Vec<CompletedAttempt> {
        let is_any_waiting = self.endpoints.values().any(LeasedEndpoint::is_waiting);
        let first = if !in_flight.is_empty() && is_any_waiting {
            let timeout = self.dispatcher.timer.sleep_ms(CONNECTION_CHECK_MS);
            match select(in_flight.next(), timeout).await {
                Either::Left((first, _)) => first,
                Either::Right(_) => None,
            }
        } else {
            in_flight.next().await
        };
        let mut completed: Vec<_> = first.into_iter().collect();
        while let Some(Some(next)) = in_flight.next().now_or_never() {
            completed.push(next);
        }
        completed
    }

    /// Returns how many deliveries to claim for each endpoint: the free connections, dealt in turn.
    fn next_claims(&self) -> Vec<(EndpointKey, i64)> {
        let reserved = (CONNECTIONS_FOR_SLOW - self.slow_in_flight()).max(0);
        let mut free = CONNECTIONS_MAX - reserved - self.in_flight();
        let after = self.endpoints.iter().filter(|(key, _)| Some(**key) > self.served_last);
        let before = self.endpoints.iter().filter(|(key, _)| Some(**key) <= self.served_last);
        let in_turn = after.chain(before).filter(|(_, leased)| !leased.is_stopped);
        let mut shares: Vec<_> = in_turn.map(|(key, leased)| (*key, 0, leased)).collect();
        for _ in 0..IN_FLIGHT_MAX {
            for (_, share, leased) in &mut shares {
                if free > 0 && leased.in_flight + *share < leased.in_flight_max {
                    free -= 1;
                    *share += 1;
                }
            }
        }
        shares.retain(|(_, share, _)| *share > 0);
        shares.into_iter().map(|(key, share, _)| (key, share)).collect()
    }

    /// Runs a step in each database of its endpoints, and tries each at most `tries` times.
    async fn step(&self, step: QueueStep<'_>, tries: u32) -> Stepped {
        let steps = step.by_database();
        let work = steps.iter().map(|(index, step)| async {
            let mut result = self.step_once(*index, step).await;
            for _ in 1..tries {
                if result.is_err() {
                    result = self.step_once(*index, step).await;
                }
            }
            (*index, result)
        });
        let mut all = Stepped::default();
        for (index, result) in concurrently(work).await {
            match result {
                Ok(stepped) => all.stepped.extend(stepped),
                Err(error) => drop(all.failed.insert(index, error)),
            }
        }
        all
    }

    async fn step_once(
        &self,
        index: usize,
        step: &QueueStep<'_>,
    ) -> Result<QueueStepResult, DatabaseError> {
        let now_ms = self.dispatcher.clock.now_ms();
        let holder = LeaseHolder { lease_id: self.lease_id, now_ms };
        endpoint_queue::run_step(self.dispatcher.shards.at(index), holder, step).await
    }
}

/// Logs an attempt without the URL, which may contain a token.
fn log(attempt: &CompletedAttempt, evaluation: &Evaluation) {
    let ClaimedDelivery { key, delivery_id, event_id, attempt, traceparent, .. } =
        &attempt.delivery;
    let entry = &evaluation.finished.entry;
    // A receiver that fails is its owner's to fix; an attempt that was not sent is an operator's.
    let level = match evaluation.result {
        AttemptResult::InternalError => Level::ERROR,
        AttemptResult::Succeeded
        | AttemptResult::Failed
        | AttemptResult::Throttled
        | AttemptResult::Disabled(_) => Level::INFO,
    };
    tracing::info!(
        level = level.as_str(),
        worker = "webhook",
        athlete_id = %key.athlete_id,
        endpoint_id = %key.endpoint_id,
        %delivery_id,
        %event_id,
        trace_id = traceparent.trace_id(),
        attempt,
        outcome = entry.outcome,
        status = entry.status,
        error = entry.error,
        duration_ms = entry.duration_ms,
        retry_after_s = evaluation.retry_after_s,
        "delivery"
    );
}

#[cfg(test)]
mod tests;
