//! What an answer means for the delivery and its endpoint, and when the next attempt is due.

use chrono::DateTime;

/// The wait before each attempt, in seconds: 0, 5 s, 5 m, 30 m, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h. The
/// schedule of the specification; it ends after 75 h 35 m 5 s. Steps past twelve hours are longer
/// than a queue can hold a message, so due attempts are rows, and not delayed messages.
pub const STEPS_S: [u32; 10] = [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400];
/// A wait is up to this share of its step longer or shorter (Svix): messages that failed together
/// do not come again together.
pub const JITTER: f64 = 0.2;
/// An answer that takes longer is none (ours, within the 15 to 30 s of the specification).
pub const TIMEOUT_S: u32 = 20;
/// An endpoint at which every attempt failed for so long is disabled (Svix). Longer than a schedule
/// takes: no endpoint is disabled while its first failed message still has an attempt left, but for
/// the one that asked for longer waits.
pub const FAILING_DAYS_MAX: i64 = 5;

const DAY_MS: i64 = 86_400_000;

/// What came of one attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// A status. It decides: what follows it, cut off or endless, is at most kept for the log.
    Status(u16),
    /// None within [`TIMEOUT_S`].
    TimedOut,
    /// No connection, no TLS, closed before a status.
    Unreachable,
    /// Not even asked: its URL does not pass [`crate::check_url`] any more.
    UrlRefused,
}

/// What that means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttemptOutcome {
    /// 2xx.
    Delivered,
    /// 410: the receiver wants nothing more. It disables the endpoint.
    Gone,
    /// 429, 502, 504: the receiver, or what stands before it, has too much to do. Nothing else should
    /// go there before the next attempt is due.
    Throttled,
    /// Any other status, a redirect among them, which is not followed; no status at all.
    Failed,
    /// Where it points is not allowed, and trying again does not change it. It disables the endpoint.
    Forbidden,
}

impl AttemptOutcome {
    /// The word for it in the delivery log.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Gone => "gone",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
            Self::Forbidden => "forbidden",
        }
    }
}

impl Answer {
    /// What it means.
    pub const fn outcome(self) -> AttemptOutcome {
        match self {
            Self::Status(200..=299) => AttemptOutcome::Delivered,
            Self::Status(410) => AttemptOutcome::Gone,
            Self::Status(429 | 502 | 504) => AttemptOutcome::Throttled,
            Self::Status(_) | Self::TimedOut | Self::Unreachable => AttemptOutcome::Failed,
            Self::UrlRefused => AttemptOutcome::Forbidden,
        }
    }
}

/// What becomes of the delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing: it arrived.
    Done,
    /// It is tried again.
    After {
        /// So many seconds from now.
        delay_s: u32,
    },
    /// No attempt is left.
    GiveUp,
    /// It is given up, and its endpoint disabled.
    Disable,
}

/// What follows attempt number `attempt`, the first being 1. `dice` is from 0 to 1.
///
/// A receiver that says when to come again, or that has too much to do, is never asked sooner than
/// it wants, up to twice the step: its jitter only adds.
pub fn next(attempt: u32, outcome: AttemptOutcome, retry_after_s: Option<u64>, dice: f64) -> Next {
    let throttled = match outcome {
        AttemptOutcome::Delivered => return Next::Done,
        AttemptOutcome::Gone | AttemptOutcome::Forbidden => return Next::Disable,
        AttemptOutcome::Throttled => true,
        AttemptOutcome::Failed => false,
    };
    let step = usize::try_from(attempt).ok().and_then(|index| STEPS_S.get(index));
    let Some(&base_s) = step else { return Next::GiveUp };
    let asked_s = match retry_after_s {
        Some(seconds) => {
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            Some(seconds.clamp(base_s, 2 * base_s))
        }
        None => throttled.then_some(base_s),
    };
    let delay_s = match asked_s {
        Some(asked_s) => (asked_s + part(base_s, JITTER * unit(dice))).min(2 * base_s),
        None => base_s - part(base_s, JITTER) + part(base_s, 2.0 * JITTER * unit(dice)),
    };
    Next::After { delay_s }
}

/// The seconds that a Retry-After header asks for: a number of them, or a date (RFC 9110, 10.2.3).
/// `None` for what is neither. A date that has passed is 0.
pub fn retry_after_s(header: &str, now_s: i64) -> Option<u64> {
    let header = header.trim();
    if !header.is_empty() && header.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than fit are still "much later".
        return Some(header.parse().unwrap_or(u64::MAX));
    }
    let date_s = DateTime::parse_from_rfc2822(header).ok()?.timestamp();
    Some(u64::try_from(date_s.saturating_sub(now_s)).unwrap_or(0))
}

/// Whether an endpoint at which every attempt since then has failed is to be disabled.
pub const fn is_failing_too_long(failing_since_ms: i64, now_ms: i64) -> bool {
    now_ms.saturating_sub(failing_since_ms) >= FAILING_DAYS_MAX * DAY_MS
}

/// Dice that fell off the table count as the middle.
fn unit(dice: f64) -> f64 {
    if dice.is_nan() { 0.5 } else { dice.clamp(0.0, 1.0) }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share from 0 to 1 of a number fits its type"
)]
fn part(of: u32, share: f64) -> u32 {
    (f64::from(of) * share).round() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_schedule_ends_after_75_hours_35_minutes_and_5_seconds() {
        assert_eq!(STEPS_S.iter().sum::<u32>(), 75 * 3_600 + 35 * 60 + 5);
        assert!(STEPS_S.is_sorted());
        let longest_s: u32 = (1..10).map(|attempt| delay(attempt, 1.0)).sum();
        assert!(i64::from(longest_s) * 1_000 < FAILING_DAYS_MAX * DAY_MS);
    }

    fn delay(attempt: u32, dice: f64) -> u32 {
        match next(attempt, AttemptOutcome::Failed, None, dice) {
            Next::After { delay_s } => delay_s,
            other => panic!("attempt {attempt}: {other:?}"),
        }
    }

    #[test]
    fn ten_attempts_and_no_more() {
        assert_eq!((0..10).map(|attempt| delay(attempt, 0.5)).collect::<Vec<_>>(), STEPS_S);
        for attempt in [10, 11, u32::MAX] {
            for outcome in [AttemptOutcome::Failed, AttemptOutcome::Throttled] {
                assert_eq!(next(attempt, outcome, Some(5), 0.5), Next::GiveUp);
            }
        }
    }

    #[test]
    fn the_jitter_is_a_fifth_to_both_sides() {
        assert_eq!((delay(1, 0.0), delay(1, 1.0)), (4, 6));
        assert_eq!((delay(2, 0.0), delay(2, 1.0)), (240, 360));
        assert_eq!((delay(9, 0.0), delay(9, 1.0)), (69_120, 103_680));
        assert_eq!((delay(2, -7.0), delay(2, 7.0), delay(2, f64::NAN)), (240, 360, 300));
    }

    fn check_asked(retry_after_s: Option<u64>, dice: f64, delay_s: u32) {
        let next = next(2, AttemptOutcome::Throttled, retry_after_s, dice);
        assert_eq!(next, Next::After { delay_s }, "{retry_after_s:?}");
    }

    #[test]
    fn what_the_receiver_asks_for_counts_between_the_step_and_twice_of_it() {
        check_asked(None, 0.0, 300);
        check_asked(None, 1.0, 360);
        check_asked(Some(0), 0.0, 300);
        check_asked(Some(299), 0.0, 300);
        check_asked(Some(400), 0.0, 400);
        check_asked(Some(400), 1.0, 460);
        check_asked(Some(600), 1.0, 600);
        check_asked(Some(601), 0.0, 600);
        check_asked(Some(u64::MAX), 1.0, 600);
        let failed = next(2, AttemptOutcome::Failed, Some(400), 0.0);
        assert_eq!(failed, Next::After { delay_s: 400 }, "503 may carry it as well");
    }

    #[test]
    fn what_arrived_or_is_not_wanted_is_not_tried_again() {
        for attempt in [1, 10] {
            let next = |outcome| next(attempt, outcome, Some(5), 0.5);
            assert_eq!(next(AttemptOutcome::Delivered), Next::Done);
            assert_eq!(next(AttemptOutcome::Gone), Next::Disable);
            assert_eq!(next(AttemptOutcome::Forbidden), Next::Disable);
        }
    }

    fn check_answers(answers: &[Answer], outcome: AttemptOutcome) {
        for answer in answers {
            assert_eq!(answer.outcome(), outcome, "{answer:?}");
        }
    }

    #[test]
    fn every_answer_has_its_meaning() {
        use Answer::{Status, TimedOut, Unreachable, UrlRefused};
        check_answers(&[200, 201, 202, 204, 226, 299].map(Status), AttemptOutcome::Delivered);
        check_answers(&[Status(410)], AttemptOutcome::Gone);
        check_answers(&[429, 502, 504].map(Status), AttemptOutcome::Throttled);
        let failed = [0, 100, 199, 300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 408, 411];
        check_answers(&failed.map(Status), AttemptOutcome::Failed);
        check_answers(
            &[428, 430, 500, 501, 503, 505, 600, 65_535].map(Status),
            AttemptOutcome::Failed,
        );
        check_answers(&[TimedOut, Unreachable], AttemptOutcome::Failed);
        check_answers(&[UrlRefused], AttemptOutcome::Forbidden);
    }

    #[test]
    fn a_retry_after_is_seconds_or_a_date() {
        let now_s = DateTime::parse_from_rfc3339("2026-11-23T12:00:00Z").unwrap().timestamp();
        let check = |header, expect| assert_eq!(retry_after_s(header, now_s), expect, "{header}");
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
    fn an_endpoint_is_disabled_after_five_days_of_failure() {
        assert!(!is_failing_too_long(1_000, 1_000));
        assert!(!is_failing_too_long(1_000, 1_000 + 5 * DAY_MS - 1));
        assert!(is_failing_too_long(1_000, 1_000 + 5 * DAY_MS));
        assert!(!is_failing_too_long(1_000, 0), "a clock that went back");
        assert!(is_failing_too_long(i64::MIN, i64::MAX));
    }

    fn after(attempt: u32, outcome: AttemptOutcome, asked: Option<u64>, dice: f64) -> u32 {
        match next(attempt, outcome, asked, dice) {
            Next::After { delay_s } => delay_s,
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn a_wait_is_within_its_bounds(
            attempt in 1_usize..10, dice in 0.0..=1.0, asked in any::<u64>(), near in 0..200_000_u64,
        ) {
            let base_s = STEPS_S[attempt];
            let attempt = u32::try_from(attempt).unwrap();
            let failed = after(attempt, AttemptOutcome::Failed, None, dice);
            prop_assert!((base_s * 4 / 5..=base_s * 6 / 5).contains(&failed));
            let throttled = after(attempt, AttemptOutcome::Throttled, None, dice);
            prop_assert!((base_s..=base_s * 6 / 5).contains(&throttled));
            for asked in [asked, near] {
                let delay_s = after(attempt, AttemptOutcome::Failed, Some(asked), dice);
                prop_assert!((base_s..=base_s * 2).contains(&delay_s));
                prop_assert!(u64::from(delay_s) >= asked.min(u64::from(base_s) * 2));
            }
        }

        #[test]
        fn a_higher_die_or_a_longer_wish_never_shortens_a_wait(
            attempt in 1..10_u32, dice in [0.0..=1.0, 0.0..=1.0], asked in [0..200_000_u64, 0..200_000_u64],
        ) {
            let [low, high] = if dice[0] <= dice[1] { dice } else { [dice[1], dice[0]] };
            let [less, more] = if asked[0] <= asked[1] { asked } else { [asked[1], asked[0]] };
            for outcome in [AttemptOutcome::Failed, AttemptOutcome::Throttled] {
                prop_assert!(after(attempt, outcome, None, low) <= after(attempt, outcome, None, high));
                prop_assert!(
                    after(attempt, outcome, Some(less), low) <= after(attempt, outcome, Some(more), high)
                );
            }
        }

        #[test]
        fn any_retry_after_is_read_or_passed_over(header in ".{0,40}", now_s in any::<i64>()) {
            retry_after_s(&header, now_s);
        }
    }
}
