//! The rate limiting bindings behind the `RateLimiter` port.

use crate::rate_limit::{RateLimit, RateLimiter};
use async_trait::async_trait;
use worker::Env;

/// The bindings of a worker. One that is missing admits everybody, and says so in the log.
pub struct RateLimitBindings(Env);

impl RateLimitBindings {
    /// Those among these bindings.
    pub fn of(env: &Env) -> Self {
        Self(env.clone())
    }

    async fn count(&self, limit: RateLimit, caller: &str) -> worker::Result<bool> {
        let outcome = self.0.rate_limiter(limit.binding())?.limit(caller.to_owned()).await?;
        Ok(outcome.success)
    }
}

#[async_trait(?Send)]
impl RateLimiter for RateLimitBindings {
    async fn admits(&self, limit: RateLimit, caller: &str) -> bool {
        self.count(limit, caller).await.unwrap_or_else(|error| {
            tracing::warn!(binding = limit.binding(), %error, "calls are not counted");
            true
        })
    }
}
