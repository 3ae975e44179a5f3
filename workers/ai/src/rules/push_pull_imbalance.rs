//! `push_pull_imbalance`: the upper body pushes much more than it pulls, or the other way round.
//!
//! Trigger: hard sets of the last 4 complete weeks of the muscles that push (chest, front delts,
//! triceps) over those that pull (back, rear delts, biceps) > 1.5 or < 0.5, with a sum of 20 or
//! more. Confidence: 0.6 at the threshold, 0.9 at twice it and beyond, linear. Source: the fractional
//! counting of Pelland et al. 2024 (`training::volume`).
//!
//! - The lower threshold is 0.5 and not 0.67: each hinge counts half a set for the back, so that
//!   programmes with as many rows as presses have 0.8, and two missed push days of eight 0.63; and
//!   many coaches prescribe up to twice as much pull.
//! - Side delts, upper traps and forearms count for neither side.
//! - Weeks in which the athlete missed workouts do not count: half of a split is no programme.
//! - Three of the four weeks require training: a new athlete has not done the other half of the
//!   plan yet.

use super::calendar::{full_week, last_complete_week};
use super::pattern::{Pattern, Subject, evidence, rounded};
use crate::history::History;
use serde_json::json;
use shared_kernel::payload::PatternKind;
use storage::training_history::HistoryWeek;
use training::Muscle;

const PUSH: [Muscle; 3] = [Muscle::Chest, Muscle::FrontDelts, Muscle::Triceps];
const PULL: [Muscle; 3] = [Muscle::Back, Muscle::RearDelts, Muscle::Biceps];
const WEEKS: u32 = 4;
const TRAINED_WEEKS_MIN: usize = 3;
const HARD_SETS_MIN: f64 = 20.0;
/// Push divided by pull.
const RATIO_MAX: f64 = 1.5;
const RATIO_MIN: f64 = 0.5;
const CONFIDENCE_MIN: f64 = 0.6;
const CONFIDENCE_MAX: f64 = 0.9;

/// Applies the rule to the last four complete weeks.
pub fn push_pull_imbalance(history: &History) -> Option<Pattern> {
    let last = last_complete_week(history);
    let weeks = (0..WEEKS).filter_map(|back| full_week(history, last.weeks_before(back)));
    let weeks: Vec<_> = weeks.collect();
    let (push, pull) = (hard_sets(&weeks, PUSH), hard_sets(&weeks, PULL));
    if weeks.len() < TRAINED_WEEKS_MIN || push + pull < HARD_SETS_MIN {
        return None;
    }
    let over = times_over_threshold(push, pull)?;
    let share = (over - 1.0).clamp(0.0, 1.0);
    let confidence = CONFIDENCE_MIN + (CONFIDENCE_MAX - CONFIDENCE_MIN) * share;
    let mut numbers = evidence([
        ("push_hard_sets", json!(push)),
        ("pull_hard_sets", json!(pull)),
        ("weeks", json!(weeks.len())),
        ("since", json!(last.weeks_before(WEEKS - 1))),
    ]);
    // Without any pull there is no ratio.
    if pull > 0.0 {
        numbers.extend(evidence([("ratio", json!(rounded(push / pull)))]));
    }
    Some(Pattern {
        kind: PatternKind::PushPullImbalance,
        subject: Subject::Training,
        since: last.weeks_before(WEEKS - 1),
        confidence: rounded(confidence),
        evidence: numbers,
    })
}

/// Returns the imbalance as a multiple of its threshold; `None` when it is within both thresholds.
/// One side may have no sets, but not both.
fn times_over_threshold(push: f64, pull: f64) -> Option<f64> {
    if push > RATIO_MAX * pull {
        Some(if pull > 0.0 { push / pull / RATIO_MAX } else { f64::MAX })
    } else if push < RATIO_MIN * pull {
        Some(if push > 0.0 { RATIO_MIN * pull / push } else { f64::MAX })
    } else {
        None
    }
}

fn hard_sets(weeks: &[&HistoryWeek], muscles: [Muscle; 3]) -> f64 {
    let of = |week: &HistoryWeek| {
        muscles.map(|m| week.volume.half_sets_of(m).sets()).iter().sum::<f64>()
    };
    weeks.iter().map(|week| of(week)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::history;

    const TODAY: &str = "2026-11-25"; // A Wednesday: the week of the 16th is the last complete one.
    const MONDAYS: [&str; 4] = ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"];

    /// The same half sets in each of these weeks.
    fn of(mondays: &[&str], muscles: &[(Muscle, i64)]) -> History {
        history(TODAY, |h| mondays.iter().for_each(|monday| h.muscles(monday, muscles)))
    }

    fn check(muscles: &[(Muscle, i64)], confidence: Option<f64>) {
        let found = push_pull_imbalance(&of(&MONDAYS, muscles)).map(|pattern| pattern.confidence);
        assert_eq!(found, confidence, "{muscles:?}");
    }

    fn push_pull(push: i64, pull: i64) -> [(Muscle, i64); 2] {
        [(Muscle::Chest, push), (Muscle::Back, pull)]
    }

    #[test]
    fn double_volume_of_one_side_is_found_and_confidence_grows() {
        check(&push_pull(60, 30), Some(0.7));
        check(&push_pull(60, 20), Some(0.9));
        check(&push_pull(20, 60), Some(0.75));
        check(&push_pull(20, 80), Some(0.9));
        check(&push_pull(60, 0), Some(0.9));
        check(&push_pull(0, 60), Some(0.9));
    }

    #[test]
    fn ordinary_week_is_balanced() {
        check(&push_pull(40, 40), None);
        check(&push_pull(40, 50), None);
        check(&[], None);
    }

    #[test]
    fn ratio_must_be_over_1_5_or_under_0_5() {
        check(&push_pull(60, 40), None);
        check(&push_pull(61, 40), Some(0.61));
        check(&push_pull(50, 100), None);
        check(&push_pull(49, 100), Some(0.61));
    }

    #[test]
    fn twenty_hard_sets_are_required() {
        check(&push_pull(9, 0), None);
        check(&push_pull(10, 0), Some(0.9));
    }

    #[test]
    fn side_delts_traps_and_forearms_do_not_count() {
        let neither = [Muscle::SideDelts, Muscle::Traps, Muscle::Forearms, Muscle::Quads];
        check(&neither.map(|muscle| (muscle, 60)), None);
        let all = [
            (Muscle::Chest, 10),
            (Muscle::FrontDelts, 10),
            (Muscle::Triceps, 10),
            (Muscle::Back, 10),
            (Muscle::RearDelts, 10),
            (Muscle::Biceps, 10),
        ];
        check(&all, None);
        check(&all[..4], Some(0.9));
    }

    #[test]
    fn three_trained_weeks_of_the_last_four_are_required() {
        let found =
            |mondays: &[&str]| push_pull_imbalance(&of(mondays, &push_pull(60, 0))).is_some();
        assert!(!found(&MONDAYS[..2]) && found(&MONDAYS[..3]) && found(&MONDAYS[1..]));
        // The week before the four, and the current one.
        assert!(!found(&["2026-10-19", "2026-10-26", "2026-11-16", "2026-11-23"]));
    }

    #[test]
    fn evidence_has_the_numbers_of_the_rule() {
        let pattern = push_pull_imbalance(&of(&MONDAYS, &push_pull(60, 30))).unwrap();
        assert_eq!(
            serde_json::to_string(&pattern.evidence).unwrap(),
            r#"{"pull_hard_sets":60.0,"push_hard_sets":120.0,"ratio":2.0,"since":"2026-10-26","weeks":4}"#
        );
    }
}
