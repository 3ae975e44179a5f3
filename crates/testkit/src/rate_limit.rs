//! Rate limiters for tests.

use async_trait::async_trait;
use platform::RateLimiter;
use std::cell::RefCell;
use std::collections::HashMap;

/// A limiter without a limit until a test sets the calls that remain.
#[derive(Default)]
pub struct CountingRateLimiter(RefCell<HashMap<(String, String), Option<u32>>>);

impl CountingRateLimiter {
    /// Leaves `calls` calls of `binding` to each caller that it has counted so far.
    pub fn set_remaining(&self, binding: &str, calls: u32) {
        for ((counted, _), remaining) in self.0.borrow_mut().iter_mut() {
            if counted == binding {
                *remaining = Some(calls);
            }
        }
    }
}

#[async_trait(?Send)]
impl RateLimiter for CountingRateLimiter {
    async fn admits(&self, binding: &str, caller: &str) -> bool {
        let mut callers = self.0.borrow_mut();
        match callers.entry((binding.to_owned(), caller.to_owned())).or_default() {
            None => true,
            Some(0) => false,
            Some(remaining) => {
                *remaining -= 1;
                true
            }
        }
    }
}

/// A limiter that admits every call.
pub struct Unlimited;

#[async_trait(?Send)]
impl RateLimiter for Unlimited {
    async fn admits(&self, _: &str, _: &str) -> bool {
        true
    }
}
