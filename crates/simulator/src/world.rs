//! What all invocations share: time, dice, faults, and turns.

use crate::broker::{self, Broker, is_sent_again};
use crate::bug::Bug;
use crate::dice::Dice;
use crate::effects::Effects;
use crate::fault::{Fault, Faults};
use crate::search::Plan;
use futures::future::LocalBoxFuture;
use platform::Destination;
use std::cell::{Cell, RefCell};
use std::fmt::Display;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Monday, 2026-11-23, 12:45 UTC: by then, or within a quarter of an hour, the reports of the week
/// before are due.
pub const START_MS: i64 = 1_795_437_900_000;
/// Clocks are wrong by up to so long.
pub const SKEW_MS_MAX: i64 = 2_000;
/// A step of an invocation takes up to so long, in milliseconds.
const STEP_MS_MAX: i64 = 15;
/// The latest a message comes (ours: most of the time in which things go wrong).
const LATE_MS_MAX: i64 = 300_000;

/// The world.
pub struct World {
    now_ms: Cell<i64>,
    skew_ms: Cell<i64>,
    /// The dice of everything that is no workload.
    pub dice: RefCell<Dice>,
    faults: RefCell<Faults>,
    /// The planted bug.
    pub bug: Option<Bug>,
    /// The invocation whose turn it is.
    pub invocation: Cell<u64>,
    timers: RefCell<Vec<(i64, Waker)>>,
    /// Work that goes on behind invocations.
    pub spawned: RefCell<Vec<LocalBoxFuture<'static, ()>>>,
    /// The queues.
    pub broker: RefCell<Broker>,
    /// What reached the world.
    pub effects: RefCell<Effects>,
    trace: Option<RefCell<Vec<String>>>,
}

impl World {
    /// The world of a plan, in which nothing goes wrong yet.
    pub fn new(plan: &Plan, is_traced: bool) -> Self {
        Self {
            now_ms: Cell::new(START_MS),
            skew_ms: Cell::new(0),
            dice: RefCell::new(Dice::new(plan.seed, 1_000 + plan.schedule)),
            faults: RefCell::default(),
            bug: plan.bug,
            invocation: Cell::new(0),
            timers: RefCell::default(),
            spawned: RefCell::default(),
            broker: RefCell::default(),
            effects: RefCell::default(),
            trace: is_traced.then(RefCell::default),
        }
    }

    /// The time, which only goes on.
    pub fn now_ms(&self) -> i64 {
        self.now_ms.get()
    }

    /// What clocks show.
    pub fn shown_ms(&self) -> i64 {
        self.now_ms.get() + self.skew_ms.get()
    }

    /// Notes what happens, if anybody reads it.
    pub fn note(&self, what: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let after_ms = self.now_ms() - START_MS;
            let (s, ms) = (after_ms / 1_000, after_ms % 1_000);
            let line = format!("{s:>5}.{ms:03} [{}] {}", self.invocation.get(), what());
            trace.borrow_mut().push(line);
        }
    }

    /// What happened.
    pub fn trace(&self) -> Vec<String> {
        self.trace.as_ref().map(RefCell::take).unwrap_or_default()
    }

    /// Whether a fault strikes now, at something.
    pub fn strikes(&self, fault: Fault, at: impl Display) -> bool {
        let rate = self.faults.borrow().rate(fault);
        let strikes = self.dice.borrow_mut().strikes(rate);
        if strikes {
            self.note(|| format!("!! {fault:?} {at}"));
        }
        strikes
    }

    /// From now on things go wrong.
    pub fn begin(&self, faults: Faults) {
        self.faults.replace(faults);
        self.now_ms.set(START_MS);
    }

    /// From now on nothing goes wrong.
    pub fn heal(&self) {
        self.faults.replace(Faults::default());
        self.skew_ms.set(0);
        self.note(|| "-- the faults stop".to_owned());
    }

    /// Time goes by, and wakes who waits for it.
    pub fn pass_to(&self, to_ms: i64) {
        self.now_ms.set(self.now_ms().max(to_ms));
        let now_ms = self.now_ms();
        let (due, later): (Vec<_>, Vec<_>) =
            self.timers.take().into_iter().partition(|(at_ms, _)| *at_ms <= now_ms);
        *self.timers.borrow_mut() = later;
        for (_, waker) in due {
            waker.wake();
        }
    }

    /// When the next one who waits is woken.
    pub fn next_timer_ms(&self) -> Option<i64> {
        self.timers.borrow().iter().map(|(at_ms, _)| *at_ms).min()
    }

    /// Perhaps everything stands still for a while, or somebody sets the clocks.
    pub fn jump(&self) {
        if self.strikes(Fault::ClockJump, "") {
            let (ahead, skew) =
                (self.roll_ms(120_000), self.roll_ms(2 * SKEW_MS_MAX + 1) - SKEW_MS_MAX);
            if self.roll_ms(2) == 0 {
                self.pass_to(self.now_ms() + ahead);
            } else {
                self.skew_ms.set(skew);
            }
        }
    }

    /// From 0 to below so many milliseconds.
    pub fn roll_ms(&self, end_ms: i64) -> i64 {
        self.dice.borrow_mut().ms(end_ms)
    }

    /// An await: others have turns, a little time goes by, and who is in it may die.
    pub async fn pause(&self) {
        self.pass_to(self.now_ms() + self.roll_ms(STEP_MS_MAX));
        Turn(false).await;
    }

    /// An await of so long.
    pub async fn sleep_ms(&self, milliseconds: i64) {
        Sleep { world: self, until_ms: self.now_ms() + milliseconds }.await;
    }

    /// The queue accepts a message; what becomes of it there is the broker's.
    pub fn enqueue(&self, to: Destination, body: &str, delay_s: u32) {
        if matches!(to, Destination::Events(_)) {
            self.effects.borrow_mut().event(body);
        }
        self.note(|| format!("   sent {} {}", broker::name(to), in_short(body)));
        if is_sent_again(body) && self.strikes(Fault::Lost, broker::name(to)) {
            return;
        }
        let late = || {
            let late = self.strikes(Fault::Late, broker::name(to));
            if late { self.roll_ms(LATE_MS_MAX) } else { 0 }
        };
        let at_ms = self.now_ms() + i64::from(delay_s) * 1_000;
        let mut visible_at_ms = vec![at_ms + late()];
        if self.strikes(Fault::Twice, broker::name(to)) {
            visible_at_ms.push(at_ms + late());
        }
        self.broker.borrow_mut().send(to, body, &visible_at_ms);
    }
}

/// Type and id of an event.
pub fn in_short(body: &str) -> String {
    let label = shared_kernel::event::EventHeader::read(body);
    let event_type = label.event_type.unwrap_or_else(|| "dead letter".to_owned());
    format!("{event_type} {}", label.id.unwrap_or_default())
}

/// Lets others have a turn.
struct Turn(bool);

impl Future for Turn {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.0 {
            return Poll::Ready(());
        }
        self.0 = true;
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

struct Sleep<'a> {
    world: &'a World,
    until_ms: i64,
}

impl Future for Sleep<'_> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if self.world.now_ms() >= self.until_ms {
            return Poll::Ready(());
        }
        self.world.timers.borrow_mut().push((self.until_ms, context.waker().clone()));
        Poll::Pending
    }
}
