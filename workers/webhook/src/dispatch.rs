//! Making the attempts of deliveries that are due.
//!
//! An endpoint is a lane (`storage::webhooks::lanes`): a run leases the lanes that it was woken for,
//! makes attempts until nothing is due, and lets go. A slow receiver holds its own lane and few of
//! the run's connections; it delays no other.

use crate::attempt::{Endpoint, Judged, Made, Verdict, judge, post};
use crate::publisher::{WebhookEventPublisher, webhook_delivery_requested, webhook_disabled};
use futures_util::future::{Either, FutureExt, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt};
use platform::{Background, Clock, Entropy, HttpClient, Timer, Vault};
use shared_kernel::{AthleteId, Event, TraceContext};
use standard_webhooks::Environment;
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::webhooks::EndpointKey;
use storage::webhooks::deliveries::Overdue;
use storage::webhooks::lanes::{
    self, Finished, Holder, IN_FLIGHT_MAX, Leave, Standing, Step, Stepped, Taken,
};
use storage::{DatabaseError, Shards};
use uuid::Uuid;

/// Connections of a run, at most: those that the platform opens at once for an invocation
/// (Cloudflare Workers documentation, Limits). One more would wait, and its time would run.
const CONNECTIONS_MAX: i64 = 6;
/// Of these, one is for attempts that take long: a receiver that never answers takes nothing from the
/// others (ours).
const CONNECTIONS_FOR_SLOW: i64 = 1;
/// From then on an attempt takes long, in milliseconds (ours: a receiver that stores and answers, as it
/// should, takes less).
const SLOW_MS: i64 = 250;
/// While a lane waits for a connection, it is looked so often whether it will get one, in milliseconds.
const LOOK_MS: u32 = 250;
/// No attempt begins later in a run, in milliseconds: 8 s and the 20 s of an attempt are within the
/// 30 s for which the platform keeps work in the background (Cloudflare Workers documentation,
/// Context API).
const RUN_MS_MAX: i64 = 8_000;
/// A next attempt that is so near is not left to the sweep, which comes each minute, in seconds.
const SOON_S: u32 = 60;
/// A receiver that has too much to do, or fails and was failing before, gets nothing for so long at
/// most, in milliseconds (ours).
const REST_MS_MAX: i64 = 300_000;
/// One that was failing before gets an attempt in so long at most, in milliseconds (ours).
const PROBE_MS_MIN: i64 = 60_000;
/// What attempts came to is tried to be recorded so often at once: what is not recorded is made
/// again.
const RECORD_TRIES: u32 = 3;

/// Makes attempts.
#[derive(Clone)]
pub struct Dispatcher {
    /// Where deliveries are.
    pub shards: Shards,
    /// Who posts them.
    pub http: Rc<dyn HttpClient>,
    /// Who opens the keys that they are signed with.
    pub vault: Rc<dyn Vault>,
    /// Who tells of attempts that are due soon, and of endpoints that were disabled.
    pub publisher: WebhookEventPublisher,
    /// Where attempts go on when their message is settled.
    pub background: Rc<dyn Background>,
    /// The time.
    pub clock: Rc<dyn Clock>,
    /// For receivers that take their time.
    pub timer: Rc<dyn Timer>,
    /// The dice: of jitter, and of leases.
    pub entropy: Rc<dyn Entropy>,
    /// Where endpoints may be.
    pub environment: Environment,
}

impl Dispatcher {
    /// Leases the lanes of endpoints, all of one database, takes what is due there, and makes the
    /// attempts in the background.
    ///
    /// 1. lease and take (await): lanes that another holds, that are disabled or gone are left alone;
    ///    what is due in them is its holder's, or nobody's. A crash after it: the lanes are free, and
    ///    what was taken is due, when the lease is over; the sweep wakes them.
    ///
    /// Then, in the background, what [`Run::drive`] numbers.
    pub async fn dispatch(&self, endpoints: &[EndpointKey]) -> Result<(), DatabaseError> {
        let Some(first) = endpoints.first() else { return Ok(()) };
        let mut lease_id = [0; 16];
        self.entropy.fill(&mut lease_id);
        // Nobody is always the first.
        let mut endpoints = endpoints.to_vec();
        let offset = usize::from(lease_id[15]) % endpoints.len();
        endpoints.rotate_left(offset);
        let mut run = Run {
            dispatcher: self.clone(),
            athlete_id: first.athlete_id,
            lease_id: Uuid::from_bytes(lease_id),
            began_ms: self.clock.now_ms(),
            lanes: BTreeMap::new(),
            served_last: None,
        };
        let endpoints = endpoints.as_slice();
        let first_of_each: Vec<_> = endpoints.iter().map(|key| (*key, 1)).collect();
        let places = usize::try_from(CONNECTIONS_MAX - CONNECTIONS_FOR_SLOW).unwrap_or(1);
        let take = first_of_each.get(..places).unwrap_or(&first_of_each);
        let step = Step { hold: endpoints, take, idle: endpoints, ..Step::default() };
        run.served_last = take.last().map(|(key, _)| *key);
        let stepped = run.step(&step).await?;
        for lane in stepped.held {
            if !stepped.released.contains(&lane.key) {
                run.lanes.insert(lane.key, Lane::new(self.open(lane).await));
            }
        }
        if !run.lanes.is_empty() {
            self.background.spawn(run.drive(stepped.taken).boxed_local());
        }
        Ok(())
    }

    async fn open(&self, lane: lanes::Lane) -> Endpoint {
        let mut keys = Vec::new();
        for key in &lane.signing_keys {
            if key.expires_at_ms.is_none_or(|at_ms| at_ms > self.clock.now_ms()) {
                let opened = self.vault.open(&key.sealed, &lane.key.to_string()).await;
                keys.push(opened.map_err(|error| error.to_string()));
            }
        }
        Endpoint::new(&lane, &keys, self.environment)
    }
}

/// A lane that is held.
struct Lane {
    endpoint: Endpoint,
    in_flight: i64,
    /// When the last of these began.
    began_ms: i64,
    /// Attempts that may be in flight: one more after each that succeeds.
    width: i64,
    /// Attempts in a row that failed.
    failures: i64,
    /// It has been failing since before: one attempt shows whether it still does.
    is_probed: bool,
    /// Nothing more is taken of it: it fails, is disabled, or rests.
    is_stopped: bool,
    is_disabled: bool,
    rest_until_ms: i64,
}

impl Lane {
    fn new(endpoint: Endpoint) -> Self {
        let is_probed = endpoint.failing_since_ms.is_some();
        Self {
            endpoint,
            in_flight: 0,
            began_ms: 0,
            width: 1,
            failures: 0,
            is_probed,
            is_stopped: false,
            is_disabled: false,
            rest_until_ms: 0,
        }
    }

    /// How long nobody is to come back to it, in milliseconds, if nobody is.
    fn rest_ms(&self, judged: &Judged) -> Option<i64> {
        let next_ms = i64::from(judged.again_after_s.unwrap_or(0)) * 1_000;
        match judged.verdict {
            Verdict::Throttled => Some(next_ms.min(REST_MS_MAX)),
            Verdict::Failed if self.is_probed => Some(next_ms.clamp(PROBE_MS_MIN, REST_MS_MAX)),
            Verdict::Works | Verdict::Failed | Verdict::Disabled(_) | Verdict::Ours => None,
        }
    }

    /// Takes note of an attempt; answers how its endpoint stands, if otherwise than before.
    fn note(&mut self, judged: &Judged, now_ms: i64) -> Option<Standing> {
        self.in_flight -= 1;
        let before = self.endpoint.failing_since_ms;
        let mut disabled_reason = None;
        match judged.verdict {
            Verdict::Works => {
                self.endpoint.failing_since_ms = None;
                self.failures = 0;
                self.is_probed = false;
                self.width = (self.width + 1).min(IN_FLIGHT_MAX);
            }
            Verdict::Failed | Verdict::Throttled | Verdict::Disabled(_) => {
                self.endpoint.failing_since_ms = before.or(Some(now_ms));
                self.failures += 1;
                self.width = 1;
            }
            Verdict::Ours => self.is_stopped = true,
        }
        self.is_stopped |= self.failures > 0 && (self.is_probed || self.failures >= IN_FLIGHT_MAX);
        if let Verdict::Disabled(reason) = judged.verdict {
            self.is_stopped = true;
            self.is_disabled = true;
            disabled_reason = Some(reason.as_str());
        }
        if let Some(rest_ms) = self.rest_ms(judged) {
            self.is_stopped = true;
            self.rest_until_ms = self.rest_until_ms.max(now_ms + rest_ms);
        }
        let failing_since_ms = self.endpoint.failing_since_ms;
        let Endpoint { key, generation, .. } = self.endpoint;
        let standing = Standing { key, generation, failing_since_ms, disabled_reason };
        (failing_since_ms != before || disabled_reason.is_some()).then_some(standing)
    }
}

/// The attempts of one invocation, and what it holds meanwhile.
struct Run {
    dispatcher: Dispatcher,
    /// One of the database's athletes.
    athlete_id: AthleteId,
    lease_id: Uuid,
    began_ms: i64,
    lanes: BTreeMap<EndpointKey, Lane>,
    /// Places go around.
    served_last: Option<EndpointKey>,
}

type InFlight = FuturesUnordered<LocalBoxFuture<'static, Made>>;

/// What is to be done about attempts that are over.
#[derive(Default)]
struct Round {
    finished: Vec<Finished>,
    standings: BTreeMap<EndpointKey, Standing>,
    notices: Vec<Event>,
    soon: Vec<(u32, Event)>,
}

impl Run {
    /// Makes attempts until nothing is due, or the time is up.
    ///
    /// 2. attempt (await): until the next of those in flight has ended, and all that have with it. A
    ///    crash: each is made again, as the attempt after it. The receiver knows it by its id;
    /// 3. publish (await): that an endpoint is disabled, under an id of its own. A crash after it:
    ///    the attempt is made again, and disables the endpoint then; the news is the same event;
    /// 4. record and take (await): what came of the attempts, how their endpoints stand, as many more
    ///    as there is room for; lanes without any are let go. A crash after it is one at 2;
    /// 5. publish (await): attempts that are due within a minute, delayed by the queue; and lanes that
    ///    were let go with something due. What is not published is the sweep's.
    async fn drive(mut self, taken: Vec<Taken>) {
        let mut in_flight = InFlight::new();
        self.start(taken, &in_flight);
        while !self.lanes.is_empty() {
            let made = self.next_made(&mut in_flight).await;
            let round = self.decide(&made);
            self.publish(0, &round.notices).await;
            let held = self.lanes.len();
            let Some(stepped) = self.settle(&round).await else { return };
            for (delay_s, event) in &round.soon {
                self.publish(*delay_s, std::slice::from_ref(event)).await;
            }
            self.start(stepped.taken, &in_flight);
            // Nothing to wait for and nothing to let go: what is still held was lost, or is gone.
            if in_flight.is_empty() && self.lanes.len() == held {
                return;
            }
        }
    }

    fn start(&mut self, taken: Vec<Taken>, in_flight: &InFlight) {
        for taken in taken {
            let Some(lane) = self.lanes.get_mut(&taken.key) else { continue };
            let (clock, http) =
                (Rc::clone(&self.dispatcher.clock), Rc::clone(&self.dispatcher.http));
            let began_ms = clock.now_ms();
            lane.in_flight += 1;
            lane.began_ms = began_ms;
            let prepared = post(&lane.endpoint, &taken, began_ms);
            let attempt = async move {
                let answer = match prepared {
                    Ok(post) => Ok(http.post(post).await),
                    Err(unsent) => Err(unsent),
                };
                Made { taken, began_ms, ended_ms: clock.now_ms(), answer }
            };
            in_flight.push(attempt.boxed_local());
        }
    }

    fn decide(&mut self, made: &[Made]) -> Round {
        let mut round = Round::default();
        for made in made {
            let Taken { key, delivery_id, event_id, traceparent, attempt, .. } = made.taken;
            let Some(lane) = self.lanes.get_mut(&key) else { continue };
            let dice = dice(&*self.dispatcher.entropy);
            let judged = judge(made, lane.endpoint.failing_since_ms, dice);
            log(made, &judged);
            let was_disabled = lane.is_disabled;
            let now = self.dispatcher.clock.now();
            if let Some(standing) = lane.note(&judged, made.ended_ms) {
                // One that was disabled stays so, whatever came of its other attempts.
                let known = round.standings.get(&key);
                if known.is_none_or(|known| known.disabled_reason.is_none()) {
                    round.standings.insert(key, standing);
                }
            }
            if let Verdict::Disabled(reason) = judged.verdict
                && !was_disabled
            {
                let notice = webhook_disabled(&lane.endpoint, reason, event_id, traceparent, now);
                round.notices.push(notice);
            }
            if let Some(delay_s) = judged.again_after_s.filter(|delay_s| *delay_s <= SOON_S) {
                let due = Overdue { key, delivery_id, event_id, attempt };
                let event = webhook_delivery_requested(&due, "again", traceparent, now);
                round.soon.push((delay_s, event));
            }
            round.finished.push(judged.finished);
        }
        round
    }

    /// Records a round and takes what comes next. `None`: it could not be recorded, and the lanes
    /// are given up; they are free when the lease is over.
    async fn settle(&mut self, round: &Round) -> Option<Stepped> {
        // When nothing but slow receivers has the connections, who waits is better off in another run.
        let is_over =
            self.dispatcher.clock.now_ms() >= self.began_ms + RUN_MS_MAX || self.is_stuck();
        let take = if is_over { Vec::new() } else { self.places() };
        let empty = || self.lanes.values().filter(|lane| lane.in_flight == 0);
        let leave: Vec<_> = empty()
            .filter(|lane| lane.is_stopped || is_over)
            .map(|lane| Leave { key: lane.endpoint.key, rest_until_ms: lane.rest_until_ms })
            .collect();
        let idle: Vec<_> = empty()
            .filter(|lane| !lane.is_stopped && !is_over)
            .map(|lane| lane.endpoint.key)
            .collect();
        let standings: Vec<_> = round.standings.values().cloned().collect();
        let step = Step {
            finished: &round.finished,
            standings: &standings,
            hold: &[],
            take: &take,
            idle: &idle,
            leave: &leave,
        };
        let mut stepped = self.step(&step).await;
        for _ in 1..RECORD_TRIES {
            if stepped.is_ok() {
                break;
            }
            stepped = self.step(&step).await;
        }
        let stepped = stepped
            .inspect_err(
                |error| tracing::error!(worker = "webhook", %error, "deliveries unrecorded"),
            )
            .ok()?;
        self.served_last = take.last().map(|(key, _)| *key).or(self.served_last);
        let left = leave.iter().map(|leave| &leave.key);
        let let_go: Vec<_> = stepped.released.iter().chain(left).copied().collect();
        let gone: Vec<_> = let_go.iter().filter_map(|key| self.lanes.remove(key)).collect();
        let due: Vec<_> = gone
            .iter()
            .filter(|lane| !lane.is_stopped)
            .filter_map(|lane| stepped.left_over.iter().find(|due| due.key == lane.endpoint.key))
            .map(|due| self.wake(due))
            .collect();
        self.publish(0, &due).await;
        Some(stepped)
    }

    fn in_flight(&self) -> i64 {
        self.lanes.values().map(|lane| lane.in_flight).sum()
    }

    /// Of these, the ones that take long.
    fn slow(&self) -> i64 {
        let since_ms = self.dispatcher.clock.now_ms() - SLOW_MS;
        let slow = self.lanes.values().filter(|lane| lane.began_ms <= since_ms);
        slow.map(|lane| lane.in_flight).sum()
    }

    fn is_stuck(&self) -> bool {
        let slow = self.slow();
        slow >= CONNECTIONS_MAX && slow == self.in_flight()
    }

    /// The next attempts that are over: none, when none is in flight, or when a lane waits for a
    /// connection and none was over soon.
    async fn next_made(&self, in_flight: &mut InFlight) -> Vec<Made> {
        let waits = |lane: &Lane| lane.in_flight == 0 && !lane.is_stopped;
        let first = if !in_flight.is_empty() && self.lanes.values().any(waits) {
            let soon = self.dispatcher.timer.sleep_ms(LOOK_MS);
            match select(in_flight.next(), soon).await {
                Either::Left((first, _)) => first,
                Either::Right(_) => None,
            }
        } else {
            in_flight.next().await
        };
        let mut made: Vec<_> = first.into_iter().collect();
        while let Some(Some(next)) = in_flight.next().now_or_never() {
            made.push(next);
        }
        made
    }

    /// How many to take of which lane: one each, going around, as long as there is a connection.
    fn places(&self) -> Vec<(EndpointKey, i64)> {
        let reserved = (CONNECTIONS_FOR_SLOW - self.slow()).max(0);
        let mut free = CONNECTIONS_MAX - reserved - self.in_flight();
        let after = self.lanes.iter().filter(|(key, _)| Some(**key) > self.served_last);
        let before = self.lanes.iter().filter(|(key, _)| Some(**key) <= self.served_last);
        let open: Vec<_> = after.chain(before).filter(|(_, lane)| !lane.is_stopped).collect();
        let mut places = BTreeMap::new();
        let mut order = Vec::new();
        for turn in 0..IN_FLIGHT_MAX {
            for (key, lane) in &open {
                if free > 0 && lane.in_flight + turn < lane.width {
                    free -= 1;
                    *places.entry(**key).or_insert_with(|| {
                        order.push(**key);
                        0
                    }) += 1;
                }
            }
        }
        order.into_iter().filter_map(|key| Some((key, *places.get(&key)?))).collect()
    }

    async fn step(&self, step: &Step<'_>) -> Result<Stepped, DatabaseError> {
        let database = self.dispatcher.shards.for_athlete(self.athlete_id);
        let now_ms = self.dispatcher.clock.now_ms();
        lanes::step(database, Holder { lease_id: self.lease_id, now_ms }, step).await
    }

    fn wake(&self, due: &Overdue) -> Event {
        let mut random = [0; 24];
        self.dispatcher.entropy.fill(&mut random);
        let trace = TraceContext::from_random(random);
        webhook_delivery_requested(due, "left over", trace, self.dispatcher.clock.now())
    }

    async fn publish(&self, delay_s: u32, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        if let Err(error) = self.dispatcher.publisher.publish_after(delay_s, events).await {
            tracing::warn!(worker = "webhook", %error, "left to the sweep");
        }
    }
}

/// From 0 to 1.
fn dice(entropy: &dyn Entropy) -> f64 {
    let mut bytes = [0; 4];
    entropy.fill(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / f64::from(u32::MAX)
}

/// One line an attempt: never the address, which may carry a token.
fn log(made: &Made, judged: &Judged) {
    let Taken { key, delivery_id, event_id, attempt, traceparent, .. } = &made.taken;
    let entry = &judged.finished.entry;
    tracing::info!(
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
        again_after_s = judged.again_after_s,
        "delivery"
    );
}

#[cfg(test)]
mod tests;
