//! `plateau`: a lift stalls.
//!
//! Trigger: 6 sessions or more over 21 days or more in the window of [`super::lift_window`], the
//! slope's 95 % interval contains 0, the slope is less than 0.25 % a week either way, and no session
//! of the later half was better than the best of the earlier half by more than 0.5 %. Confidence:
//! 0.5 + 0.05 for each session over 6, at most 0.9. Source: Theil 1950 and Sen 1968
//! (`training::trend`) and Epley 1985.
//!
//! An interval that contains 0 only means that no trend was seen, so more is required:
//! - The interval must exclude a gain of 0.5 % a week and a loss of 0.75 %. An erratic lift has a
//!   wide interval.
//! - Without an RPE the sessions must span 35 days. The estimate then moves in whole repetitions of
//!   2.6 % each: a gain of half a percent a week shows the same numbers for five weeks.
//! - At most a third of the sessions may be at the limit of the estimate, over 11 effective
//!   repetitions of 12: a better session is not estimated at all, and the others look alike.
//! - A lift that repeats one load and one number of repetitions has not stalled: nothing was tried
//!   ([`super::repeated_load`]).
//! - Of an odd number of sessions the middle one belongs to the later half.

use super::lift_window::{LiftWindow, SESSIONS_MIN, Session};
use super::pattern::Pattern;
use super::repeated_load::is_repeated;
use shared_kernel::payload::PatternKind;
use training::Grams;

const SPAN_DAYS_MIN: i64 = 21;
const SPAN_DAYS_MIN_WITHOUT_RPE: i64 = 35;
/// In percent a week, either way.
const SLOPE_MAX: f64 = 0.25;
/// In percent a week: the interval must exclude a gain of this size.
const GAIN_MAX: f64 = 0.5;
/// In percent a week: the interval must exclude a loss of this size.
const LOSS_MAX: f64 = 0.75;
/// A new best is at least this many thousandths of the earlier best.
const NEW_BEST_PER_MILLE: i64 = 1_005;
const CONFIDENCE_MAX: f64 = 0.9;

/// Applies the rule to one lift.
pub(super) fn plateau(window: &LiftWindow) -> Option<Pattern> {
    let sessions = window.sessions.len();
    let span_min = if window.rpe_known { SPAN_DAYS_MIN } else { SPAN_DAYS_MIN_WITHOUT_RPE };
    let enough = sessions >= SESSIONS_MIN && window.span_days() >= span_min;
    let is_measurable = window.sessions_at_limit() * 3 <= sessions;
    let is_flat = |window: &LiftWindow| {
        let flat = window.low <= 0.0 && window.high >= 0.0 && window.slope.abs() < SLOPE_MAX;
        flat && window.low > -LOSS_MAX && window.high < GAIN_MAX
    };
    if is_repeated(window) {
        return None;
    }
    if !(enough && is_measurable && window.is_robust(is_flat)) || has_new_best(&window.sessions) {
        return None;
    }
    let more = u32::try_from(sessions - SESSIONS_MIN).unwrap_or(u32::MAX);
    let confidence = (0.5 + 0.05 * f64::from(more)).min(CONFIDENCE_MAX);
    window.pattern(PatternKind::Plateau, confidence)
}

/// Whether a session of the later half was clearly better than every session of the earlier half.
fn has_new_best(sessions: &[Session]) -> bool {
    let (earlier, later) = sessions.split_at(sessions.len() / 2);
    let best = |half: &[Session]| half.iter().map(|session| session.e1rm).max();
    let (Some(Grams(earlier)), Some(Grams(later))) = (best(earlier), best(later)) else {
        return false;
    };
    later.saturating_mul(1_000) > earlier.saturating_mul(NEW_BEST_PER_MILLE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::rules::histories::{day_after, history, weekly_lift};

    fn find(history: &History) -> Option<Pattern> {
        plateau(&LiftWindow::of(history, "deadlift")?)
    }

    fn check(maxima_kg: &[f64], confidence: Option<f64>) {
        let history = weekly_lift("deadlift", maxima_kg);
        let found = find(&history).map(|pattern| pattern.confidence);
        assert_eq!(found, confidence, "{maxima_kg:?}");
    }

    #[test]
    fn stalled_lift_is_found() {
        check(&[200.0, 200.1, 200.0, 200.1, 200.0, 200.1], Some(0.5));
        check(&[200.5, 199.5, 200.5, 200.0, 199.5, 200.0], Some(0.5));
    }

    #[test]
    fn repeated_load_has_no_plateau() {
        check(&[200.0; 6], None);
        check(&[200.0, 200.1, 200.0, 200.0, 200.0, 200.0], None);
        check(&[200.0, 200.1, 200.1, 200.0, 200.0, 200.0], Some(0.5));
    }

    #[test]
    fn lift_that_moves_has_no_plateau() {
        check(&[200.0, 201.0, 202.0, 203.0, 204.0, 205.0], None);
        check(&[205.0, 204.0, 203.0, 202.0, 201.0, 200.0], None);
    }

    #[test]
    fn erratic_lift_has_no_plateau() {
        check(&[212.0, 188.0, 206.0, 194.0, 188.0, 212.0], None);
    }

    #[test]
    fn six_sessions_are_required() {
        check(&[200.0, 200.1, 200.0, 200.1, 200.0], None);
        check(&[200.0, 200.1, 200.0, 200.1, 200.0, 200.1], Some(0.5));
    }

    #[test]
    fn three_weeks_are_required() {
        let check = |last: &str, found: bool| {
            let days = ["2026-10-05", "2026-10-07", "2026-10-09", "2026-10-12", "2026-10-14", last];
            let mut sessions = days.map(|day| (day, 170.0, 5, Some(8.0)));
            sessions[5].1 = 170.1;
            let history = history("2026-10-28", |h| h.sets("deadlift", &sessions));
            assert_eq!(find(&history).is_some(), found, "{last}");
        };
        check("2026-10-25", false);
        check("2026-10-26", true);
    }

    #[test]
    fn five_weeks_are_required_without_rpe() {
        let check = |first: &str, found: bool| {
            let days =
                [first, "2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"];
            let mut sessions = days.map(|day| (day, 170.0, 5, None));
            sessions[5].1 = 170.1;
            let history = history("2026-11-16", |h| h.sets("deadlift", &sessions));
            assert_eq!(find(&history).is_some(), found, "{first}");
        };
        check("2026-10-13", false);
        check("2026-10-12", true);
    }

    #[test]
    fn sessions_at_the_estimate_limit_suppress_the_pattern() {
        let check = |at_limit: usize, found: bool| {
            let sets: [_; 6] = std::array::from_fn(|week| {
                // 12 effective repetitions, and 9, of the same maximum.
                let (kg, reps) = if week < at_limit { (100.0, 12) } else { (107.692, 9) };
                let kg = if week == 5 { kg + 0.1 } else { kg };
                (day_after("2026-10-12", 7 * week as u64), kg, reps)
            });
            let history = history("2026-11-16", |h| {
                for (day, kg, reps) in &sets {
                    h.sets("deadlift", &[(day, *kg, *reps, None)]);
                }
            });
            assert_eq!(find(&history).is_some(), found, "{at_limit}");
        };
        check(0, true);
        check(2, true);
        check(3, false);
    }

    #[test]
    fn slope_of_a_quarter_percent_a_week_is_movement() {
        let check = |step: f64, found: bool| {
            // The second and the fifth session keep 0 within the interval.
            let week = |n: f64, off: f64| 200.0 + step * n + off;
            let maxima = [(0.0, 1.5), (1.0, -0.5), (2.0, 0.0), (3.0, 0.0), (4.0, -0.5), (5.0, 0.0)];
            let history = weekly_lift("deadlift", &maxima.map(|(n, off)| week(n, off)));
            let window = LiftWindow::of(&history, "deadlift").unwrap();
            assert_eq!(plateau(&window).is_some(), found, "{} %", window.slope);
        };
        check(0.1, true);
        check(-0.3, true);
        check(-0.6, false);
    }

    #[test]
    fn new_best_by_half_a_percent_ends_the_plateau() {
        check(&[200.0, 199.5, 200.0, 200.0, 201.0, 199.5], Some(0.5));
        check(&[200.0, 199.5, 200.0, 200.0, 201.1, 199.5], None);
    }

    #[test]
    fn confidence_grows_with_the_sessions_and_ends_at_0_9() {
        let check = |sessions: u32, confidence: f64| {
            let history = history("2026-11-20", |h| {
                for back in 0..sessions {
                    let day = h.today()
                        - chrono::Days::new(u64::from(back) * 41 / u64::from(sessions - 1));
                    let kg = if back % 2 == 0 { 200.0 } else { 200.1 };
                    h.lift("deadlift", &[(&day.to_string(), kg)]);
                }
            });
            let found = find(&history).map(|pattern| pattern.confidence);
            assert_eq!(found, Some(confidence), "{sessions}");
        };
        check(6, 0.5);
        check(7, 0.55);
        check(14, 0.9);
        check(20, 0.9);
    }
}
