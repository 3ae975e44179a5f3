//! Virtual time, which only the scheduler and simulated delays move.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Tuesday, 2026-11-24, 11:45 UTC: the reports of the week before are due, the last of them within 15 minutes.
pub const START_MS: i64 = 1_795_520_700_000;
/// The largest error of the clocks that workers read.
pub const SKEW_MS_MAX: i64 = 2_000;

/// A clock with timers.
pub struct VirtualClock {
    now_ms: Cell<i64>,
    skew_ms: Cell<i64>,
    /// By number: a timer is removed when its future is dropped.
    timers: RefCell<BTreeMap<u64, (i64, Waker)>>,
    last_timer: Cell<u64>,
}

impl VirtualClock {
    /// Returns a clock at [`START_MS`].
    pub fn new() -> Self {
        Self {
            now_ms: Cell::new(START_MS),
            skew_ms: Cell::new(0),
            timers: RefCell::default(),
            last_timer: Cell::new(0),
        }
    }

    /// Returns the true time, which never goes back.
    pub fn now_ms(&self) -> i64 {
        self.now_ms.get()
    }

    /// Returns the time that workers read: the true time and the skew.
    pub fn wall_ms(&self) -> i64 {
        self.now_ms.get() + self.skew_ms.get()
    }

    /// Sets the error of the clocks that workers read.
    pub fn set_skew_ms(&self, skew_ms: i64) {
        self.skew_ms.set(skew_ms);
    }

    /// Returns to [`START_MS`].
    pub fn restart(&self) {
        self.now_ms.set(START_MS);
    }

    /// Moves the time forward to `to_ms`, and wakes the timers that are due.
    pub fn advance_to(&self, to_ms: i64) {
        self.now_ms.set(self.now_ms().max(to_ms));
        let now_ms = self.now_ms();
        let due: Vec<_> =
            self.timers.borrow_mut().extract_if(.., |_, (at_ms, _)| *at_ms <= now_ms).collect();
        for (_, (_, waker)) in due {
            waker.wake();
        }
    }

    /// Returns the time of the next timer.
    pub fn next_timer_ms(&self) -> Option<i64> {
        self.timers.borrow().values().map(|(at_ms, _)| *at_ms).min()
    }

    /// Waits for `milliseconds`.
    pub async fn sleep_ms(&self, milliseconds: i64) {
        let until_ms = self.now_ms() + milliseconds;
        self.last_timer.update(|number| number + 1);
        let timer = Timer { clock: self, number: self.last_timer.get() };
        poll_fn(|context| {
            if self.now_ms() >= until_ms {
                return Poll::Ready(());
            }
            let timer = (timer.number, (until_ms, context.waker().clone()));
            self.timers.borrow_mut().extend([timer]);
            Poll::Pending
        })
        .await;
    }
}

/// A timer that has not ended.
struct Timer<'a> {
    clock: &'a VirtualClock,
    number: u64,
}

impl Drop for Timer<'_> {
    fn drop(&mut self) {
        self.clock.timers.borrow_mut().remove(&self.number);
    }
}
