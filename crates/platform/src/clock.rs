//! The ports for time, randomness and time zones. Nothing else reads them from the runtime.

use async_trait::async_trait;
use chrono::{DateTime, FixedOffset, NaiveDateTime, Utc};
use shared_kernel::TraceContext;
use uuid::{Builder, Uuid};

/// Reads the time.
pub trait Clock {
    /// The time now, to the millisecond.
    fn now(&self) -> DateTime<Utc>;

    /// The time now, in milliseconds since 1970.
    fn now_ms(&self) -> i64 {
        self.now().timestamp_millis()
    }
}

/// Waits.
#[async_trait(?Send)]
pub trait Timer {
    /// Completes after `milliseconds`. Dropping the future cancels the timer.
    async fn sleep_ms(&self, milliseconds: u32);
}

/// Random bytes, fit for secrets.
pub trait Entropy {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The rules of time zones.
pub trait TimeZones {
    /// The offsets from UTC of wall-clock times in a zone of the IANA database (`Europe/Berlin`).
    /// A time that a clock change skips or repeats gets one of the two offsets. `None`: unknown
    /// zone.
    fn offsets(&self, zone: &str, times: &[NaiveDateTime]) -> Option<Vec<FixedOffset>>;

    /// The offset from UTC of an instant in a zone. `None`: unknown zone.
    fn offset_at_instant(&self, zone: &str, instant: DateTime<Utc>) -> Option<FixedOffset>;
}

/// The offset of a wall-clock time, from a function that returns the offset of an instant in seconds
/// east of UTC: take the time as UTC for a first guess, and correct the guess once.
pub fn offset_at(
    time: NaiveDateTime,
    seconds_east_at: impl Fn(i64) -> Option<i32>,
) -> Option<FixedOffset> {
    let as_utc_ms = time.and_utc().timestamp_millis();
    let guess = seconds_east_at(as_utc_ms)?;
    let corrected = seconds_east_at(as_utc_ms - i64::from(guess) * 1_000)?;
    FixedOffset::east_opt(corrected)
}

/// A new id at the edge: UUIDv7, which sorts by time.
pub fn new_uuid(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let since_1970_ms = u64::try_from(clock.now_ms()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(since_1970_ms, &random).into_uuid()
}

/// A new trace, which no earlier span belongs to.
pub fn new_trace(entropy: &dyn Entropy) -> TraceContext {
    let mut random = [0; 24];
    entropy.fill(&mut random);
    TraceContext::from_random(random)
}
