//! How often somebody may call: the limits, and the port that counts.
//!
//! Why these three, and why so: docs/adr/0026-rate-limits.md.

use async_trait::async_trait;

/// A limit on calls. Its numbers stand in `wrangler/api.jsonc` again, where the platform reads them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RateLimit {
    /// All calls from one client address, good keys or bad.
    Address,
    /// All calls that show one key.
    Key,
    /// The streams that one key opens.
    Streams,
}

impl RateLimit {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Address, Self::Key, Self::Streams];

    /// The name of its binding.
    pub const fn binding(self) -> &'static str {
        match self {
            Self::Address => "ADDRESS_RATE",
            Self::Key => "KEY_RATE",
            Self::Streams => "STREAM_RATE",
        }
    }

    /// How many calls a period admits.
    pub const fn calls_max(self) -> u32 {
        match self {
            // Ours: many apps behind one carrier or gym, and still a fifth of what one D1 answers in a second.
            Self::Address => 2_000,
            // Ours: an app that uploads a year of workouts kept offline stays under it; a loop does not.
            Self::Key => 1_000,
            // Ours: a stream lasts 5 minutes, so one key has at most some 120 open; a phone that loses its
            // connection every few seconds still comes back.
            Self::Streams => 20,
        }
    }

    /// The period, in seconds; the platform knows 10 and 60.
    pub const fn period_s(self) -> u32 {
        match self {
            Self::Address | Self::Key => 10,
            Self::Streams => 60,
        }
    }
}

/// Who counts calls.
#[async_trait(?Send)]
pub trait RateLimiter {
    /// Counts one more call of `caller`, and says whether it is within the limit. A count that fails
    /// admits: a limiter that is away must not turn athletes away.
    async fn admits(&self, limit: RateLimit, caller: &str) -> bool;
}
