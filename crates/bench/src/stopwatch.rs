//! Clocks of the system. Only this file of the benchmarks reads them.

use rustix::time::{ClockId, clock_gettime};
use std::time::{Duration, Instant};

/// Measures real time from its start.
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// Measures the processor's time of this thread from its start, which other work on the machine hardly changes.
pub struct ProcessorTime(Duration);

impl ProcessorTime {
    /// Starts now.
    pub fn start() -> Self {
        Self(Self::of_thread())
    }

    /// Returns the time since the start.
    pub fn elapsed(&self) -> Duration {
        Self::of_thread().saturating_sub(self.0)
    }

    fn of_thread() -> Duration {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        Duration::try_from(time).unwrap_or_default()
    }
}
