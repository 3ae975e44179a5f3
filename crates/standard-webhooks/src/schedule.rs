//! The retry schedule: the meaning of a receiver's response, and the delay before the next attempt.

use chrono::DateTime;

/// The delay before each attempt, in seconds: 0, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. This
/// is the specification's schedule; it ends after 75 h 35 m 5 s. A queue holds a message for twelve
/// hours at most, so due attempts are rows and not delayed messages.
pub const STEPS_S: [u32; 10] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// A delay is up to this share of its step longer or shorter (Svix), so messages that failed
/// together are not retried together.
pub const JITTER: f64 = 0.2;
/// The timeout of a request (the specification recommends 15 to 30 s).
pub const TIMEOUT_S: u32 = 20;
/// An endpoint is disabled after every attempt failed for this long (Svix). It is longer than the
/// schedule: the first failed message uses all of its attempts, unless the receiver requested longer
/// delays.
pub const FAILING_DAYS_MAX: i64 = 5;

const DAY_MS: i64 = 86_400_000;

/// The response of a receiver to one attempt, or the reason that there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverResponse {
    /// The status alone decides; the body is for the delivery log.
    Status(u16),
    /// No response within [`TIMEOUT_S`].
    TimedOut,
    /// No connection, no TLS, or closed before a status.
    Unreachable,
    /// No request was sent: the URL no longer passes [`crate::check_url`].
    UrlRejected,
}

/// The meaning of a response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// 2xx.
    Delivered,
    /// 410: the receiver unsubscribes. It disables the endpoint.
    Gone,
    /// 429, 502, 504: the receiver or its proxy is overloaded. Send nothing else to the endpoint
    /// before the next attempt is due.
    Throttled,
    /// No response, or any other status, including redirects, which are not followed.
    Failed,
    /// The URL is not allowed, and a retry does not change it. It disables the endpoint.
    Forbidden,
}

impl AttemptOutcome {
    /// Returns the name in the delivery log.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Gone => "gone",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
            Self::Forbidden => "forbidden",
        }
    }
}

impl ReceiverResponse {
    /// Returns the meaning of this response.
    pub const fn outcome(self) -> AttemptOutcome {
        match self {
            Self::Status(200..=299) => AttemptOutcome::Delivered,
            Self::Status(410) => AttemptOutcome::Gone,
            Self::Status(429 | 502 | 504) => AttemptOutcome::Throttled,
            Self::Status(_) | Self::TimedOut | Self::Unreachable => AttemptOutcome::Failed,
            Self::UrlRejected => AttemptOutcome::Forbidden,
        }
    }
}

/// The next state of a delivery after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryDecision {
    Delivered,
    RetryAfter {
        delay_s: u32,
    },
    Exhausted,
    /// The delivery fails without another attempt, and its endpoint is disabled.
    DisableEndpoint,
}

/// Decides the retry after attempt number `attempt`, which starts at 1. `random` is from 0 to 1.
///
/// A `Retry-After` is honoured from one step up to two. For it and for a throttled endpoint the
/// jitter only adds to the delay.
pub fn decide_retry(
    attempt: u32,
    outcome: AttemptOutcome,
    retry_after_s: Option<u64>,
    random: f64,
) -> RetryDecision {
    let throttled = match outcome {
        AttemptOutcome::Delivered => return RetryDecision::Delivered,
        AttemptOutcome::Gone | AttemptOutcome::Forbidden => return RetryDecision::DisableEndpoint,
        AttemptOutcome::Throttled => true,
        AttemptOutcome::Failed => false,
    };
    let step = usize::try_from(attempt).ok().and_then(|index| STEPS_S.get(index));
    let Some(&step_s) = step else { return RetryDecision::Exhausted };
    // Without a number, jitter is neutral.
    let random = if random.is_nan() { 0.5 } else { random.clamp(0.0, 1.0) };
    let requested_s = retry_after_s.map(|seconds| u32::try_from(seconds).unwrap_or(u32::MAX));
    let delay_s = match requested_s.or(throttled.then_some(step_s)) {
        Some(requested_s) => {
            let earliest_s = requested_s.clamp(step_s, 2 * step_s);
            (earliest_s + share_of(step_s, JITTER * random)).min(2 * step_s)
        }
        None => step_s - share_of(step_s, JITTER) + share_of(step_s, 2.0 * JITTER * random),
    };
    RetryDecision::RetryAfter { delay_s }
}

/// Parses a Retry-After header into seconds from now: a number of seconds, or a date (RFC 9110,
/// 10.2.3). A date in the past is 0; anything else is `None`.
pub fn retry_after_s(header: &str, now_s: i64) -> Option<u64> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // A number that overflows still means "much later".
        return Some(header.parse().unwrap_or(u64::MAX));
    }
    let date_s = DateTime::parse_from_rfc2822(header).ok()?.timestamp();
    Some(u64::try_from(date_s.saturating_sub(now_s)).unwrap_or(0))
}

/// Whether to disable an endpoint at which every attempt has failed since `failing_since_ms`.
pub const fn is_failing_too_long(failing_since_ms: i64, now_ms: i64) -> bool {
    now_ms.saturating_sub(failing_since_ms) >= FAILING_DAYS_MAX * DAY_MS
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share from 0 to 1 of a number fits its type"
)]
fn share_of(seconds: u32, share: f64) -> u32 {
    (f64::from(seconds) * share).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use AttemptOutcome::{Failed, Throttled};
    use proptest::prelude::*;

    #[test]
    fn schedule_ends_after_75_hours_35_minutes_5_seconds() {
        assert_eq!(STEPS_S.iter().sum::<u32>(), 75 * 3_600 + 35 * 60 + 5);
        assert!(STEPS_S.is_sorted());
        let longest_s: u32 = (1..10).map(|attempt| failed_delay(attempt, 1.0)).sum();
        assert!(i64::from(longest_s) * 1_000 < FAILING_DAYS_MAX * DAY_MS);
    }

    fn delay(attempt: u32, outcome: AttemptOutcome, header_s: Option<u64>, random: f64) -> u32 {
        match decide_retry(attempt, outcome, header_s, random) {
            RetryDecision::RetryAfter { delay_s } => delay_s,
            other => panic!("attempt {attempt}: {other:?}"),
        }
    }

    fn failed_delay(attempt: u32, random: f64) -> u32 {
        delay(attempt, Failed, None, random)
    }

    #[test]
    fn delivery_is_exhausted_after_ten_attempts() {
        assert_eq!((0..10).map(|attempt| failed_delay(attempt, 0.5)).collect::<Vec<_>>(), STEPS_S);
        for attempt in [10, 11, u32::MAX] {
            for outcome in [Failed, Throttled] {
                let decision = decide_retry(attempt, outcome, Some(5), 0.5);
                assert_eq!(decision, RetryDecision::Exhausted);
            }
        }
    }

    #[test]
    fn jitter_is_plus_or_minus_20_percent() {
        let range = |attempt| (failed_delay(attempt, 0.0), failed_delay(attempt, 1.0));
        assert_eq!(range(1), (4, 6));
        assert_eq!(range(2), (240, 360));
        assert_eq!(range(9), (69_120, 103_680));
        assert_eq!([-7.0, 7.0, f64::NAN].map(|random| failed_delay(2, random)), [240, 360, 300]);
    }

    #[test]
    fn retry_after_is_honoured_up_to_twice_the_step() {
        let check = |header_s: Option<u64>, random: f64, expected_s: u32| {
            assert_eq!(delay(2, Throttled, header_s, random), expected_s, "{header_s:?}");
        };
        check(None, 0.0, 300);
        check(None, 1.0, 360);
        check(Some(0), 0.0, 300);
        check(Some(299), 0.0, 300);
        check(Some(400), 0.0, 400);
        check(Some(400), 1.0, 460);
        check(Some(600), 1.0, 600);
        check(Some(601), 0.0, 600);
        check(Some(u64::MAX), 1.0, 600);
        assert_eq!(delay(2, Failed, Some(400), 0.0), 400, "503 may have the header too");
    }

    #[test]
    fn delivered_and_forbidden_deliveries_are_not_retried() {
        for attempt in [1, 10] {
            let decide = |outcome| decide_retry(attempt, outcome, Some(5), 0.5);
            assert_eq!(decide(AttemptOutcome::Delivered), RetryDecision::Delivered);
            assert_eq!(decide(AttemptOutcome::Gone), RetryDecision::DisableEndpoint);
            assert_eq!(decide(AttemptOutcome::Forbidden), RetryDecision::DisableEndpoint);
        }
    }

    #[test]
    fn every_response_has_an_outcome() {
        use ReceiverResponse::{Status, TimedOut, Unreachable, UrlRejected};
        let check = |responses: &[ReceiverResponse], outcome: AttemptOutcome| {
            for response in responses {
                assert_eq!(response.outcome(), outcome, "{response:?}");
            }
        };
        check(&[200, 201, 202, 204, 226, 299].map(Status), AttemptOutcome::Delivered);
        check(&[Status(410)], AttemptOutcome::Gone);
        check(&[429, 502, 504].map(Status), Throttled);
        check(&[0, 100, 199, 300, 301, 302, 304, 307, 308].map(Status), Failed);
        check(&[400, 401, 403, 404, 408, 411, 428, 430].map(Status), Failed);
        check(&[500, 501, 503, 505, 600, 65_535].map(Status), Failed);
        check(&[TimedOut, Unreachable], Failed);
        check(&[UrlRejected], AttemptOutcome::Forbidden);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now_s = DateTime::parse_from_rfc3339("2026-11-23T12:00:00Z").unwrap().timestamp();
        let check =
            |header, expected| assert_eq!(retry_after_s(header, now_s), expected, "{header}");
        check("120", Some(120));
        check(" 120 ", Some(120));
        check("0", Some(0));
        check("99999999999999999999", Some(u64::MAX));
        check("Mon, 23 Nov 2026 12:01:00 GMT", Some(60));
        check("Fri, 31 Dec 1999 23:59:59 GMT", Some(0));
        for header in ["", "-1", "+1", "1.5", "soon", "1h", "2026-11-23T12:01:00Z"] {
            check(header, None);
        }
    }

    #[test]
    fn endpoint_is_disabled_after_five_days_of_failures() {
        assert!(!is_failing_too_long(1_000, 1_000));
        assert!(!is_failing_too_long(1_000, 1_000 + 5 * DAY_MS - 1));
        assert!(is_failing_too_long(1_000, 1_000 + 5 * DAY_MS));
        assert!(!is_failing_too_long(1_000, 0), "a clock that went back");
        assert!(is_failing_too_long(i64::MIN, i64::MAX));
    }

    proptest! {
        #[test]
        fn delay_is_within_its_bounds(
            attempt in 1_usize..10, random in 0.0..=1.0, any_s in any::<u64>(), near_s in 0..200_000_u64,
        ) {
            let step_s = STEPS_S[attempt];
            let attempt = u32::try_from(attempt).unwrap();
            let failed = failed_delay(attempt, random);
            prop_assert!((step_s * 4 / 5..=step_s * 6 / 5).contains(&failed));
            let throttled = delay(attempt, Throttled, None, random);
            prop_assert!((step_s..=step_s * 6 / 5).contains(&throttled));
            for header_s in [any_s, near_s] {
                let delay_s = delay(attempt, Failed, Some(header_s), random);
                prop_assert!((step_s..=step_s * 2).contains(&delay_s));
                prop_assert!(u64::from(delay_s) >= header_s.min(u64::from(step_s) * 2));
            }
        }

        #[test]
        fn more_jitter_or_retry_after_never_shortens_a_delay(
            attempt in 1..10_u32, random in [0.0..=1.0, 0.0..=1.0], header_s in [0..200_000_u64, 0..200_000_u64],
        ) {
            let [low, high] = if random[0] <= random[1] { random } else { [random[1], random[0]] };
            let [less, more] =
                if header_s[0] <= header_s[1] { header_s } else { [header_s[1], header_s[0]] };
            for outcome in [Failed, Throttled] {
                let delay = |header_s, random| delay(attempt, outcome, header_s, random);
                prop_assert!(delay(None, low) <= delay(None, high));
                prop_assert!(delay(Some(less), low) <= delay(Some(more), high));
            }
        }

        #[test]
        fn parsing_any_retry_after_never_panics(header in ".{0,40}", now_s in any::<i64>()) {
            retry_after_s(&header, now_s);
        }
    }
}
