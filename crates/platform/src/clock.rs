//! Time and dice come in through these two ports, and nowhere else.

use chrono::{DateTime, Utc};
use uuid::{Builder, Uuid};

/// What time it is.
pub trait Clock {
    /// Now, to the millisecond.
    fn now(&self) -> DateTime<Utc>;

    /// Now, in milliseconds since 1970.
    fn now_ms(&self) -> i64 {
        self.now().timestamp_millis()
    }
}

/// Random bytes, fit for secrets.
pub trait Entropy {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// A new id at the edge: UUIDv7, which sorts by time.
pub fn new_uuid(clock: &dyn Clock, entropy: &dyn Entropy) -> Uuid {
    let mut random = [0; 10];
    entropy.fill(&mut random);
    let since_1970_ms = u64::try_from(clock.now_ms()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(since_1970_ms, &random).into_uuid()
}
