//! The state that all invocations share: time, randomness, faults, queues and effects.
//!
//! Thresholds without a source are project defaults.

use crate::broker::{self, Broker, is_resent_by_sweep};
use crate::bug::Bug;
use crate::clock::{SKEW_MS_MAX, START_MS, VirtualClock};
use crate::effects::Effects;
use crate::fault::{Fault, FaultRates, Outage, Part};
use crate::plan::Plan;
use crate::rng::Rng;
use crate::statement::KnownStatement;
use crate::workload::Theme;
use futures::future::LocalBoxFuture;
use platform::{Destination, Usage};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use storage::Statement;

/// The longest time that an await takes by itself.
const STEP_MS_MAX: i64 = 15;
/// The longest delay of a message: most of the time in which faults occur.
const MESSAGE_DELAY_MS_MAX: i64 = 300_000;
/// The longest time in which everything stops.
const STOP_MS_MAX: i64 = 120_000;

/// The environment of the workers.
pub struct Environment {
    pub clock: VirtualClock,
    /// Random numbers for everything but the workload and the fault rates.
    pub rng: RefCell<Rng>,
    faults: RefCell<FaultRates>,
    pub outages: Vec<Outage>,
    /// Nothing fails while the athletes are created.
    has_started: Cell<bool>,
    pub bug: Option<Bug>,
    /// Whether the sweep's job for slices of imports fails for the whole run.
    has_failing_job: bool,
    /// The invocations in which it failed, with the database: see [`Bug::SweepChained`].
    chained: RefCell<BTreeSet<(u64, &'static str)>>,
    /// The usage of each invocation.
    usages: RefCell<BTreeMap<u64, Rc<Usage>>>,
    /// The number of the running invocation.
    pub invocation: Cell<u64>,
    /// Background tasks that the scheduler has yet to start.
    pub spawned: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
    pub broker: RefCell<Broker>,
    pub effects: RefCell<Effects>,
    trace: Option<RefCell<Vec<String>>>,
}

impl Environment {
    /// Returns the environment of a plan, without faults yet.
    pub fn new(plan: &Plan, is_traced: bool) -> Self {
        Self {
            clock: VirtualClock::from_seed(plan.seed),
            rng: RefCell::new(Rng::new(plan.seed, 1_000 + plan.schedule)),
            faults: RefCell::default(),
            outages: plan.faults.outages(plan.seed),
            has_started: Cell::new(false),
            bug: plan.bug,
            has_failing_job: Theme::from_seed(plan.seed) == Theme::FailingJob,
            chained: RefCell::default(),
            usages: RefCell::default(),
            invocation: Cell::new(0),
            spawned: RefCell::default(),
            broker: RefCell::default(),
            effects: RefCell::default(),
            trace: is_traced.then(RefCell::default),
        }
    }

    /// Returns the usage of the running invocation.
    pub fn usage(&self) -> Rc<Usage> {
        Rc::clone(self.usages.borrow_mut().entry(self.invocation.get()).or_default())
    }

    /// Adds a line to the trace, if there is one.
    pub fn log(&self, line: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let after_ms = self.clock.now_ms() - START_MS;
            let (s, ms) = (after_ms / 1_000, after_ms % 1_000);
            let line = format!("{s:>5}.{ms:03} [{}] {}", self.invocation.get(), line());
            trace.borrow_mut().push(line);
        }
    }

    /// Removes and returns the trace.
    pub fn take_trace(&self) -> Vec<String> {
        self.trace.as_ref().map(RefCell::take).unwrap_or_default()
    }

    /// Decides whether a fault occurs now; `subject` is for the trace.
    pub fn injects(&self, fault: Fault, subject: impl Display) -> bool {
        let rate = self.faults.borrow().rate(fault);
        let is_injected = self.rng.borrow_mut().chance(rate);
        if is_injected {
            self.log(|| format!("!! {fault:?} {subject}"));
        }
        is_injected
    }

    /// Returns when the current outage of a part ends.
    pub fn out_until_ms(&self, part: Part) -> Option<i64> {
        let now_ms = self.clock.now_ms();
        let is_current = |outage: &&Outage| {
            outage.part == part && (outage.from_ms..outage.until_ms).contains(&now_ms)
        };
        let mut outages = self.outages.iter().filter(|_| self.has_started.get());
        outages.find(is_current).map(|outage| outage.until_ms)
    }

    /// Returns whether statements are those of the job that always fails, or come after it.
    pub fn fails_as_planned(&self, statements: &[Statement], binding: &'static str) -> bool {
        let key = (self.invocation.get(), binding);
        let is_slices = |it: &Statement| KnownStatement::TakeSlices.matches(it.sql);
        if self.has_failing_job && statements.iter().any(is_slices) {
            self.chained.borrow_mut().insert(key);
            return true;
        }
        self.bug == Some(Bug::SweepChained) && self.chained.borrow().contains(&key)
    }

    /// Restarts the clock and lets faults occur.
    pub fn start_faults(&self, faults: FaultRates) {
        self.faults.replace(faults);
        self.has_started.set(true);
        self.clock.restart();
    }

    /// Ends all faults but the outages.
    pub fn stop_faults(&self) {
        self.faults.replace(FaultRates::default());
        self.clock.set_skew_ms(0);
        self.log(|| "-- the faults stop".to_owned());
    }

    /// If the fault occurs, stops everything for a while or sets the clocks.
    pub fn inject_clock_jump(&self) {
        if self.injects(Fault::ClockJump, "") {
            let stop_ms = self.random_ms(STOP_MS_MAX);
            let skew_ms = self.random_ms(2 * SKEW_MS_MAX + 1) - SKEW_MS_MAX;
            if self.random_ms(2) == 0 {
                self.clock.advance_to(self.clock.now_ms() + stop_ms);
            } else {
                self.clock.set_skew_ms(skew_ms);
            }
        }
    }

    /// Returns a random duration below `end_ms`.
    pub fn random_ms(&self, end_ms: i64) -> i64 {
        self.rng.borrow_mut().ms(end_ms)
    }

    /// Takes a short time and lets other invocations run; the running one may crash here.
    pub async fn step(&self) {
        self.clock.advance_to(self.clock.now_ms() + self.random_ms(STEP_MS_MAX));
        let mut has_yielded = false;
        poll_fn(|context| {
            if has_yielded {
                return Poll::Ready(());
            }
            has_yielded = true;
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Sends a message, which may be lost, delayed or duplicated.
    pub fn enqueue(&self, to: Destination, body: &str, delay_s: u32) {
        if matches!(to, Destination::Events(_)) {
            self.effects.borrow_mut().record_event(body);
        }
        self.log(|| format!("   sent to {}: {}", broker::name(to), summary(body)));
        if is_resent_by_sweep(body) && self.injects(Fault::LostMessage, broker::name(to)) {
            return;
        }
        let due_ms = self.clock.now_ms() + i64::from(delay_s) * 1_000;
        let visible_at_ms = || {
            let is_delayed = self.injects(Fault::DelayedMessage, broker::name(to));
            due_ms + if is_delayed { self.random_ms(MESSAGE_DELAY_MS_MAX) } else { 0 }
        };
        let mut copies = vec![visible_at_ms()];
        if self.injects(Fault::DuplicateMessage, broker::name(to)) {
            copies.push(visible_at_ms());
        }
        self.broker.borrow_mut().send(to, body, &copies);
    }
}

/// Returns the type and the id of an event, for the trace.
pub fn summary(body: &str) -> String {
    let header = shared_kernel::event::EventHeader::read(body);
    let event_type = header.event_type.unwrap_or_else(|| "dead letter".to_owned());
    format!("{event_type} {}", header.id.unwrap_or_default())
}
