//! The scheduler: clients, sweeps, redrives and consumers take turns until nothing is left to do.
//!
//! Thresholds without a source are project defaults.

use crate::broker::{self, Message, destinations};
use crate::bug::Bug;
use crate::client::Client;
use crate::clock::START_MS;
use crate::database::{has_dead_letters, next_due_ms};
use crate::environment::{Environment, summary};
use crate::fault::{Fault, Part};
use crate::pipeline::{ApiResponse, Pipeline};
use futures::future::{FutureExt, LocalBoxFuture};
use platform::Destination;
use platform::consumer::RawMessage;
use serde_json::{Value, json};
use shared_kernel::MessageResult;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Wake};
use testkit::Databases;

const MINUTE_MS: i64 = 60_000;
/// The time in which faults occur: two minutes longer than athletes are active.
const FAULTS_MS: i64 = 7 * MINUTE_MS;
/// The time after the last fault or outage in which messages can still exhaust their retries.
const SETTLE_MS: i64 = 15 * MINUTE_MS;
/// Invocations of one consumer at once. The platform has up to 250; three overlap often enough.
const CONSUMERS_MAX: usize = 3;
/// A run with more turns does not come to rest: the longest known run takes a tenth.
const TURNS_MAX: u64 = 200_000;
/// The tries of a client.
const TRIES_MAX: u32 = 8;

/// A run in progress.
pub struct Scheduler {
    environment: Rc<Environment>,
    databases: Rc<Databases>,
    pub pipeline: Pipeline,
    pub clients: Vec<Client>,
    /// Requests to send: time, index of the client, and number of the try.
    requests: Vec<(i64, usize, u32)>,
    tasks: Vec<Task>,
    last_task: u64,
    next_sweep_ms: i64,
    have_faults_stopped: bool,
    /// While faults occur, an operator redrives from time to time.
    next_redrive_ms: i64,
    pub redriven: usize,
    /// The number of dead letters once nothing could fail any more.
    pub dead_letters_of_faults: Option<usize>,
    pub turns: u64,
}

struct Task {
    id: u64,
    work: Work,
    future: LocalBoxFuture<'static, ()>,
    is_woken: Arc<WakeFlag>,
    has_started: bool,
}

enum Work {
    Batch(Destination, Vec<Message>, Slot<Vec<MessageResult>>),
    Request(usize, u32, Slot<ApiResponse>),
    Sweep,
    Redrive(Slot<ApiResponse>),
    Background,
}

/// The result of a task; empty if it crashed.
type Slot<T> = Rc<RefCell<Option<T>>>;

struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy)]
enum Choice {
    Poll(usize),
    Request(usize),
    Sweep,
    Redrive,
    Batch(Destination),
}

impl Scheduler {
    /// Returns a run at its start.
    pub fn new(
        environment: Rc<Environment>,
        databases: Rc<Databases>,
        pipeline: Pipeline,
        clients: Vec<Client>,
    ) -> Self {
        let request =
            |(index, client): (usize, &Client)| (START_MS + client.action.after_ms, index, 1);
        let requests = clients.iter().enumerate().map(request).collect();
        Self {
            environment,
            databases,
            pipeline,
            clients,
            requests,
            tasks: Vec::new(),
            last_task: 0,
            next_sweep_ms: START_MS + MINUTE_MS,
            have_faults_stopped: false,
            next_redrive_ms: START_MS + 2 * MINUTE_MS,
            redriven: 0,
            dead_letters_of_faults: None,
            turns: 0,
        }
    }

    /// Runs until nothing is left to do; returns `false` if that takes too many turns.
    pub fn run_to_rest(&mut self) -> bool {
        while self.turns < TURNS_MAX {
            self.turns += 1;
            if !self.have_faults_stopped && self.now_ms() >= START_MS + FAULTS_MS {
                self.have_faults_stopped = true;
                self.environment.stop_faults();
            }
            if self.dead_letters_of_faults.is_none() && self.now_ms() >= self.settled_ms() {
                self.dead_letters_of_faults = Some(self.environment.broker.borrow().dead_letters);
            }
            let choices = self.choices();
            if choices.is_empty() {
                if !self.advance() {
                    return true;
                }
                continue;
            }
            let index = self.environment.rng.borrow_mut().index(choices.len());
            match choices[index] {
                Choice::Poll(index) => self.poll(index),
                Choice::Request(index) => self.send_request(index),
                Choice::Sweep => self.start_sweep(),
                Choice::Redrive => self.redrive_some(),
                Choice::Batch(from) => self.start_batch(from),
            }
            self.environment.inject_clock_jump();
        }
        false
    }

    fn now_ms(&self) -> i64 {
        self.environment.clock.now_ms()
    }

    /// Returns the time from which nothing fails any more.
    fn settled_ms(&self) -> i64 {
        let outages = self.environment.outages.iter().map(|outage| outage.until_ms);
        outages.fold(START_MS + FAULTS_MS, i64::max) + SETTLE_MS
    }

    fn choices(&self) -> Vec<Choice> {
        let now_ms = self.now_ms();
        let is_woken = |task: &Task| task.is_woken.0.load(Ordering::Relaxed);
        let woken = self.tasks.iter().enumerate().filter(|(_, task)| is_woken(task));
        let mut choices: Vec<_> = woken.map(|(index, _)| Choice::Poll(index)).collect();
        let due = self.requests.iter().enumerate().filter(|(_, request)| request.0 <= now_ms);
        choices.extend(due.map(|(index, _)| Choice::Request(index)));
        if self.next_sweep_ms <= now_ms {
            choices.push(Choice::Sweep);
        }
        if !self.have_faults_stopped && self.next_redrive_ms <= now_ms {
            choices.push(Choice::Redrive);
        }
        let is_ready = |from: &Destination| {
            self.batch_ready_at_ms(*from).is_some_and(|ready_at_ms| ready_at_ms <= now_ms)
        };
        choices.extend(destinations().filter(is_ready).map(Choice::Batch));
        choices
    }

    fn batch_ready_at_ms(&self, from: Destination) -> Option<i64> {
        let consumes = |task: &&Task| matches!(task.work, Work::Batch(queue, ..) if queue == from);
        if self.environment.out_until_ms(Part::Queue(from)).is_some() {
            return None;
        }
        let has_capacity = self.tasks.iter().filter(consumes).count() < CONSUMERS_MAX;
        has_capacity.then(|| self.environment.broker.borrow().ready_at_ms(from)).flatten()
    }

    /// Moves the clock to the next event; returns `false` if there is none.
    fn advance(&mut self) -> bool {
        if self.have_faults_stopped {
            // A sweep that finds nothing is left out, or the run would never end.
            let is_idle = self.tasks.is_empty() && self.requests.is_empty();
            let due_ms = if is_idle { next_due_ms(&self.databases) } else { None };
            let next_minute = |ms: i64| (ms.max(self.now_ms()) / MINUTE_MS + 1) * MINUTE_MS;
            self.next_sweep_ms = due_ms.map_or(i64::MAX, next_minute);
        }
        let has_messages = |queue: &Destination| !self.environment.broker.borrow().is_empty(*queue);
        let out_until_ms = |queue| self.environment.out_until_ms(Part::Queue(queue));
        let delivered = destinations().filter(has_messages).filter_map(out_until_ms).min();
        let batch = destinations().filter_map(|from| self.batch_ready_at_ms(from)).min();
        let request = self.requests.iter().map(|request| request.0).min();
        let sweep = (self.next_sweep_ms < i64::MAX).then_some(self.next_sweep_ms);
        let redrive = (!self.have_faults_stopped).then_some(self.next_redrive_ms);
        let timer = self.environment.clock.next_timer_ms();
        let next_ms =
            [delivered, batch, request, sweep, redrive, timer].into_iter().flatten().min();
        if let Some(next_ms) = next_ms {
            self.environment.clock.advance_to(next_ms);
        }
        next_ms.is_some()
    }

    fn start(&mut self, work: Work, future: LocalBoxFuture<'static, ()>) {
        self.last_task += 1;
        let is_woken = Arc::new(WakeFlag(AtomicBool::new(true)));
        self.tasks.push(Task { id: self.last_task, work, future, is_woken, has_started: false });
    }

    /// Starts a task whose result is needed at its end.
    fn start_with_result<T: 'static>(
        &mut self,
        future: impl Future<Output = T> + 'static,
        work: impl FnOnce(Slot<T>) -> Work,
    ) {
        let slot = Slot::default();
        let result = Rc::clone(&slot);
        let future = async move { *result.borrow_mut() = Some(future.await) };
        self.start(work(slot), future.boxed_local());
    }

    /// Adds a line about the task that starts next to the trace.
    fn log_start(&self, line: impl FnOnce() -> String) {
        self.environment.invocation.set(self.last_task + 1);
        self.environment.log(line);
    }

    fn poll(&mut self, index: usize) {
        let task = &mut self.tasks[index];
        self.environment.invocation.set(task.id);
        let has_crashed = task.has_started && self.environment.injects(Fault::Crash, "");
        let mut has_ended = has_crashed;
        if !has_crashed {
            task.has_started = true;
            task.is_woken.0.store(false, Ordering::Relaxed);
            let waker = Arc::clone(&task.is_woken).into();
            has_ended = task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
            for spawned in self.environment.spawned.take() {
                self.start(Work::Background, spawned);
            }
        }
        if has_ended {
            let task = self.tasks.swap_remove(index);
            drop(task.future);
            self.end(task.work);
        }
    }

    fn end(&mut self, work: Work) {
        match work {
            Work::Batch(from, messages, results) => self.settle(from, messages, results.take()),
            Work::Request(index, tries, response) => {
                let response = response.take();
                let status = response.as_ref().map(|response| response.status);
                self.environment.log(|| format!("   response {status:?}"));
                if status.is_none_or(|status| status >= 500) && tries < TRIES_MAX {
                    let retry_ms = self.now_ms() + 1_000 + self.environment.random_ms(30_000);
                    self.requests.push((retry_ms, index, tries + 1));
                }
                if status.is_some_and(|status| status < 500) {
                    self.clients[index].response = response;
                }
            }
            Work::Redrive(response) => {
                let response = response.take();
                self.environment.log(|| format!("   redriven {response:?}"));
                let redriven = response.and_then(|response| response.body["redriven"].as_u64());
                self.redriven += usize::try_from(redriven.unwrap_or(0)).unwrap();
            }
            Work::Sweep | Work::Background => {}
        }
    }

    fn settle(
        &self,
        from: Destination,
        messages: Vec<Message>,
        results: Option<Vec<MessageResult>>,
    ) {
        if self.environment.bug == Some(Bug::AckBeforePublish) {
            return;
        }
        let name = broker::name(from);
        let results = results.filter(|_| !self.environment.injects(Fault::RedeliveredBatch, name));
        self.environment.log(|| format!("   settled {name} {results:?}"));
        let mut broker = self.environment.broker.borrow_mut();
        broker.settle(from, messages, results.as_deref(), self.now_ms());
    }

    fn start_sweep(&mut self) {
        self.next_sweep_ms = (self.now_ms() / MINUTE_MS + 1) * MINUTE_MS;
        let sweep = self.pipeline.sweep().boxed_local();
        self.start(Work::Sweep, sweep);
    }

    fn start_batch(&mut self, from: Destination) {
        let is_reordered = self.environment.injects(Fault::ReorderedBatch, broker::name(from));
        let messages = {
            let mut rng = self.environment.rng.borrow_mut();
            let reorder = is_reordered.then_some(&mut *rng);
            self.environment.broker.borrow_mut().take(from, self.now_ms(), reorder)
        };
        self.log_start(|| {
            let message = |m: &Message| format!("{} ({})", summary(&m.body), m.attempts);
            let messages: Vec<_> = messages.iter().map(message).collect();
            format!("{} delivers {}", broker::name(from), messages.join(", "))
        });
        let raw_message = |message: &Message| RawMessage {
            id: message.id.to_string(),
            body: message.body.clone(),
            attempts: message.attempts,
        };
        let consumed = self.pipeline.consume(from, messages.iter().map(raw_message).collect());
        self.start_with_result(consumed, |results| Work::Batch(from, messages, results));
    }

    fn send_request(&mut self, request: usize) {
        let (_, index, tries) = self.requests.swap_remove(request);
        let Some(path) = self.resolve_path(index) else { return };
        let action = &self.clients[index].action;
        let (athlete, number) = (action.athlete, action.number);
        let method = action.kind.method();
        self.log_start(|| {
            format!("athlete {athlete}, action {number}, try {tries}: {method} {path}")
        });
        let key = &self.pipeline.athletes[athlete].key;
        let idempotency_key = action.idempotency_key();
        let response =
            self.pipeline.call(key, method, &path, &action.body, idempotency_key.as_deref());
        self.start_with_result(response, |response| Work::Request(index, tries, response));
    }

    /// Returns the path of a client's request. It names a workout that the athlete knew at the first
    /// try, on which the bodies of completions and of new titles depend.
    fn resolve_path(&mut self, index: usize) -> Option<String> {
        let client = &self.clients[index];
        if client.path.is_none() {
            let is_same_athlete = |other: &&Client| other.action.athlete == client.action.athlete;
            let clients = self.clients.iter().filter(is_same_athlete);
            let created = clients.filter_map(|c| Some((c.created_workout_id()?, &c.action.body)));
            let (ids, posted): (Vec<_>, Vec<_>) = created.unzip();
            let clients = self.clients.iter().filter(is_same_athlete);
            let imports: Vec<_> = clients.filter_map(Client::created_import_id).collect();
            let path = client.action.path(&ids, &imports);
            let body = client.action.dependent_body(&posted);
            self.clients[index].path = path;
            if let Some(body) = body {
                self.clients[index].action.body = body;
            }
        }
        self.clients[index].path.clone()
    }

    fn start_redrive(&mut self, selection: &Value) {
        self.log_start(|| format!("an operator redrives {selection}"));
        let response = self.pipeline.redrive(selection);
        self.start_with_result(response, Work::Redrive);
    }

    /// Redrives open dead letters while faults still occur: some of them fail a second time.
    fn redrive_some(&mut self) {
        self.next_redrive_ms = self.now_ms() + self.environment.random_ms(2 * MINUTE_MS);
        if has_dead_letters(&self.databases) {
            let rate = 1 + self.environment.random_ms(2);
            self.start_redrive(&json!({ "filter": {}, "rate_per_s": rate }));
        }
    }
}
