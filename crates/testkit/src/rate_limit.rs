//! Rate limiters of native tests.

use async_trait::async_trait;
use platform::{RateLimit, RateLimiter};
use std::cell::RefCell;
use std::collections::HashMap;

/// Counts calls by limit and caller, in one period that never ends.
#[derive(Default)]
pub struct CountingRateLimiter(RefCell<HashMap<(RateLimit, String), u32>>);

impl CountingRateLimiter {
    /// Leaves `calls` calls of a limit to each caller that it has counted before.
    pub fn set_remaining(&self, limit: RateLimit, calls: u32) {
        for ((counted, _), count) in self.0.borrow_mut().iter_mut() {
            if *counted == limit {
                *count = limit.calls_max() - calls;
            }
        }
    }
}

#[async_trait(?Send)]
impl RateLimiter for CountingRateLimiter {
    async fn admits(&self, limit: RateLimit, caller: &str) -> bool {
        let mut counts = self.0.borrow_mut();
        let count = counts.entry((limit, caller.to_owned())).or_default();
        *count += 1;
        *count <= limit.calls_max()
    }
}

/// Admits every call.
pub struct Unlimited;

#[async_trait(?Send)]
impl RateLimiter for Unlimited {
    async fn admits(&self, _: RateLimit, _: &str) -> bool {
        true
    }
}
