//! The rate limits of the api. `wrangler/api.jsonc` repeats the numbers for the platform; a test
//! compares the two. The choice of limits: docs/adr/0026-rate-limits.md.
//!
//! Thresholds without a source are project defaults.

/// A limit on calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimit {
    /// All calls from one client address, with valid keys or without.
    Address,
    /// All calls with one key.
    Key,
    /// The notification streams that one key opens.
    Streams,
}

impl RateLimit {
    /// Every limit, in the order of `wrangler/api.jsonc`.
    pub const ALL: [Self; 3] = [Self::Address, Self::Key, Self::Streams];

    /// The name of the rate limiting binding.
    pub const fn binding(self) -> &'static str {
        match self {
            Self::Address => "ADDRESS_RATE",
            Self::Key => "KEY_RATE",
            Self::Streams => "STREAM_RATE",
        }
    }

    /// The number of calls that a period admits.
    pub const fn calls_max(self) -> u32 {
        match self {
            // Room for many apps behind one carrier or gym, and a fifth of what one D1 serves in a second.
            Self::Address => 2_000,
            // An app that uploads a year of offline workouts stays below it; a loop does not.
            Self::Key => 1_000,
            // A stream lasts 5 minutes, so one key has about 100 open; a phone that loses its
            // connection every few seconds can still reconnect.
            Self::Streams => 20,
        }
    }

    /// The period, in seconds; the platform supports 10 and 60.
    pub const fn period_s(self) -> u32 {
        match self {
            Self::Address | Self::Key => 10,
            Self::Streams => 60,
        }
    }
}
