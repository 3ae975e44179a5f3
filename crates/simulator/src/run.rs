//! One run of one seed: athletes, crons and consumers take turns until all is quiet.

use crate::broker::{self, Message, destinations};
use crate::bug::Bug;
use crate::check;
use crate::fault::Fault;
use crate::house::{Answer, House};
use crate::known::Known;
use crate::search::Plan;
use crate::workload::{self, Action, Kind};
use crate::world::{START_MS, World, in_short};
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
use testkit::Sqlite;

const MINUTE_MS: i64 = 60_000;
/// For so long things go wrong: two minutes longer than athletes do anything.
const FAULTS_MS: i64 = 7 * MINUTE_MS;
/// Invocations of one consumer at once (ours: the platform has up to 250; three meet often enough).
const CONSUMERS_MAX: usize = 3;
/// A run that takes more turns does not come to rest (ours: the longest seen takes a tenth).
const TURNS_MAX: u64 = 200_000;
/// A client asks again so often, and then gives up.
const TRIES: u32 = 8;

thread_local! {
    /// One for all runs of a thread: its statements stay prepared.
    static DATABASE: Rc<Sqlite> = Rc::new(Sqlite::migrated());
}

/// What a run came to.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// What does not hold; empty when all does.
    pub violations: Vec<String>,
    /// What happened, if it was asked for.
    pub trace: Vec<String>,
    /// Turns taken.
    pub turns: u64,
    /// News, mails and posts that reached somebody.
    pub effects: [usize; 3],
    /// How often a statement came of each kind that is known.
    pub known_met: [u64; Known::ALL.len()],
    /// Dead letters that were redriven.
    pub redriven: usize,
}

/// Runs a plan.
pub fn simulate(plan: &Plan, is_traced: bool) -> Report {
    let database = DATABASE.with(Rc::clone);
    database.clear();
    let world = Rc::new(World::new(plan, is_traced));
    let house = House::new(&world, database);
    world.begin(plan.faults.clone());
    let actions: Vec<_> = workload::of_seed(plan.seed)
        .into_iter()
        .filter(|action| plan.actions.as_ref().is_none_or(|kept| kept.contains(&action.number)))
        .map(|action| Client { action, path: None, answer: None })
        .collect();
    let mut simulation = Simulation::new(world, house, actions);
    let is_quiet = simulation.run_to_rest();
    let mut violations = Vec::new();
    if is_quiet {
        violations = check::violations(&simulation);
    } else {
        violations.push("it does not come to rest".to_owned());
    }
    let effects = simulation.world.effects.borrow();
    let received = effects.received.values().map(std::collections::BTreeSet::len).sum();
    let news = simulation.house.ports.sqlite.query("SELECT 1 FROM notifications").len();
    Report {
        violations,
        trace: simulation.world.trace(),
        turns: simulation.turns,
        effects: [news, effects.mails.len(), received],
        known_met: effects.known_met,
        redriven: simulation.redriven,
    }
}

/// Who does one thing, and what came of it.
pub struct Client {
    /// What.
    pub action: Action,
    /// To what, once it is known.
    pub path: Option<String>,
    /// What was answered in the end.
    pub answer: Option<Answer>,
}

/// A run.
pub struct Simulation {
    /// Its world.
    pub world: Rc<World>,
    /// Its house.
    pub house: House,
    /// Its athletes' doings.
    pub clients: Vec<Client>,
    /// Calls to be made: when, of which client, and which try.
    calls: Vec<(i64, usize, u32)>,
    tasks: Vec<Task>,
    last_task: u64,
    next_sweep_ms: i64,
    is_healed: bool,
    /// While things go wrong, an operator redrives now and then.
    next_redrive_ms: i64,
    redriven: usize,
    /// Dead letters by the time when the operator redrove the last of them, if there were any.
    pub dead_letters_by_then: Option<usize>,
    turns: u64,
}

struct Task {
    id: u64,
    work: Work,
    future: LocalBoxFuture<'static, ()>,
    woken: Arc<Woken>,
    is_begun: bool,
}

enum Work {
    Batch(Destination, Vec<Message>, Slot<Vec<MessageResult>>),
    Call(usize, u32, Slot<Answer>),
    Sweep,
    Redrive(Slot<Answer>),
    Behind,
}

type Slot<T> = Rc<RefCell<Option<T>>>;

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[derive(Clone, Copy)]
enum Choice {
    Poll(usize),
    Call(usize),
    Sweep,
    Redrive,
    Batch(Destination),
}

impl Simulation {
    fn new(world: Rc<World>, house: House, clients: Vec<Client>) -> Self {
        let call =
            |(index, client): (usize, &Client)| (START_MS + client.action.after_ms, index, 1);
        let calls = clients.iter().enumerate().map(call).collect();
        Self {
            world,
            house,
            clients,
            calls,
            tasks: Vec::new(),
            last_task: 0,
            next_sweep_ms: START_MS + MINUTE_MS,
            is_healed: false,
            next_redrive_ms: START_MS + 2 * MINUTE_MS,
            redriven: 0,
            dead_letters_by_then: None,
            turns: 0,
        }
    }

    /// Answers whether it came to rest.
    fn run_to_rest(&mut self) -> bool {
        while self.turns < TURNS_MAX {
            self.turns += 1;
            if !self.is_healed && self.world.now_ms() >= START_MS + FAULTS_MS {
                self.is_healed = true;
                self.world.heal();
            }
            let choices = self.choices();
            if choices.is_empty() {
                if !self.advance() && !self.redrive_the_rest() {
                    return true;
                }
                continue;
            }
            let place = self.world.dice.borrow_mut().index(choices.len());
            match choices[place] {
                Choice::Poll(index) => self.poll(index),
                Choice::Call(index) => self.begin_call(index),
                Choice::Sweep => self.begin_sweep(),
                Choice::Redrive => self.redrive_some(),
                Choice::Batch(from) => self.begin_batch(from),
            }
            self.world.jump();
        }
        false
    }

    fn choices(&self) -> Vec<Choice> {
        let now_ms = self.world.now_ms();
        let is_woken = |task: &Task| task.woken.0.load(Ordering::Relaxed);
        let woken = self.tasks.iter().enumerate().filter(|(_, task)| is_woken(task));
        let mut choices: Vec<_> = woken.map(|(index, _)| Choice::Poll(index)).collect();
        let due = self.calls.iter().enumerate().filter(|(_, call)| call.0 <= now_ms);
        choices.extend(due.map(|(index, _)| Choice::Call(index)));
        if self.next_sweep_ms <= now_ms {
            choices.push(Choice::Sweep);
        }
        if !self.is_healed && self.next_redrive_ms <= now_ms {
            choices.push(Choice::Redrive);
        }
        let is_ready = |from: &Destination| {
            self.batch_ready_at_ms(*from).is_some_and(|ready_at_ms| ready_at_ms <= now_ms)
        };
        choices.extend(destinations().filter(is_ready).map(Choice::Batch));
        choices
    }

    fn batch_ready_at_ms(&self, from: Destination) -> Option<i64> {
        let consumes = |task: &&Task| matches!(task.work, Work::Batch(of, ..) if of == from);
        let is_free = self.tasks.iter().filter(consumes).count() < CONSUMERS_MAX;
        is_free.then(|| self.world.broker.borrow().ready_at_ms(from)).flatten()
    }

    /// Goes on to the next thing that happens by itself. `false`: nothing does.
    fn advance(&mut self) -> bool {
        if self.is_healed {
            // Nobody waits for a sweep that finds nothing.
            let is_idle = self.tasks.is_empty() && self.calls.is_empty();
            let due_ms = if is_idle { check::next_due_ms(self) } else { None };
            let next_minute = |ms: i64| (ms.max(self.world.now_ms()) / MINUTE_MS + 1) * MINUTE_MS;
            self.next_sweep_ms = due_ms.map_or(i64::MAX, next_minute);
        }
        let batches = destinations().filter_map(|from| self.batch_ready_at_ms(from)).min();
        let calls = self.calls.iter().map(|call| call.0).min();
        let sweep = (self.next_sweep_ms < i64::MAX).then_some(self.next_sweep_ms);
        let redrive = (!self.is_healed).then_some(self.next_redrive_ms);
        let all = [batches, calls, sweep, redrive, self.world.next_timer_ms()];
        let next = all.into_iter().flatten().min();
        if let Some(next_ms) = next {
            self.world.pass_to(next_ms);
        }
        next.is_some()
    }

    fn start(&mut self, work: Work, future: LocalBoxFuture<'static, ()>) {
        self.last_task += 1;
        let woken = Arc::new(Woken(AtomicBool::new(true)));
        self.tasks.push(Task { id: self.last_task, work, future, woken, is_begun: false });
    }

    fn poll(&mut self, index: usize) {
        let task = &mut self.tasks[index];
        self.world.invocation.set(task.id);
        if task.is_begun && self.world.strikes(Fault::Crash, "") {
            let task = self.tasks.swap_remove(index);
            drop(task.future);
            self.end(task.work);
            return;
        }
        task.is_begun = true;
        task.woken.0.store(false, Ordering::Relaxed);
        let waker = Arc::clone(&task.woken).into();
        let is_over = task.future.as_mut().poll(&mut Context::from_waker(&waker)).is_ready();
        for work in self.world.spawned.take() {
            self.start(Work::Behind, work);
        }
        if is_over {
            let task = self.tasks.swap_remove(index);
            self.end(task.work);
        }
    }

    fn end(&mut self, work: Work) {
        match work {
            Work::Batch(from, messages, results) => {
                if self.world.bug == Some(Bug::AckBeforePublish) {
                    return;
                }
                let results = results
                    .take()
                    .filter(|_| !self.world.strikes(Fault::BatchAgain, broker::name(from)));
                let result =
                    |index: usize| results.as_ref().and_then(|all| all.get(index)).copied();
                let now_ms = self.world.now_ms();
                self.world.note(|| format!("   settled {} {results:?}", broker::name(from)));
                self.world.broker.borrow_mut().settle(from, messages, result, now_ms);
            }
            Work::Call(index, tries, answer) => {
                let answer = answer.take();
                let status = answer.as_ref().map(|answer| answer.status);
                self.world.note(|| format!("   answered {status:?}"));
                if status.is_none_or(|status| status >= 500) && tries < TRIES {
                    let again_ms = self.world.now_ms() + 1_000 + self.world.roll_ms(30_000);
                    self.calls.push((again_ms, index, tries + 1));
                }
                if status.is_some_and(|status| status < 500) {
                    self.clients[index].answer = answer;
                }
            }
            Work::Redrive(answer) => {
                let answer = answer.take();
                self.world.note(|| format!("   redriven {answer:?}"));
                let redriven = answer.as_ref().and_then(|answer| answer.body["redriven"].as_u64());
                self.redriven += usize::try_from(redriven.unwrap_or(0)).unwrap();
            }
            Work::Sweep | Work::Behind => {}
        }
    }

    fn begin_sweep(&mut self) {
        self.next_sweep_ms = (self.world.now_ms() / MINUTE_MS + 1) * MINUTE_MS;
        let sweep = self.house.sweep().boxed_local();
        self.start(Work::Sweep, sweep);
    }

    fn begin_batch(&mut self, from: Destination) {
        let is_reordered = self.world.strikes(Fault::Reordered, broker::name(from));
        let mut dice = self.world.dice.borrow().clone();
        let reordered = is_reordered.then_some(&mut dice);
        let now_ms = self.world.now_ms();
        let messages = self.world.broker.borrow_mut().take(from, now_ms, reordered);
        *self.world.dice.borrow_mut() = dice;
        let raw = |message: &Message| RawMessage {
            id: message.id.to_string(),
            body: message.body.clone(),
            attempts: message.attempts,
        };
        let consumed = self.house.consume(from, messages.iter().map(raw).collect());
        let results = Slot::default();
        let said = Rc::clone(&results);
        self.world.invocation.set(self.last_task + 1);
        let in_short = |m: &Message| format!("{} ({})", in_short(&m.body), m.attempts);
        self.world.note(|| {
            let messages: Vec<_> = messages.iter().map(in_short).collect();
            format!("{} gets {}", broker::name(from), messages.join(", "))
        });
        let future = async move { *said.borrow_mut() = Some(consumed.await) };
        self.start(Work::Batch(from, messages, results), future.boxed_local());
    }

    fn begin_call(&mut self, place: usize) {
        let (_, index, tries) = self.calls.swap_remove(place);
        let Action { number, athlete, kind, .. } = self.clients[index].action.clone();
        let Some(path) = self.path_of(index) else { return };
        let (method, body) = match &kind {
            Kind::Post(entered) => ("POST", entered.json()),
            Kind::Put(_, entered) => ("PUT", entered.json()),
            Kind::Delete(_) => ("DELETE", Value::Null),
            Kind::AddSet(_, set) => ("POST", set.logged()),
            Kind::Complete(_) => ("POST", json!({ "ended_at": "2026-11-23T12:30:00Z" })),
        };
        let idempotency_key = format!("action-{number}");
        let is_keyed = matches!(kind, Kind::Post(_) | Kind::AddSet(..));
        let key = is_keyed.then_some(idempotency_key.as_str());
        let called = self.house.call(
            &self.house.athletes[athlete].key,
            method,
            &path,
            &body.to_string(),
            key,
        );
        self.world.invocation.set(self.last_task + 1);
        self.world
            .note(|| format!("athlete {athlete}, action {number}, try {tries}: {method} {path}"));
        let answer = Slot::default();
        let said = Rc::clone(&answer);
        let future = async move { *said.borrow_mut() = Some(called.await) };
        self.start(Work::Call(index, tries, answer), future.boxed_local());
    }

    /// The workout that a client means is one that its athlete knew when it asked first.
    fn path_of(&mut self, index: usize) -> Option<String> {
        if let Some(path) = &self.clients[index].path {
            return Some(path.clone());
        }
        let Action { athlete, kind, .. } = &self.clients[index].action;
        let posted = self.clients.iter().filter(|client| client.action.athlete == *athlete);
        let posted = posted.filter(|client| matches!(client.action.kind, Kind::Post(_)));
        let ids: Vec<_> =
            posted.filter_map(|client| client.answer.as_ref()?.body["id"].as_str()).collect();
        let one = |which: &usize, rest: &str| {
            let id = ids.get(which.checked_rem(ids.len())?)?;
            Some(format!("/v1/workouts/{id}{rest}"))
        };
        let path = match kind {
            Kind::Post(_) => Some("/v1/workouts".to_owned()),
            Kind::Put(which, _) | Kind::Delete(which) => one(which, ""),
            Kind::AddSet(which, _) => one(which, "/sets"),
            Kind::Complete(which) => one(which, "/complete"),
        };
        self.clients[index].path.clone_from(&path);
        path
    }

    fn begin_redrive(&mut self, selection: &Value) {
        let answered = self.house.redrive(selection);
        self.world.invocation.set(self.last_task + 1);
        self.world.note(|| format!("an operator redrives {selection}"));
        let answer = Slot::default();
        let said = Rc::clone(&answer);
        let future = async move { *said.borrow_mut() = Some(answered.await) };
        self.start(Work::Redrive(answer), future.boxed_local());
    }

    /// An operator redrives what there is while things still go wrong: some of it comes back.
    fn redrive_some(&mut self) {
        self.next_redrive_ms = self.world.now_ms() + self.world.roll_ms(2 * MINUTE_MS);
        if !check::open_dead_letters(self).0.is_empty() {
            let rate = 1 + self.world.roll_ms(2);
            self.begin_redrive(&json!({ "filter": {}, "rate_per_s": rate }));
        }
    }

    /// When nothing goes wrong any more, an operator redrives what is left, once, however often it
    /// came back. `false`: there is nothing, or it was done.
    fn redrive_the_rest(&mut self) -> bool {
        let (ids, free_at_ms) = check::open_dead_letters(self);
        if self.dead_letters_by_then.is_some() || ids.is_empty() {
            return false;
        }
        self.dead_letters_by_then = Some(self.world.broker.borrow().dead_letters);
        self.world.pass_to(free_at_ms);
        self.begin_redrive(&json!({ "ids": ids, "force": true }));
        true
    }
}
