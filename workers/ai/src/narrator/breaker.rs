//! A circuit breaker: stops calls to a service that is unavailable.

use std::cell::Cell;

/// The consecutive failures that open the breaker. Fewer could be chance. A project default.
const FAILURES_MAX: u32 = 3;
/// The time that the breaker stays open: one or two batches use the template, then one call probes
/// the service. A project default.
const OPEN_MS: i64 = 60_000;

/// Counts consecutive failures. While open, it allows one call a minute.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: Cell<u32>,
    open_until_ms: Cell<i64>,
}

impl Breaker {
    /// Whether a call is allowed now. A call allowed while the breaker is open is a probe: no other
    /// call is allowed until the probe succeeds, or for another minute.
    pub fn allows_call(&self, now_ms: i64) -> bool {
        if self.failures.get() < FAILURES_MAX {
            return true;
        }
        let is_probe = now_ms >= self.open_until_ms.get();
        if is_probe {
            self.open_until_ms.set(now_ms + OPEN_MS);
        }
        is_probe
    }

    /// Records that the service responded.
    pub fn record_success(&self) {
        self.failures.set(0);
    }

    /// Records that the service failed to respond.
    pub fn record_failure(&self, now_ms: i64) {
        self.failures.set(self.failures.get().saturating_add(1));
        if self.failures.get() >= FAILURES_MAX {
            self.open_until_ms.set(now_ms + OPEN_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks calls: the time in seconds, whether it is allowed, whether it succeeds.
    fn check(calls: &[(i64, bool, bool)]) {
        let breaker = Breaker::default();
        for (now_s, allowed, succeeds) in calls {
            let now_ms = now_s * 1_000;
            assert_eq!(breaker.allows_call(now_ms), *allowed, "at {now_s} s of {calls:?}");
            match (allowed, succeeds) {
                (false, _) => {}
                (true, true) => breaker.record_success(),
                (true, false) => breaker.record_failure(now_ms),
            }
        }
    }

    #[test]
    fn three_consecutive_failures_open_the_breaker_for_a_minute() {
        check(&[(0, true, false), (1, true, false), (2, true, false), (3, false, true)]);
        let failed = [(0, true, false), (1, true, false), (2, true, false)];
        check(&[&failed[..], &[(61, false, true), (62, true, true), (62, true, true)]].concat());
    }

    #[test]
    fn success_resets_the_failure_count() {
        check(&[
            (0, true, false),
            (0, true, false),
            (0, true, true),
            (0, true, false),
            (0, true, false),
            (0, true, true),
        ]);
    }

    #[test]
    fn failed_probe_reopens_the_breaker_for_a_minute() {
        let failed = [(0, true, false), (0, true, false), (0, true, false)];
        check(&[&failed[..], &[(60, true, false), (61, false, true), (120, true, true)]].concat());
    }

    #[test]
    fn lost_probe_blocks_calls_for_one_minute_only() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            breaker.record_failure(0);
        }
        assert!(breaker.allows_call(60_000));
        assert!(!breaker.allows_call(60_001));
        assert!(!breaker.allows_call(119_999));
        assert!(breaker.allows_call(120_000));
    }
}
