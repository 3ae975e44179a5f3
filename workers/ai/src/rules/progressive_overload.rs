//! `progressive_overload`: the estimated maximum of a lift rises.
//!
//! Trigger: 6 sessions or more in the window of [`super::lift_window`], the low end of the slope's
//! 95 % interval over 0, and a slope of 0.25 % a week or more. Confidence: 0.6, and 0.05 for each
//! session over 6 up to 0.2, and 0.2 · min(1, low end / slope), at most 0.95. Source: Theil 1950 and
//! Sen 1968 (`training::trend`) and Epley 1985.

use super::lift_window::{LiftWindow, SESSIONS_MIN};
use super::pattern::Pattern;
use shared_kernel::payload::PatternKind;

/// In percent a week: 1 kg a month at a maximum of 100 kg.
const SLOPE_MIN: f64 = 0.25;
const CONFIDENCE_MAX: f64 = 0.95;

/// Applies the rule to one lift.
pub(super) fn progressive_overload(window: &LiftWindow) -> Option<Pattern> {
    let sessions = window.sessions.len();
    let is_rising = |window: &LiftWindow| window.low > 0.0 && window.slope >= SLOPE_MIN;
    if sessions < SESSIONS_MIN || !window.is_robust(is_rising) {
        return None;
    }
    let more = u32::try_from(sessions - SESSIONS_MIN).unwrap_or(u32::MAX);
    let from_sessions = (0.05 * f64::from(more)).min(0.2);
    let from_interval = 0.2 * (window.low / window.slope).min(1.0);
    let confidence = (0.6 + from_sessions + from_interval).min(CONFIDENCE_MAX);
    window.pattern(PatternKind::ProgressiveOverload, confidence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::History;
    use crate::rules::histories::weekly_lift;

    fn find(history: &History) -> Option<Pattern> {
        progressive_overload(&LiftWindow::of(history, "deadlift")?)
    }

    /// Checks a lift with one session a week, the last one today.
    fn check(maxima_kg: &[f64], confidence: Option<f64>) {
        let history = weekly_lift("deadlift", maxima_kg);
        let found = find(&history).map(|pattern| pattern.confidence);
        assert_eq!(found, confidence, "{maxima_kg:?}");
    }

    #[test]
    fn lift_that_gains_a_kilogram_a_week_is_found() {
        check(&[200.0, 201.0, 202.0, 203.0, 204.0, 205.0], Some(0.8));
        check(&[200.0, 201.0, 202.0, 201.5, 204.0, 205.0], Some(0.65));
    }

    #[test]
    fn stalled_or_regressing_lift_is_no_overload() {
        check(&[200.0, 200.0, 200.0, 200.0, 200.0, 200.0], None);
        check(&[200.0, 203.0, 198.0, 202.0, 199.0, 201.0], None);
        check(&[205.0, 204.0, 203.0, 202.0, 201.0, 200.0], None);
    }

    #[test]
    fn six_sessions_are_required() {
        check(&[200.0, 202.0, 204.0, 206.0, 208.0], None);
        check(&[200.0, 202.0, 204.0, 206.0, 208.0, 210.0], Some(0.8));
    }

    #[test]
    fn a_quarter_percent_a_week_is_required() {
        let rising =
            |step: f64| (0..6).map(|week| 200.0 + step * f64::from(week)).collect::<Vec<_>>();
        // The medians are 201.2 and 201.275: a quarter of a percent is 0.503.
        check(&rising(0.48), None);
        check(&rising(0.51), Some(0.8));
    }

    #[test]
    fn last_of_eight_sessions_alone_makes_no_trend() {
        let check = |maxima_kg: &[f64], found: bool| {
            let history = crate::rules::histories::history("2026-11-20", |h| {
                for (back, kg) in (0..).zip(maxima_kg.iter().rev()) {
                    let day = h.today() - chrono::Days::new(5 * back);
                    h.lift("deadlift", &[(&day.to_string(), *kg)]);
                }
            });
            let window = LiftWindow::of(&history, "deadlift").unwrap();
            assert!(window.low > 0.0 && window.slope > SLOPE_MIN, "{maxima_kg:?}");
            assert_eq!(progressive_overload(&window).is_some(), found, "{maxima_kg:?}");
        };
        // Four pairs of the first seven decline; the interval allows three.
        check(&[202.0, 200.0, 201.0, 204.0, 203.0, 206.0, 205.0, 208.0], false);
        check(&[200.0, 202.0, 201.0, 204.0, 203.0, 206.0, 205.0, 208.0], true);
        // Seven sessions are too few to leave one out.
        check(&[201.0, 200.0, 203.0, 202.0, 205.0, 204.0, 206.0], true);
    }

    #[test]
    fn confidence_grows_with_sessions_up_to_0_95() {
        let history = crate::rules::histories::history("2026-11-20", |h| {
            for day in 0..14 {
                let date = format!("2026-11-{:02}", day + 7);
                h.lift("deadlift", &[(&date, 200.0 + f64::from(day))]);
            }
        });
        let pattern = find(&history).unwrap();
        assert_eq!((pattern.confidence, pattern.since.to_string().as_str()), (0.95, "2026-11-02"));
    }

    #[test]
    fn evidence_has_the_numbers_of_the_rule() {
        let history = weekly_lift("deadlift", &[200.0, 201.0, 202.0, 203.0, 204.0, 205.0]);
        let pattern = find(&history).unwrap();
        assert_eq!(
            serde_json::to_string(&pattern.evidence).unwrap(),
            r#"{"e1rm_best_kg":205.0,"e1rm_first_kg":200.0,"e1rm_last_kg":205.0,"e1rm_median_kg":202.5,"high_percent_per_week":0.49,"last_session":"2026-11-16","load_kg":205.0,"low_percent_per_week":0.49,"reps":1,"sessions":6,"slope_percent_per_week":0.49,"span_days":35}"#
        );
    }
}
