//! The rate limiting bindings behind the `RateLimiter` port.

use crate::rate_limit::RateLimiter;
use async_trait::async_trait;
use std::cell::RefCell;
use std::collections::BTreeSet;
use worker::Env;

thread_local! {
    /// The bindings that this isolate lacks: its bindings do not change.
    static MISSING: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

/// The rate limiting bindings of a worker. A missing binding admits every call; each isolate logs one warning.
pub struct RateLimitBindings(Env);

impl RateLimitBindings {
    /// The rate limit bindings in `env`.
    pub fn from_env(env: &Env) -> Self {
        Self(env.clone())
    }

    fn binding(&self, name: &str) -> Option<worker::RateLimiter> {
        if MISSING.with_borrow(|missing| missing.contains(name)) {
            return None;
        }
        let bound = self.0.rate_limiter(name).inspect_err(|error| {
            tracing::warn!(binding = name, %error, "no rate limit; calls are admitted");
            MISSING.with_borrow_mut(|missing| missing.insert(name.to_owned()));
        });
        bound.ok()
    }
}

#[async_trait(?Send)]
impl RateLimiter for RateLimitBindings {
    async fn admits(&self, binding: &str, caller: &str) -> bool {
        let Some(limiter) = self.binding(binding) else { return true };
        let outcome = limiter.limit(caller.to_owned()).await;
        let admit = |error: worker::Error| {
            tracing::warn!(binding, %error, "rate limit not counted; call admitted");
            true
        };
        outcome.map_or_else(admit, |outcome| outcome.success)
    }
}
