//! A circuit breaker: a service that is down is not asked again and again.

use std::cell::Cell;

/// After so many failures in a row it is open (ours: fewer could be chance).
const FAILURES_MAX: u32 = 3;
/// So long it stays open (ours: a batch or two are told by the template, then one call finds out).
const OPEN_MS: i64 = 60_000;

/// Counts failures in a row. Open, it lets one call through a minute.
#[derive(Debug, Default)]
pub struct Breaker {
    failures: Cell<u32>,
    open_until_ms: Cell<i64>,
}

impl Breaker {
    /// Whether a call may be made now. The call that finds it open for a minute is a probe: until
    /// that has an answer, or for another minute, no other goes.
    pub fn lets_through(&self, now_ms: i64) -> bool {
        if self.failures.get() < FAILURES_MAX {
            return true;
        }
        let probe = now_ms >= self.open_until_ms.get();
        if probe {
            self.open_until_ms.set(now_ms + OPEN_MS);
        }
        probe
    }

    /// The service answered, whatever it said.
    pub fn answered(&self) {
        self.failures.set(0);
    }

    /// The service did not.
    pub fn failed(&self, now_ms: i64) {
        self.failures.set(self.failures.get().saturating_add(1));
        if self.failures.get() >= FAILURES_MAX {
            self.open_until_ms.set(now_ms + OPEN_MS);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens when, and whether the breaker let it through.
    fn check(calls: &[(i64, bool, bool)]) {
        let breaker = Breaker::default();
        for (now_s, through, works) in calls {
            let now_ms = now_s * 1_000;
            assert_eq!(breaker.lets_through(now_ms), *through, "at {now_s} s of {calls:?}");
            match (through, works) {
                (false, _) => {}
                (true, true) => breaker.answered(),
                (true, false) => breaker.failed(now_ms),
            }
        }
    }

    #[test]
    fn three_failures_in_a_row_open_it_for_a_minute() {
        check(&[(0, true, false), (1, true, false), (2, true, false), (3, false, true)]);
        let failed = [(0, true, false), (1, true, false), (2, true, false)];
        check(&[&failed[..], &[(61, false, true), (62, true, true), (62, true, true)]].concat());
    }

    #[test]
    fn an_answer_in_between_starts_the_count_again() {
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
    fn a_probe_that_fails_opens_it_at_once_for_another_minute() {
        let failed = [(0, true, false), (0, true, false), (0, true, false)];
        check(&[&failed[..], &[(60, true, false), (61, false, true), (120, true, true)]].concat());
    }

    #[test]
    fn one_probe_goes_at_a_time_and_one_that_is_never_heard_of_does_not_block_the_next() {
        let breaker = Breaker::default();
        for _ in 0..3 {
            breaker.failed(0);
        }
        assert!(breaker.lets_through(60_000));
        assert!(!breaker.lets_through(60_001));
        assert!(!breaker.lets_through(119_999));
        assert!(breaker.lets_through(120_000));
    }
}
