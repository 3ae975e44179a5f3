//! The port that counts calls. The limits belong to the worker that has them.

use async_trait::async_trait;

/// Counts calls.
#[async_trait(?Send)]
pub trait RateLimiter {
    /// Counts one more call of `caller` against the limit of `binding`, and returns whether it is
    /// within the limit. Returns true when the count fails: an unavailable limiter must not reject
    /// calls.
    async fn admits(&self, binding: &str, caller: &str) -> bool;
}
