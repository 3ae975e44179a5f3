//! The clock of xtask. Only this file reads the system's.

use chrono::{DateTime, NaiveDate, Utc};
use std::time::{Instant, SystemTime};

/// Returns the current instant.
#[expect(clippy::disallowed_methods, reason = "xtask runs on the host and times its own steps")]
pub fn now() -> Instant {
    Instant::now()
}

/// Returns today's date in UTC.
#[expect(clippy::disallowed_methods, reason = "the sample training ends last Sunday")]
pub fn today() -> NaiveDate {
    DateTime::<Utc>::from(SystemTime::now()).date_naive()
}
