//! The rate limiting bindings behind the `RateLimiter` port.

use crate::rate_limit::{RateLimit, RateLimiter};
use async_trait::async_trait;
use worker::Env;

/// The rate limit bindings of a worker. If one is missing, every call is admitted and logged.
pub struct RateLimitBindings(Env);

impl RateLimitBindings {
    /// The rate limit bindings in `env`.
    pub fn from_env(env: &Env) -> Self {
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
            tracing::warn!(binding = limit.binding(), %error, "rate limit not counted; call admitted");
            true
        })
    }
}
