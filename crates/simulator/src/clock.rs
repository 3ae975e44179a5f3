//! Virtual time, which only the scheduler and simulated delays move.

use crate::rng::Rng;
use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::{Poll, Waker};

/// Monday, 2026-11-23, 12:45 UTC: the reports of the week before are due within 15 minutes.
pub const START_MS: i64 = 1_795_437_900_000;
/// The largest error of the clocks that workers read.
pub const SKEW_MS_MAX: i64 = 2_000;

/// The largest difference between the clock of the api and that of the consumers.
const API_SKEW_MS_MAX: i64 = 30_000;

/// A clock with timers.
pub struct VirtualClock {
    now_ms: Cell<i64>,
    skew_ms: Cell<i64>,
    api_skew_ms: i64,
    timers: RefCell<Vec<(i64, Waker)>>,
}

impl VirtualClock {
    /// Returns a clock at [`START_MS`]. In two of three seeds the api's clock is 30 s off.
    pub fn from_seed(seed: u64) -> Self {
        let direction = Rng::new(seed, 5).ms(3) - 1;
        Self {
            now_ms: Cell::new(START_MS),
            skew_ms: Cell::new(0),
            api_skew_ms: direction * API_SKEW_MS_MAX,
            timers: RefCell::default(),
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

    /// Returns the difference of the api's clock to that of the consumers, for the whole run.
    pub const fn api_skew_ms(&self) -> i64 {
        self.api_skew_ms
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
        let (due, later): (Vec<_>, Vec<_>) =
            self.timers.take().into_iter().partition(|(at_ms, _)| *at_ms <= now_ms);
        *self.timers.borrow_mut() = later;
        for (_, waker) in due {
            waker.wake();
        }
    }

    /// Returns the time of the next timer.
    pub fn next_timer_ms(&self) -> Option<i64> {
        self.timers.borrow().iter().map(|(at_ms, _)| *at_ms).min()
    }

    /// Waits for `milliseconds`.
    pub async fn sleep_ms(&self, milliseconds: i64) {
        let until_ms = self.now_ms() + milliseconds;
        poll_fn(|context| {
            if self.now_ms() >= until_ms {
                return Poll::Ready(());
            }
            self.timers.borrow_mut().push((until_ms, context.waker().clone()));
            Poll::Pending
        })
        .await;
    }
}
