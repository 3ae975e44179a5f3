//! A limiter that counts within one period, which never ends.

use async_trait::async_trait;
use platform::{RateLimit, RateLimiter};
use std::cell::RefCell;
use std::collections::HashMap;

/// Counts calls by limit and caller, and admits as many as the limit says.
#[derive(Default)]
pub struct Turnstile(RefCell<HashMap<(RateLimit, String), u32>>);

impl Turnstile {
    /// So many calls of a limit are left to whoever called within it so far.
    pub fn leave(&self, limit: RateLimit, calls: u32) {
        for ((counted, _), count) in self.0.borrow_mut().iter_mut() {
            if *counted == limit {
                *count = limit.calls_max() - calls;
            }
        }
    }
}

#[async_trait(?Send)]
impl RateLimiter for Turnstile {
    async fn admits(&self, limit: RateLimit, caller: &str) -> bool {
        let mut counts = self.0.borrow_mut();
        let count = counts.entry((limit, caller.to_owned())).or_default();
        *count += 1;
        *count <= limit.calls_max()
    }
}

/// A limiter that admits everybody.
pub struct Unlimited;

#[async_trait(?Send)]
impl RateLimiter for Unlimited {
    async fn admits(&self, _: RateLimit, _: &str) -> bool {
        true
    }
}
