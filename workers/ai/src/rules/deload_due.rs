//! `deload_due`: the athlete shows fatigue, and the last deload is long ago.
//!
//! Trigger: 5 complete weeks of training or more since the last deload, and either 2 lifts on a
//! plateau, or an RPE that has risen by 1 at the same load and repetitions. Confidence 0.8.
//!
//! - A week off counts as a deload: the weeks are counted from the last week off, the last deload or
//!   the first week of the history, whichever is later.
//! - The drift of a lift is the rise of its RPE over the sessions whose best set had the load and the
//!   repetitions of the last one, 3 such sessions or more in the window of [`super::lift_window`].
//!   It is the Theil–Sen slope times the days between, because two odd days would decide the
//!   difference of the last and the first RPE.
//! - The median drift of 2 lifts or more counts, and three quarters of them must have risen: fatigue
//!   affects the whole body.

use super::calendar::{last_complete_week, trained_week};
use super::deload_taken::last_deload;
use super::lift_window::{LiftWindow, days};
use super::pattern::{Pattern, Subject, evidence, rounded};
use crate::history::{HISTORY_WEEKS, History};
use serde_json::json;
use shared_kernel::payload::PatternKind;
use training::WeekStart;
use training::trend::{median, theil_sen};

const WEEKS_MIN: usize = 5;
const PLATEAUS_MIN: usize = 2;
const DRIFT_MIN: f64 = 1.0;
const DRIFT_SESSIONS_MIN: usize = 3;
const DRIFT_LIFTS_MIN: usize = 2;
const CONFIDENCE: f64 = 0.8;

/// Applies the rule to the weeks since the last deload. `plateaus` is the number of stalled lifts.
pub(super) fn deload_due(
    history: &History,
    windows: &[LiftWindow],
    plateaus: usize,
) -> Option<Pattern> {
    let weeks = weeks_since_rest(history);
    let since = weeks.last().filter(|_| weeks.len() >= WEEKS_MIN)?;
    let drifts: Vec<f64> = windows.iter().filter_map(rpe_drift).collect();
    let lifts = drifts.len();
    let risen = drifts.iter().filter(|drift| **drift > 0.0).count();
    let drift = median(drifts).filter(|_| lifts >= DRIFT_LIFTS_MIN && risen * 4 >= lifts * 3);
    if plateaus < PLATEAUS_MIN && drift.is_none_or(|drift| drift < DRIFT_MIN) {
        return None;
    }
    let mut numbers = evidence([
        ("weeks", json!(weeks.len())),
        ("since", json!(since)),
        ("plateaus", json!(plateaus)),
    ]);
    if let Some(drift) = drift {
        numbers.extend(evidence([
            ("rpe_drift", json!(rounded(drift))),
            ("rpe_drift_lifts", json!(lifts)),
        ]));
    }
    Some(Pattern {
        kind: PatternKind::DeloadDue,
        subject: Subject::Training,
        since: *since,
        confidence: CONFIDENCE,
        evidence: numbers,
    })
}

/// Returns the complete weeks of training since the last deload or week off, latest first.
fn weeks_since_rest(history: &History) -> Vec<WeekStart> {
    let last = last_complete_week(history);
    let oldest_read = WeekStart::containing(history.today).weeks_before(HISTORY_WEEKS);
    let deload = last_deload(history);
    (0..HISTORY_WEEKS)
        .map(|back| last.weeks_before(back))
        .take_while(|week| deload.is_none_or(|deload| *week > deload))
        .take_while(|week| *week >= oldest_read)
        .take_while(|week| trained_week(history, *week).is_some())
        .collect()
}

/// Returns the rise of the RPE at the load and repetitions of the last session.
fn rpe_drift(window: &LiftWindow) -> Option<f64> {
    let last = window.sessions.last()?.best;
    let same = window.sessions.iter().filter(|session| {
        session.best.load_grams == last.load_grams && session.best.reps == last.reps
    });
    let known = same.filter_map(|session| Some((session.date, session.best.rpe?.value())));
    let known: Vec<_> = known.collect();
    let first = known.first()?.0;
    let efforts: Vec<_> = known.iter().map(|(date, rpe)| (days(first, *date), *rpe)).collect();
    let span = efforts.last()?.0;
    let enough = efforts.len() >= DRIFT_SESSIONS_MIN;
    theil_sen(&efforts).filter(|_| enough).map(|trend| trend.slope * span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::{day_after, history};

    fn find(history: &History, plateaus: usize) -> Option<Pattern> {
        let windows = history.lifts.keys().filter_map(|lift| LiftWindow::of(history, lift));
        deload_due(history, &windows.collect::<Vec<_>>(), plateaus)
    }

    const TODAY: &str = "2026-11-25"; // A Wednesday: the week of the 16th is the last complete one.

    /// A history with the hard sets of the weeks up to that of the 16th.
    fn of(hard_sets: &[f64], efforts: &[(&str, &[f64])]) -> History {
        history(TODAY, |h| {
            for (back, sets) in (0_u32..).zip(hard_sets.iter().rev()) {
                let monday =
                    WeekStart::containing("2026-11-16".parse().unwrap()).weeks_before(back);
                h.hard_sets(&monday.to_string(), *sets);
            }
            for (lift, efforts) in efforts {
                for (week, rpe) in (0..).zip(*efforts) {
                    h.sets(lift, &[(&day_after("2026-11-02", 7 * week), 90.0, 6, Some(*rpe))]);
                }
            }
        })
    }

    fn check(hard_sets: &[f64], plateaus: usize, weeks: Option<u64>) {
        let found = find(&of(hard_sets, &[]), plateaus);
        let found = found.map(|pattern| pattern.evidence["weeks"].as_u64().unwrap());
        assert_eq!(found, weeks, "{hard_sets:?} {plateaus}");
    }

    #[test]
    fn five_weeks_and_two_plateaus_require_a_deload() {
        check(&[60.0; 5], 2, Some(5));
        check(&[60.0; 12], 3, Some(12));
        check(&[60.0; 4], 2, None);
        check(&[60.0; 5], 1, None);
        check(&[], 2, None);
    }

    #[test]
    fn weeks_are_counted_from_the_last_deload() {
        check(&[60.0, 60.0, 60.0, 30.0, 60.0, 60.0, 60.0, 60.0, 60.0], 2, Some(5));
        check(&[60.0, 60.0, 60.0, 60.0, 30.0, 60.0, 60.0, 60.0, 60.0], 2, None);
        check(&[60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 60.0, 30.0], 2, None);
    }

    #[test]
    fn deload_of_an_incomplete_week_counts() {
        let due = |last_week: f64| {
            let mut history = of(&[60.0, 60.0, 60.0, 60.0, 60.0, 60.0, last_week], &[]);
            history.today = "2026-11-23".parse().unwrap();
            history.days =
                crate::rules::histories::history(TODAY, |h| h.day("2026-11-23", 1.0)).days;
            find(&history, 2).is_some()
        };
        assert!(due(60.0) && !due(30.0));
    }

    #[test]
    fn week_off_counts_as_a_deload() {
        let mut history = of(&[60.0; 11], &[]);
        history.weeks.remove(5);
        let pattern = find(&history, 2).unwrap();
        assert_eq!(
            (pattern.evidence["weeks"].as_u64(), pattern.since.to_string().as_str()),
            (Some(5), "2026-10-19")
        );
        history.weeks.remove(5);
        assert_eq!(find(&history, 2), None);
    }

    fn check_drift(efforts: &[(&str, &[f64])], drift: Option<f64>) {
        let found = find(&of(&[60.0; 5], efforts), 0);
        let found = found.map(|pattern| pattern.evidence["rpe_drift"].as_f64().unwrap());
        assert_eq!(found, drift, "{efforts:?}");
    }

    #[test]
    fn rpe_rise_of_one_at_equal_load_requires_a_deload() {
        check_drift(
            &[("deadlift", &[8.0, 8.5, 9.0]), ("pull-up", &[7.0, 7.0, 8.0, 8.0])],
            Some(1.13),
        );
        check_drift(&[("deadlift", &[8.0, 8.5, 9.0]), ("pull-up", &[7.0, 7.5, 8.0])], Some(1.0));
        check_drift(&[("deadlift", &[8.0, 8.5, 9.0]), ("pull-up", &[7.0, 7.0, 7.5])], None);
        check_drift(&[("deadlift", &[8.0, 8.0, 8.0]), ("pull-up", &[7.0, 7.0, 7.0])], None);
    }

    #[test]
    fn drift_requires_two_lifts_and_three_sessions() {
        check_drift(&[("deadlift", &[7.0, 8.0, 9.0])], None);
        check_drift(&[("deadlift", &[7.0, 8.0, 9.0]), ("pull-up", &[7.0, 9.0])], None);
    }

    #[test]
    fn only_sessions_like_the_last_one_are_compared() {
        let mut history =
            of(&[60.0; 5], &[("deadlift", &[7.0, 8.0, 9.0]), ("pull-up", &[7.0, 8.0, 9.0])]);
        assert!(find(&history, 0).is_some());
        let heavier = crate::rules::histories::history(TODAY, |h| {
            h.sets("deadlift", &[("2026-11-23", 100.0, 6, Some(10.0))]);
        });
        history.lifts.get_mut("deadlift").unwrap().extend(heavier.lifts["deadlift"].clone());
        assert_eq!(find(&history, 0), None);
    }
}
