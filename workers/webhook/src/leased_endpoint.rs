//! An endpoint that a run has leased: how many attempts may be in flight, and when to stop.
//!
//! Limits without a source are project defaults.

use crate::attempt::{AttemptResult, Evaluation};
use crate::endpoint::Endpoint;
use storage::webhooks::endpoint_queue::{EndpointHealth, IN_FLIGHT_MAX, LeaseRelease};

/// The longest pause of an endpoint that is overloaded or still failing.
const PAUSE_MS_MAX: i64 = 300_000;
/// The shortest pause of an endpoint that is still failing.
const PAUSE_MS_MIN: i64 = 60_000;

/// An endpoint that a run has leased.
pub struct LeasedEndpoint {
    pub endpoint: Endpoint,
    pub in_flight: i64,
    /// The start of the last attempt.
    pub started_at_ms: i64,
    /// The number of attempts that may be in flight; each success adds one.
    pub in_flight_max: i64,
    /// Failures in a row.
    failures: i64,
    /// The endpoint was failing before: one attempt shows whether it still is.
    is_probed: bool,
    /// No more attempts in this run: the endpoint is failing, disabled or paused.
    pub is_stopped: bool,
    pub is_disabled: bool,
    paused_until_ms: i64,
}

impl LeasedEndpoint {
    /// Starts with one attempt at a time.
    pub const fn new(endpoint: Endpoint) -> Self {
        let is_probed = endpoint.failing_since_ms.is_some();
        Self {
            endpoint,
            in_flight: 0,
            started_at_ms: 0,
            in_flight_max: 1,
            failures: 0,
            is_probed,
            is_stopped: false,
            is_disabled: false,
            paused_until_ms: 0,
        }
    }

    /// Records the start of an attempt.
    pub const fn start(&mut self, now_ms: i64) {
        self.in_flight += 1;
        self.started_at_ms = now_ms;
    }

    /// Returns whether the endpoint has no attempt in flight but may get one.
    pub const fn is_waiting(&self) -> bool {
        self.in_flight == 0 && !self.is_stopped
    }

    /// Returns the end of the lease.
    pub const fn release(&self) -> LeaseRelease {
        LeaseRelease { key: self.endpoint.key, rest_until_ms: self.paused_until_ms }
    }

    /// Records an attempt that has ended. Returns the endpoint's new state, if it has changed.
    pub fn record(&mut self, evaluation: &Evaluation, now_ms: i64) -> Option<EndpointHealth> {
        self.in_flight -= 1;
        let before = (self.endpoint.failing_since_ms, self.endpoint.unsigned_since_ms);
        let mut disabled_reason = None;
        if evaluation.result == AttemptResult::InternalError {
            self.endpoint.unsigned_since_ms.get_or_insert(now_ms);
        } else {
            self.endpoint.unsigned_since_ms = None;
        }
        match evaluation.result {
            AttemptResult::Succeeded => {
                self.endpoint.failing_since_ms = None;
                self.failures = 0;
                self.is_probed = false;
                self.in_flight_max = (self.in_flight_max + 1).min(IN_FLIGHT_MAX);
            }
            AttemptResult::Failed | AttemptResult::Throttled => self.record_failure(now_ms),
            AttemptResult::Disabled(reason) => {
                self.record_failure(now_ms);
                self.is_stopped = true;
                self.is_disabled = true;
                disabled_reason = Some(reason.as_str());
            }
            AttemptResult::InternalError => self.is_stopped = true,
        }
        if let Some(pause_ms) = self.pause_ms(evaluation) {
            self.is_stopped = true;
            self.paused_until_ms = self.paused_until_ms.max(now_ms + pause_ms);
        }
        let Endpoint { key, generation, failing_since_ms, unsigned_since_ms, .. } = self.endpoint;
        let is_changed =
            (failing_since_ms, unsigned_since_ms) != before || disabled_reason.is_some();
        is_changed.then_some(EndpointHealth {
            key,
            generation,
            failing_since_ms,
            unsigned_since_ms,
            disabled_reason,
        })
    }

    fn record_failure(&mut self, now_ms: i64) {
        self.endpoint.failing_since_ms.get_or_insert(now_ms);
        self.failures += 1;
        self.in_flight_max = 1;
        self.is_stopped |= self.is_probed || self.failures >= IN_FLIGHT_MAX;
    }

    /// Returns how long no run may lease the endpoint.
    fn pause_ms(&self, evaluation: &Evaluation) -> Option<i64> {
        let retry_after_ms = i64::from(evaluation.retry_after_s.unwrap_or(0)) * 1_000;
        match evaluation.result {
            // Without a key the other deliveries would fail in the same way.
            AttemptResult::Throttled | AttemptResult::InternalError => {
                Some(retry_after_ms.min(PAUSE_MS_MAX))
            }
            AttemptResult::Failed if self.is_probed => {
                Some(retry_after_ms.clamp(PAUSE_MS_MIN, PAUSE_MS_MAX))
            }
            AttemptResult::Succeeded | AttemptResult::Failed | AttemptResult::Disabled(_) => None,
        }
    }
}
