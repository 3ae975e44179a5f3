//! The rate limiting bindings behind the `RateLimiter` port.

use crate::rate_limit::RateLimiter;
use async_trait::async_trait;
use worker::Env;

/// The rate limiting bindings of a worker. A missing binding admits every call and logs a warning.
pub struct RateLimitBindings(Env);

impl RateLimitBindings {
    /// The rate limit bindings in `env`.
    pub fn from_env(env: &Env) -> Self {
        Self(env.clone())
    }

    async fn count(&self, binding: &str, caller: &str) -> worker::Result<bool> {
        let outcome = self.0.rate_limiter(binding)?.limit(caller.to_owned()).await?;
        Ok(outcome.success)
    }
}

#[async_trait(?Send)]
impl RateLimiter for RateLimitBindings {
    async fn admits(&self, binding: &str, caller: &str) -> bool {
        self.count(binding, caller).await.unwrap_or_else(|error| {
            tracing::warn!(binding, %error, "rate limit not counted; call admitted");
            true
        })
    }
}
