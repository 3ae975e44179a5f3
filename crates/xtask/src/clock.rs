//! The one place of xtask that reads a clock.

use chrono::{DateTime, NaiveDate, Utc};
use std::time::{Instant, SystemTime};

/// A point to measure from.
#[expect(clippy::disallowed_methods, reason = "xtask runs on the host and times its own steps")]
pub fn now() -> Instant {
    Instant::now()
}

/// Today, in UTC.
#[expect(clippy::disallowed_methods, reason = "the sample training ends last Sunday")]
pub fn today() -> NaiveDate {
    DateTime::<Utc>::from(SystemTime::now()).date_naive()
}
