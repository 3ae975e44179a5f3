//! `comeback`: the first weeks of training after a break of two weeks or more.
//!
//! Trigger: a workout in the last four weeks that follows 14 days or more without one, after at least 4 weeks of
//! training. Confidence 0.9. The volume then returns in steps: 50, 30, 20 and 10 % less than usual in the first
//! four weeks (Caterisano et al. 2019, joint CSCC and NSCA consensus guidelines). In these weeks no rule judges the
//! volume, the load or the lifts by what was usual before.

use super::calendar::latest_day;
use super::pattern::{Pattern, Subject, evidence};
use crate::history::History;
use chrono::NaiveDate;
use serde_json::json;
use shared_kernel::payload::PatternKind;
use training::WeekStart;
use training::trend::median;

/// Between the last workout before a break and the first one after it.
const BREAK_DAYS_MIN: i64 = 14;
/// Weeks of training before the break that are required to have a usual volume.
const WEEKS_BEFORE_MIN: usize = 4;
/// The reduction of each week after the break, in percent of the usual sets.
const REDUCTION_PERCENT: [u32; 4] = [50, 30, 20, 10];
const CONFIDENCE: f64 = 0.9;

/// The return from a break.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Return {
    /// The day of the first workout after the break.
    pub date: NaiveDate,
    /// The days since the workout before it.
    pub days_off: i64,
    /// The index of the current week in the four weeks after the break.
    week: usize,
}

/// Whether a break ended in the last `weeks` weeks, the current one included.
pub fn has_returned(history: &History, weeks: usize) -> bool {
    any_return(history).is_some_and(|found| found.week < weeks)
}

/// Returns the last return from a break, if its four weeks are not over.
pub fn last_return(history: &History) -> Option<Return> {
    any_return(history).filter(|found| found.week < REDUCTION_PERCENT.len())
}

fn any_return(history: &History) -> Option<Return> {
    let latest = latest_day(history.today);
    let days = history.days.iter().filter(|day| day.workouts > 0 && day.local_date <= latest);
    let days: Vec<_> = days.map(|day| day.local_date).collect();
    let mut breaks = days.windows(2).filter_map(|pair| {
        let [before, after] = pair else { return None };
        let days_off = (*after - *before).num_days();
        (days_off >= BREAK_DAYS_MIN).then_some((*after, days_off))
    });
    let (date, days_off) = breaks.next_back()?;
    let weeks_since = (WeekStart::containing(history.today).date()
        - WeekStart::containing(date).date())
    .num_days()
        / 7;
    let week = usize::try_from(weeks_since.max(0)).ok()?;
    let weeks_before = history
        .weeks
        .iter()
        .filter(|week| week.volume.workouts > 0 && week.week_start < WeekStart::containing(date));
    (weeks_before.count() >= WEEKS_BEFORE_MIN).then_some(Return { date, days_off, week })
}

/// Applies the rule.
pub fn comeback(history: &History) -> Option<Pattern> {
    let found = last_return(history)?;
    let since = WeekStart::containing(found.date);
    let reduction = *REDUCTION_PERCENT.get(found.week)?;
    let before = history.weeks.iter().filter(|week| week.week_start < since);
    let usual = before.filter(|week| week.volume.workouts > 0).rev().take(4);
    let usual = median(usual.map(|week| week.volume.hard_half_sets.sets()).collect())?;
    let share = f64::from(100 - reduction) / 100.0;
    Some(Pattern {
        kind: PatternKind::Comeback,
        subject: Subject::Training,
        since,
        confidence: CONFIDENCE,
        evidence: evidence([
            ("days_off", json!(found.days_off)),
            ("weeks_off", json!((found.days_off + 3) / 7)),
            ("first_workout", json!(found.date)),
            ("week", json!(found.week + 1)),
            ("usual_hard_sets", json!(usual)),
            ("target_hard_sets", json!((usual * share).round())),
            ("percent_of_usual", json!(100 - reduction)),
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::{Builder, day_after, history};

    /// Five weeks of 40 hard sets up to the week of 2026-09-07, a workout on its Thursday, and one on `back`.
    fn of(today: &str, back: &str) -> History {
        history(today, |h: &mut Builder| {
            for week in 0..5 {
                h.hard_sets(&day_after("2026-08-10", 7 * week), 40.0);
                h.day(&day_after("2026-08-10", 7 * week + 3), 1.0);
            }
            h.day(back, 1.0);
        })
    }

    #[test]
    fn two_weeks_without_training_are_a_break() {
        let days_off = |back: &str| {
            let found = last_return(&of(back, back));
            found.map(|found| found.days_off)
        };
        assert_eq!(days_off("2026-09-23"), None);
        assert_eq!(days_off("2026-09-24"), Some(14));
        assert_eq!(days_off("2026-10-22"), Some(42));
    }

    #[test]
    fn volume_returns_in_four_weekly_steps() {
        let target = |today: &str| {
            let pattern = comeback(&of(today, "2026-10-22"))?;
            pattern.evidence["target_hard_sets"].as_f64()
        };
        assert_eq!(target("2026-10-22"), Some(20.0));
        assert_eq!(target("2026-10-26"), Some(28.0));
        assert_eq!(target("2026-11-02"), Some(32.0));
        assert_eq!(target("2026-11-09"), Some(36.0));
        assert_eq!(target("2026-11-16"), None);
    }
}
