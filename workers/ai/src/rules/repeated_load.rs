//! `repeated_load`: a lift repeats the same load and repetitions. Nothing was tried, so nothing has stalled.
//!
//! Trigger: 6 sessions or more over 21 days or more in the window of [`super::lift_window`], of which three
//! quarters, and the last two, have the same load and repetitions in their best set. Confidence: 0.6 + 0.05 for each
//! session over 6, at most 0.9.

use super::lift_window::{LiftWindow, SESSIONS_MIN, Session};
use super::pattern::Pattern;
use serde_json::json;
use shared_kernel::payload::PatternKind;

const SPAN_DAYS_MIN: i64 = 21;
const CONFIDENCE_MAX: f64 = 0.9;

/// Applies the rule to one lift.
pub(super) fn repeated_load(window: &LiftWindow) -> Option<Pattern> {
    let sessions = window.sessions.len();
    if sessions < SESSIONS_MIN || window.span_days() < SPAN_DAYS_MIN || !is_repeated(window) {
        return None;
    }
    let more = u32::try_from(sessions - SESSIONS_MIN).unwrap_or(u32::MAX);
    let confidence = (0.6 + 0.05 * f64::from(more)).min(CONFIDENCE_MAX);
    let last = window.sessions.last()?;
    let mut pattern = window.pattern(PatternKind::RepeatedLoad, confidence)?;
    pattern.evidence.insert("reps".to_owned(), json!(last.best.reps));
    pattern.evidence.insert("repeats".to_owned(), json!(repeats(&window.sessions, last)));
    if let Some(weight) = last.best.weight_grams {
        pattern.evidence.insert("weight_kg".to_owned(), json!(weight.kg()));
    }
    Some(pattern)
}

/// Whether three quarters of the sessions, and the last two, are alike.
pub(super) fn is_repeated(window: &LiftWindow) -> bool {
    let [.., before, last] = window.sessions.as_slice() else { return false };
    let repeats = repeats(&window.sessions, last);
    is_same(before, last) && repeats * 4 >= window.sessions.len() * 3
}

fn repeats(sessions: &[Session], last: &Session) -> usize {
    sessions.iter().filter(|session| is_same(session, last)).count()
}

fn is_same(one: &Session, other: &Session) -> bool {
    one.best.load_grams == other.best.load_grams && one.best.reps == other.best.reps
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::{day_after, history};

    fn check(reps: &[u32], confidence: Option<f64>) {
        let history = history("2026-11-16", |h| {
            for (back, reps) in (0..).zip(reps.iter().rev()) {
                let day = day_after("2026-07-20", 119 - 7 * back);
                h.sets("pull-up", &[(&day, 80.0, *reps, None)]);
            }
        });
        let window = LiftWindow::of(&history, "pull-up").unwrap();
        let found = repeated_load(&window).map(|pattern| pattern.confidence);
        assert_eq!(found, confidence, "{reps:?}");
    }

    #[test]
    fn three_quarters_of_equal_sessions_are_a_repeated_load() {
        check(&[8; 6], Some(0.6));
        check(&[8, 7, 8, 8, 8, 8], Some(0.6));
        check(&[7, 7, 8, 8, 8, 8], None);
        check(&[8; 5], None);
    }

    #[test]
    fn an_attempt_in_the_last_two_sessions_is_no_repetition() {
        check(&[8, 8, 8, 8, 8, 9], None);
        check(&[8, 8, 8, 8, 9, 8], None);
    }
}
