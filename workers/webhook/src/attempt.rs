//! One attempt to deliver a webhook: builds the request and evaluates the response. No I/O.
//!
//! Limits without a source are project defaults.

use crate::endpoint::Endpoint;
use platform::{HttpError, HttpRequest, HttpResponse};
use shared_kernel::notification_details::DisabledReason;
use standard_webhooks::schedule::{self, AttemptOutcome, TIMEOUT_S};
use standard_webhooks::{Attempt, MessageId, ReceiverResponse, RetryDecision, UrlError, sign};
use storage::webhooks::deliveries::{self, DeliveryStatus};
use storage::webhooks::endpoint_queue::{ClaimedDelivery, FinishedAttempt};
use storage::webhooks::fan_out::KEPT_MS;
use storage::webhooks::webhook_id;

/// The delivery log stores this much of a response's body.
const RESPONSE_BYTES_MAX: usize = 2_048;
/// The limit for a response's body. The body is only logged, and a slow one occupies a connection.
const RESPONSE_MS_MAX: u32 = 2_000;
/// The delivery log stores this much of an error.
const ERROR_CHARS_MAX: usize = 300;
/// The delay before a retry after an internal error: a lost key is an operator's to restore.
const INTERNAL_ERROR_DELAY_S: u32 = 300;
const USER_AGENT: &str = "Bulktrack-Webhooks/1";

/// The reason why an attempt has no response.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AttemptError {
    #[error("{0}")]
    UrlNotAllowed(UrlError),
    /// An internal error: no signing key could be opened.
    #[error("{0}")]
    NotSigned(String),
    #[error("no response within {} s", TIMEOUT_S)]
    TimedOut,
    #[error("{0}")]
    Unreachable(String),
}

impl From<HttpError> for AttemptError {
    fn from(error: HttpError) -> Self {
        match error {
            HttpError::TimedOut => Self::TimedOut,
            HttpError::Unreachable { reason } => Self::Unreachable(reason),
        }
    }
}

/// Builds the signed request for a delivery.
pub fn request(
    endpoint: &Endpoint,
    delivery: &ClaimedDelivery,
    now_ms: i64,
) -> Result<HttpRequest, AttemptError> {
    let not_signed = |error: &dyn std::fmt::Display| AttemptError::NotSigned(error.to_string());
    let url = endpoint.url.as_ref().map_err(|error| AttemptError::UrlNotAllowed(*error))?;
    let keys = endpoint.signing_keys.as_ref().map_err(|error| not_signed(error))?;
    let id = MessageId::parse(&webhook_id(delivery.key.endpoint_id, delivery.event_id))
        .map_err(|e| not_signed(&e))?;
    let timestamp_s = u64::try_from(now_ms / 1_000).unwrap_or(0);
    let attempt = Attempt { id: &id, timestamp_s, body: delivery.body.as_bytes() };
    let signed = sign(&attempt, keys).map_err(|error| not_signed(&error))?;
    let mut headers: Vec<_> = signed.pairs().map(|(name, value)| (name, value.to_owned())).to_vec();
    headers.push(("content-type", "application/json".to_owned()));
    headers.push(("user-agent", USER_AGENT.to_owned()));
    Ok(HttpRequest {
        url: url.as_str().to_owned(),
        headers,
        body: delivery.body.clone(),
        timeout_ms: TIMEOUT_S * 1_000,
        body_timeout_ms: RESPONSE_MS_MAX,
        body_bytes_max: RESPONSE_BYTES_MAX,
    })
}

/// An attempt that has ended.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletedAttempt {
    pub delivery: ClaimedDelivery,
    pub started_at_ms: i64,
    pub ended_at_ms: i64,
    pub response: Result<HttpResponse, AttemptError>,
}

/// The consequences of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    pub finished: FinishedAttempt,
    /// The delay before the next attempt, if there is one.
    pub retry_after_s: Option<u32>,
    pub result: AttemptResult,
}

/// The meaning of an attempt for its endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptResult {
    Succeeded,
    Failed,
    Throttled,
    Disabled(DisabledReason),
    /// The attempt was not sent, and the endpoint is not the cause.
    InternalError,
}

/// Decides what follows from an attempt. `failing_since_ms` is the endpoint's; `jitter` is random,
/// from 0 to 1.
pub fn evaluate(
    attempt: &CompletedAttempt,
    failing_since_ms: Option<i64>,
    jitter: f64,
) -> Evaluation {
    let CompletedAttempt { delivery, ended_at_ms, .. } = attempt;
    let outcome = outcome(&attempt.response);
    let result = endpoint_result(outcome, failing_since_ms.unwrap_or(*ended_at_ms), *ended_at_ms);
    let retry_after_s = match decide_retry(attempt, outcome, jitter) {
        RetryDecision::RetryAfter { delay_s } if !matches!(result, AttemptResult::Disabled(_)) => {
            Some(delay_s)
        }
        RetryDecision::RetryAfter { .. }
        | RetryDecision::Delivered
        | RetryDecision::Exhausted
        | RetryDecision::DisableEndpoint => None,
    };
    let status = match (result, retry_after_s) {
        (AttemptResult::Succeeded, _) => DeliveryStatus::Delivered,
        (_, Some(_)) => DeliveryStatus::Waiting,
        (_, None) => DeliveryStatus::Failed,
    };
    let finished = FinishedAttempt {
        key: delivery.key,
        delivery_id: delivery.delivery_id,
        claim_ends_at_ms: delivery.claim_ends_at_ms,
        attempt: if outcome.is_none() { delivery.attempt - 1 } else { delivery.attempt },
        status,
        due_at_ms: ended_at_ms + i64::from(retry_after_s.unwrap_or(0)) * 1_000,
        entry: log_entry(attempt, outcome),
    };
    Evaluation { finished, retry_after_s, result }
}

/// Returns `None` for an internal error.
fn outcome(response: &Result<HttpResponse, AttemptError>) -> Option<AttemptOutcome> {
    let received = match response {
        Ok(response) => ReceiverResponse::Status(response.status),
        Err(AttemptError::TimedOut) => ReceiverResponse::TimedOut,
        Err(AttemptError::Unreachable(_)) => ReceiverResponse::Unreachable,
        Err(AttemptError::UrlNotAllowed(_)) => ReceiverResponse::UrlRejected,
        Err(AttemptError::NotSigned(_)) => return None,
    };
    Some(received.outcome())
}

const fn endpoint_result(
    outcome: Option<AttemptOutcome>,
    failing_since_ms: i64,
    now_ms: i64,
) -> AttemptResult {
    match outcome {
        None => AttemptResult::InternalError,
        Some(AttemptOutcome::Delivered) => AttemptResult::Succeeded,
        Some(AttemptOutcome::Gone) => AttemptResult::Disabled(DisabledReason::Gone),
        Some(AttemptOutcome::Forbidden) => AttemptResult::Disabled(DisabledReason::Forbidden),
        Some(AttemptOutcome::Failed | AttemptOutcome::Throttled)
            if schedule::is_failing_too_long(failing_since_ms, now_ms) =>
        {
            AttemptResult::Disabled(DisabledReason::Failing)
        }
        Some(AttemptOutcome::Throttled) => AttemptResult::Throttled,
        Some(AttemptOutcome::Failed) => AttemptResult::Failed,
    }
}

fn decide_retry(
    attempt: &CompletedAttempt,
    outcome: Option<AttemptOutcome>,
    jitter: f64,
) -> RetryDecision {
    let CompletedAttempt { delivery, ended_at_ms, response, .. } = attempt;
    let retry_after = response.as_ref().ok().and_then(|response| response.retry_after.as_deref());
    let retry_after_s =
        retry_after.and_then(|header| schedule::retry_after_s(header, ended_at_ms / 1_000));
    match outcome {
        Some(outcome) => schedule::decide_retry(delivery.attempt, outcome, retry_after_s, jitter),
        // Internal errors do not count as attempts: the delivery waits for an operator as long as deliveries
        // are kept.
        None if ended_at_ms - delivery.created_at_ms >= KEPT_MS => RetryDecision::Exhausted,
        None => RetryDecision::RetryAfter { delay_s: INTERNAL_ERROR_DELAY_S },
    }
}

fn log_entry(attempt: &CompletedAttempt, outcome: Option<AttemptOutcome>) -> deliveries::Attempt {
    let response = attempt.response.as_ref();
    let error = match response {
        Ok(response) => response.body_error.clone(),
        Err(error) => Some(error.to_string()),
    };
    deliveries::Attempt {
        at_ms: attempt.started_at_ms,
        outcome: outcome.map_or("not_sent", AttemptOutcome::as_str).to_owned(),
        status: response.ok().map(|response| response.status),
        error: error.map(|error| error.chars().take(ERROR_CHARS_MAX).collect()),
        duration_ms: attempt.ended_at_ms - attempt.started_at_ms,
        response_body: response.ok().map(|response| printable(&response.body)),
    }
}

/// Replaces control characters except line feeds: JSON escapes each as six characters.
fn printable(text: &str) -> String {
    let replace = |c: char| {
        if c.is_control() && c != '\n' { char::REPLACEMENT_CHARACTER } else { c }
    };
    text.chars().map(replace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared_kernel::{AthleteId, EventId};
    use standard_webhooks::schedule::FAILING_DAYS_MAX;
    use storage::webhooks::EndpointKey;
    use testkit::http_response;
    use uuid::Uuid;

    const NOW_MS: i64 = 1_795_435_200_000;

    fn completed(attempt: u32, response: Result<HttpResponse, HttpError>) -> CompletedAttempt {
        let key = EndpointKey { athlete_id: AthleteId(Uuid::nil()), endpoint_id: Uuid::nil() };
        let delivery = ClaimedDelivery {
            key,
            delivery_id: Uuid::nil(),
            event_id: EventId(Uuid::nil()),
            event_type: "record.set".to_owned(),
            body: "{}".to_owned(),
            traceparent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap(),
            attempt,
            claim_ends_at_ms: 0,
            created_at_ms: NOW_MS,
        };
        let response = response.map_err(AttemptError::from);
        CompletedAttempt { delivery, started_at_ms: NOW_MS - 50, ended_at_ms: NOW_MS, response }
    }

    /// The second step of the schedule is 300 s.
    fn check_retry_after(header: &str, retry_after_s: u32) {
        let response = HttpResponse {
            status: 503,
            retry_after: Some(header.to_owned()),
            body: "busy".to_owned(),
            body_error: None,
        };
        let evaluation = evaluate(&completed(2, Ok(response)), None, 0.0);
        assert_eq!(evaluation.retry_after_s, Some(retry_after_s), "{header}");
        let due_in_ms = evaluation.finished.due_at_ms - NOW_MS;
        assert_eq!(due_in_ms, i64::from(retry_after_s) * 1_000, "{header}");
        assert_eq!(evaluation.finished.entry.response_body.as_deref(), Some("busy"));
        assert_eq!(evaluation.finished.entry.duration_ms, 50);
    }

    #[test]
    fn retry_after_is_respected_up_to_twice_the_step() {
        check_retry_after("400", 400);
        check_retry_after("1", 300);
        check_retry_after("86400", 600);
        check_retry_after("Mon, 23 Nov 2026 12:06:40 GMT", 400);
        check_retry_after("soon", 240);
    }

    #[test]
    fn endpoint_is_disabled_after_five_days_of_failures() {
        let check = |days: i64, expected| {
            let since_ms = Some(NOW_MS - days * 86_400_000);
            let evaluation = evaluate(&completed(1, http_response(500)), since_ms, 0.5);
            assert_eq!(evaluation.result, expected, "{days}");
        };
        check(FAILING_DAYS_MAX - 1, AttemptResult::Failed);
        check(FAILING_DAYS_MAX, AttemptResult::Disabled(DisabledReason::Failing));
        let evaluation = evaluate(&completed(1, http_response(200)), Some(0), 0.5);
        assert_eq!(evaluation.result, AttemptResult::Succeeded);
    }

    #[test]
    fn tenth_failure_ends_the_delivery_and_keeps_the_endpoint_enabled() {
        let evaluation = evaluate(&completed(10, http_response(500)), None, 0.5);
        assert_eq!(evaluation.finished.status, DeliveryStatus::Failed);
        assert_eq!(evaluation.retry_after_s, None);
        assert_eq!(evaluation.result, AttemptResult::Failed);
    }

    #[test]
    fn internal_error_uses_no_attempt_and_fails_after_thirty_days() {
        let unsent = |created_at_ms| {
            let mut attempt = completed(10, http_response(200));
            attempt.delivery.created_at_ms = created_at_ms;
            attempt.response = Err(AttemptError::NotSigned("no key".to_owned()));
            let evaluation = evaluate(&attempt, Some(0), 0.5);
            assert_eq!(evaluation.finished.attempt, 9);
            assert_eq!(evaluation.result, AttemptResult::InternalError);
            (evaluation.finished.status, evaluation.retry_after_s)
        };
        assert_eq!(unsent(NOW_MS), (DeliveryStatus::Waiting, Some(300)));
        assert_eq!(unsent(NOW_MS - 29 * 86_400_000), (DeliveryStatus::Waiting, Some(300)));
        assert_eq!(unsent(NOW_MS - 30 * 86_400_000), (DeliveryStatus::Failed, None));
    }

    #[test]
    fn control_characters_of_a_response_are_replaced() {
        let body = "a\u{0}b\r\nc\u{85}".to_owned();
        let response = HttpResponse { status: 500, retry_after: None, body, body_error: None };
        let evaluation = evaluate(&completed(1, Ok(response)), None, 0.5);
        let stored = "a\u{fffd}b\u{fffd}\nc\u{fffd}";
        assert_eq!(evaluation.finished.entry.response_body.as_deref(), Some(stored));
    }

    #[test]
    fn long_error_is_truncated() {
        let reason = "x".repeat(5_000);
        let attempt = completed(1, Err(HttpError::Unreachable { reason }));
        let entry = evaluate(&attempt, None, 0.5).finished.entry;
        assert_eq!(entry.error.unwrap().len(), ERROR_CHARS_MAX);
    }
}
