//! `missed_weeks`: the athlete trains less often than usual.
//!
//! Trigger: in each of the last 2 complete weeks or more, at least one workout, and fewer than 60 % of the usual
//! number ([`super::calendar::is_missed`]). Confidence 0.8. All weeks of a row are one pattern. A week without any
//! workout is announced by its weekly report.

use super::calendar::{is_missed, last_complete_week, trained_week, usual_workouts};
use super::pattern::{Pattern, Subject, evidence};
use crate::history::{HISTORY_WEEKS, History};
use serde_json::json;
use shared_kernel::payload::PatternKind;

const WEEKS_MIN: usize = 2;
const CONFIDENCE: f64 = 0.8;

/// Applies the rule.
pub fn missed_weeks(history: &History) -> Option<Pattern> {
    let last = last_complete_week(history);
    let row = (0..HISTORY_WEEKS)
        .map(|back| last.weeks_before(back))
        .take_while(|week| trained_week(history, *week).is_some() && is_missed(history, *week));
    let row: Vec<_> = row.collect();
    let since = *row.last().filter(|_| row.len() >= WEEKS_MIN)?;
    let usual = usual_workouts(history, since)?;
    let workouts = |week| history.week(week).map_or(0, |week| week.volume.workouts);
    Some(Pattern {
        kind: PatternKind::MissedWeeks,
        subject: Subject::Training,
        since,
        confidence: CONFIDENCE,
        evidence: evidence([
            ("weeks", json!(row.len())),
            ("workouts", json!(workouts(last))),
            ("usual_workouts", json!(usual)),
            ("since", json!(since)),
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::{day_after, history, week};

    fn weeks(workouts: &[i64]) -> Option<u64> {
        let first = day_after("2026-11-23", 0);
        let last = u64::try_from(workouts.len()).unwrap();
        let history = history("2026-11-25", |h| {
            for (back, workouts) in (1..=last).rev().zip(workouts) {
                let monday =
                    first.parse::<chrono::NaiveDate>().unwrap() - chrono::Days::new(7 * back);
                let mut week = week(&monday.to_string(), &[]);
                week.volume.workouts = *workouts;
                h.week(week);
            }
        });
        missed_weeks(&history)?.evidence["weeks"].as_u64()
    }

    #[test]
    fn two_weeks_under_sixty_percent_are_missed() {
        assert_eq!(weeks(&[3, 3, 3, 3, 1, 1]), Some(2));
        assert_eq!(weeks(&[3, 3, 3, 3, 1, 1, 1]), Some(3));
        assert_eq!(weeks(&[3, 3, 3, 3, 3, 1]), None);
        assert_eq!(weeks(&[3, 3, 3, 3, 2, 2]), None);
        assert_eq!(weeks(&[5, 5, 5, 5, 2, 2]), Some(2));
        assert_eq!(weeks(&[3, 1, 1]), None);
    }

    #[test]
    fn empty_week_is_announced_by_its_report() {
        assert_eq!(weeks(&[3, 3, 3, 3, 1, 0]), None);
    }
}
