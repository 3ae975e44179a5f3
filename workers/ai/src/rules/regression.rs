//! `regression`: the estimated maximum of a lift declines.
//!
//! Trigger: 6 sessions or more in the window of [`super::lift_window`], the high end of the slope's
//! 95 % interval under 0, and a slope of −0.5 % a week or worse. Confidence: 0.7 at −0.5 % a week,
//! 0.95 at −2 % and beyond, linear. Source: Theil 1950 and Sen 1968 (`training::trend`) and Epley
//! 1985.

use super::lift_window::{LiftWindow, SESSIONS_MIN};
use super::pattern::Pattern;
use shared_kernel::payload::PatternKind;

/// In percent a week.
const LOSS_MIN: f64 = 0.5;
/// In percent a week: confidence is highest from here on.
const LOSS_SURE: f64 = 2.0;
const CONFIDENCE_MIN: f64 = 0.7;
const CONFIDENCE_MAX: f64 = 0.95;

/// Applies the rule to one lift.
pub(super) fn regression(window: &LiftWindow) -> Option<Pattern> {
    let is_falling = |window: &LiftWindow| window.high < 0.0 && -window.slope >= LOSS_MIN;
    if window.sessions.len() < SESSIONS_MIN || !window.is_robust(is_falling) {
        return None;
    }
    let share = ((-window.slope - LOSS_MIN) / (LOSS_SURE - LOSS_MIN)).min(1.0);
    let confidence = CONFIDENCE_MIN + (CONFIDENCE_MAX - CONFIDENCE_MIN) * share;
    window.pattern(PatternKind::Regression, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::rules::histories::weekly_lift;

    fn find(history: &History) -> Option<Pattern> {
        regression(&LiftWindow::of(history, "deadlift")?)
    }

    fn check(maxima_kg: &[f64], confidence: Option<f64>) {
        let history = weekly_lift("deadlift", maxima_kg);
        let found = find(&history).map(|pattern| pattern.confidence);
        assert_eq!(found, confidence, "{maxima_kg:?}");
    }

    fn falling(step: f64) -> Vec<f64> {
        (0..6).map(|week| 200.0 - step * f64::from(week)).collect()
    }

    #[test]
    fn regressing_lift_is_found_and_confidence_grows() {
        check(&falling(2.0), Some(0.79));
        check(&falling(3.0), Some(0.88));
        check(&falling(6.0), Some(0.95));
        check(&[210.0, 208.0, 209.0, 205.0, 204.0, 202.0], Some(0.74));
    }

    #[test]
    fn stalled_erratic_or_rising_lift_is_no_regression() {
        check(&falling(0.0), None);
        check(&falling(-2.0), None);
        check(&[210.0, 190.0, 205.0, 195.0, 207.0, 188.0], None);
        check(&[210.0, 208.0, 206.0, 204.0, 202.0, 215.0], None);
    }

    #[test]
    fn six_sessions_are_required() {
        check(&falling(2.0)[..5], None);
        check(&falling(2.0), Some(0.79));
    }

    #[test]
    fn half_a_percent_a_week_is_required() {
        // The medians are 197.55 and 197.45: half a percent is 0.988.
        check(&falling(0.98), None);
        check(&falling(1.0), Some(0.7));
    }
}
