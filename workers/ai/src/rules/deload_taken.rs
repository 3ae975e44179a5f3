//! `deload_taken`: a deload, which is a light week between normal ones.
//!
//! Trigger: one workout or more, and hard sets <= 60 % of the median of the three weeks before.
//! Confidence 0.9. For 14 days after it there is no plateau and no regression, because lifts are
//! lighter by design.
//!
//! - Each of the three weeks before requires 10 hard sets, or there is nothing to deload from.
//! - The workouts of the week must have at most 80 % of the hard sets of those of the three weeks
//!   before: missing two of four sessions is less training, but not lighter training.
//! - The week must be over: with training after it, or with a weekly report. The current week has
//!   few sets because it is incomplete, and so has a week whose workouts are still being entered.
//! - A week without any training is a week off, and one with fewer workouts than usual is missed or still
//!   being entered; neither is a deload.

use super::calendar::{full_week, latest_day, trained_week};
use super::pattern::{Pattern, Subject, evidence};
use crate::history::{HISTORY_WEEKS, History};
use serde_json::json;
use shared_kernel::payload::PatternKind;
use storage::training_history::HistoryWeek;
use training::{HalfSets, Volume, WeekStart};

const WEEKS_BEFORE: u32 = 3;
const HARD_SETS_BEFORE_MIN: HalfSets = HalfSets::whole(10);
/// In tenths of the median of the three weeks before.
const SHARE_MAX_TENTHS: i64 = 6;
/// In tenths of a workout of the three weeks before.
const WORKOUT_SHARE_MAX_TENTHS: i64 = 8;
const CONFIDENCE: f64 = 0.9;
/// The length of a training block.
const RECENT_WEEKS: u32 = 8;
/// The days after its Sunday in which lifts are not judged.
const RECENT_DAYS: i64 = 14;

/// Applies the rule to one week.
pub fn deload_taken(history: &History, week_start: WeekStart) -> Option<Pattern> {
    let week = full_week(history, week_start)?;
    let usual = usual_half_sets(history, week_start)?;
    let half_sets = week.volume.hard_half_sets;
    let few = half_sets.0.saturating_mul(10) <= usual.0.saturating_mul(SHARE_MAX_TENTHS);
    if !few || !has_light_workouts(history, week) || !is_over(history, week_start) {
        return None;
    }
    let percent = (half_sets.sets() / usual.sets() * 100.0).round();
    Some(Pattern {
        kind: PatternKind::DeloadTaken,
        subject: Subject::Training,
        since: week_start,
        confidence: CONFIDENCE,
        evidence: evidence([
            ("week_start", json!(week_start)),
            ("workouts", json!(week.volume.workouts)),
            ("hard_sets", json!(half_sets.sets())),
            ("usual_hard_sets", json!(usual.sets())),
            ("percent_of_usual", json!(percent)),
        ]),
    })
}

/// Returns the weeks to which the rule applies besides those that changed: a deload that was held
/// back while its week had pending workouts is found later.
pub(super) fn recent_weeks(history: &History) -> impl Iterator<Item = WeekStart> {
    let this_week = WeekStart::containing(history.today);
    (1..=RECENT_WEEKS).map(move |back| this_week.weeks_before(back))
}

/// Returns the week of the last deload, as far back as the history has the weeks before it.
pub(super) fn last_deload(history: &History) -> Option<WeekStart> {
    let this_week = WeekStart::containing(history.today);
    let mut weeks = (1..=HISTORY_WEEKS - WEEKS_BEFORE).map(|back| this_week.weeks_before(back));
    weeks.find(|week| deload_taken(history, *week).is_some())
}

/// Whether a deload ended at most 14 days ago.
pub(super) fn is_recent(history: &History, deload: WeekStart) -> bool {
    (history.today - deload.last_day()).num_days() <= RECENT_DAYS
}

/// Whether the mean workout of the week had clearly fewer hard sets than that of the three weeks
/// before.
fn has_light_workouts(history: &History, week: &HistoryWeek) -> bool {
    let before = (1..=WEEKS_BEFORE).map(|back| week.week_start.weeks_before(back));
    let before: Vec<_> = before.filter_map(|before| trained_week(history, before)).collect();
    let sum = |number: fn(&Volume) -> i64| {
        before.iter().fold(0_i64, |sum, week| sum.saturating_add(number(&week.volume)))
    };
    let (usual_sets, usual_workouts) = (sum(|v| v.hard_half_sets.0), sum(|v| v.workouts));
    let (sets, workouts) = (week.volume.hard_half_sets.0, week.volume.workouts);
    let share =
        |sets: i64, of: i64, tenths: i64| i128::from(sets) * i128::from(of) * i128::from(tenths);
    share(sets, usual_workouts, 10) <= share(usual_sets, workouts, WORKOUT_SHARE_MAX_TENTHS)
}

/// Returns the median of the three weeks before, if each has at least 10 hard sets.
fn usual_half_sets(history: &History, week_start: WeekStart) -> Option<HalfSets> {
    let before = |back| {
        let week = trained_week(history, week_start.weeks_before(back))?;
        Some(week.volume.hard_half_sets).filter(|sets| *sets >= HARD_SETS_BEFORE_MIN)
    };
    let mut weeks = [before(1)?, before(2)?, before(3)?];
    weeks.sort();
    let [_, median, _] = weeks;
    Some(median)
}

fn is_over(history: &History, week_start: WeekStart) -> bool {
    let (last_day, latest) = (week_start.last_day(), latest_day(history.today));
    let mut days = history.days.iter().filter(|day| day.workouts > 0);
    let mut weeks = history.weeks.iter().filter(|week| week.volume.workouts > 0);
    let later = week_start.next()..=WeekStart::containing(latest);
    history.reported.is_some_and(|reported| week_start <= reported)
        || weeks.any(|week| later.contains(&week.week_start))
        || days.any(|day| day.local_date > last_day && day.local_date <= latest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::history;

    const MONDAYS: [&str; 4] = ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16"];

    /// A history with the hard sets of four weeks, the last of which is examined.
    fn of(today: &str, hard_sets: [f64; 4]) -> History {
        history(today, |h| {
            for (monday, sets) in MONDAYS.into_iter().zip(hard_sets) {
                h.hard_sets(monday, sets);
            }
        })
    }

    fn found_in(history: &History) -> bool {
        deload_taken(history, WeekStart::containing(MONDAYS[3].parse().unwrap())).is_some()
    }

    fn check(hard_sets: [f64; 4], found: bool) {
        assert_eq!(found_in(&of("2026-11-25", hard_sets)), found, "{hard_sets:?}");
    }

    #[test]
    fn half_of_the_usual_sets_is_a_deload() {
        check([60.0, 62.0, 64.0, 31.0], true);
        check([60.0, 62.0, 64.0, 0.0], true);
        check([60.0, 62.0, 64.0, 66.0], false);
    }

    #[test]
    fn at_most_sixty_percent_of_the_median_is_a_deload() {
        check([60.0, 20.0, 100.0, 36.0], true);
        check([60.0, 20.0, 100.0, 36.5], false);
    }

    #[test]
    fn three_weeks_of_ten_hard_sets_before_are_required() {
        check([10.0, 20.0, 20.0, 10.0], true);
        check([9.5, 20.0, 20.0, 10.0], false);
        let mut gap = of("2026-11-25", [60.0, 60.0, 60.0, 30.0]);
        assert!(found_in(&gap));
        gap.weeks.remove(1);
        assert!(!found_in(&gap));
    }

    #[test]
    fn missed_workouts_are_no_deload() {
        let found = |workouts: i64| {
            let mut history = of("2026-11-25", [60.0, 60.0, 60.0, 30.0]);
            history.weeks[3].volume.workouts = workouts;
            found_in(&history)
        };
        // Before it 3 workouts of 20 hard sets each: 16 are 80 %.
        assert!(!found(1) && found(2) && found(3) && found(4));
        let mut edge = of("2026-11-25", [60.0, 60.0, 60.0, 32.0]);
        edge.weeks[3].volume.workouts = 2;
        assert!(found_in(&edge));
        edge.weeks[3].volume.hard_half_sets.0 += 1;
        assert!(!found_in(&edge));
    }

    #[test]
    fn week_off_is_no_deload() {
        let mut off = of("2026-11-25", [60.0, 60.0, 60.0, 30.0]);
        off.weeks[3].volume.workouts = 0;
        assert!(!found_in(&off));
        off.weeks.pop();
        assert!(!found_in(&off));
    }

    #[test]
    fn week_must_be_over() {
        let found = |today: &str, trained_on: Option<&str>| {
            let mut history = of(today, [60.0, 60.0, 60.0, 30.0]);
            history.days = crate::rules::histories::history(today, |h| {
                h.day("2026-11-19", 1.0);
                if let Some(day) = trained_on {
                    h.day(day, 1.0);
                }
            })
            .days;
            found_in(&history)
        };
        assert!(!found("2026-11-21", None));
        assert!(!found("2026-11-24", None));
        assert!(found("2026-11-25", None));
        assert!(found("2026-11-23", Some("2026-11-23")));
        assert!(!found("2026-11-23", Some("2026-11-25")), "the workout is the day after tomorrow");
    }

    #[test]
    fn last_deload_is_recent_for_14_days() {
        let history = |today: &str| of(today, [60.0, 60.0, 60.0, 30.0]);
        let deload = last_deload(&history("2026-12-06")).unwrap();
        assert_eq!(deload.to_string(), "2026-11-16");
        assert!(is_recent(&history("2026-12-06"), deload));
        assert!(!is_recent(&history("2026-12-07"), deload));
        assert_eq!(last_deload(&history("2026-11-18")), None);
    }

    #[test]
    fn evidence_has_the_numbers_of_the_rule() {
        let history = of("2026-11-25", [60.0, 62.0, 64.0, 31.0]);
        let pattern =
            deload_taken(&history, WeekStart::containing("2026-11-16".parse().unwrap())).unwrap();
        assert_eq!(
            serde_json::to_string(&pattern.evidence).unwrap(),
            r#"{"hard_sets":31.0,"percent_of_usual":50.0,"usual_hard_sets":62.0,"week_start":"2026-11-16","workouts":3}"#
        );
    }
}
