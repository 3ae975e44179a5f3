//! `high_monotony`: a hard week whose days had nearly the same load.
//!
//! Trigger: the monotony of the last complete ISO week > 2.0, and its load more than 1.1 times the
//! median of the 8 weeks before. Confidence: 0.6 at 2.0, 0.8 at 2.5 and beyond, linear. Source:
//! Foster 1998 (`training::load`), with the standard deviation of a population.
//!
//! - Load is the day's tonnage in kilograms. Days of exactly equal load have no deviation, and so no
//!   monotony.
//! - Of the 8 weeks the full ones count, and 4 of them are required. A week in which the athlete missed
//!   workouts, or the first weeks after a break, would make an ordinary week look hard.
//! - The factor of 1.1: many programmes have six equal days and a rest day, which is a monotony of
//!   2.45, and an athlete who gets stronger is over the median every week.

use super::calendar::{daily_loads_kg, is_missed, last_complete_week, workouts_in};
use super::comeback::last_return;
use super::pattern::{Pattern, Subject, evidence, rounded};
use crate::history::History;
use serde_json::json;
use shared_kernel::payload::PatternKind;
use training::WeekStart;
use training::load::{Deviation, WeekOfLoads, monotony};
use training::trend::median;

const WEEKS_BEFORE: u32 = 8;
const TRAINED_WEEKS_MIN: usize = 4;
/// A week is hard when its load exceeds the usual load by this factor.
const HARD_WEEK_FACTOR: f64 = 1.1;
const MONOTONY_MAX: f64 = 2.0;
/// Confidence is highest from here on.
const MONOTONY_SURE: f64 = 2.5;
const CONFIDENCE_MIN: f64 = 0.6;
const CONFIDENCE_MAX: f64 = 0.8;

/// Applies the rule to the last complete week.
pub fn high_monotony(history: &History) -> Option<Pattern> {
    let week = last_complete_week(history);
    if is_missed(history, week) || last_return(history).is_some() {
        return None;
    }
    let days: WeekOfLoads = daily_loads_kg(history, week.last_day());
    let found = monotony(&days, Deviation::Population)?;
    let before: Vec<f64> = (1..=WEEKS_BEFORE)
        .map(|back| week.weeks_before(back))
        .filter(|week| !is_missed(history, *week))
        .map(WeekStart::last_day)
        .filter(|last_day| workouts_in(history, *last_day, 7) > 0)
        .map(|last_day| daily_loads_kg::<7>(history, last_day).iter().sum())
        .collect();
    let weeks = before.len();
    if weeks < TRAINED_WEEKS_MIN {
        return None;
    }
    let (load, usual) = (days.iter().sum::<f64>(), median(before)?);
    if found.monotony <= MONOTONY_MAX || load <= HARD_WEEK_FACTOR * usual {
        return None;
    }
    let share = ((found.monotony - MONOTONY_MAX) / (MONOTONY_SURE - MONOTONY_MAX)).min(1.0);
    let confidence = CONFIDENCE_MIN + (CONFIDENCE_MAX - CONFIDENCE_MIN) * share;
    Some(Pattern {
        kind: PatternKind::HighMonotony,
        subject: Subject::Training,
        since: week,
        confidence: rounded(confidence),
        evidence: evidence([
            ("week_start", json!(week)),
            ("monotony", json!(rounded(found.monotony))),
            ("strain", json!(found.strain.round())),
            ("load_kg", json!(load.round())),
            ("usual_load_kg", json!(usual.round())),
            ("weeks", json!(weeks)),
            ("training_days", json!(days.iter().filter(|kg| **kg > 0.0).count())),
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::{day_after, history};

    const TODAY: &str = "2026-11-25"; // A Wednesday: the week of the 16th is the last complete one.
    const WEEK: &str = "2026-11-16";
    const FOUR_WEEKS: [&str; 4] = ["2026-10-19", "2026-10-26", "2026-11-02", "2026-11-09"];
    /// The sum is 20,000 kg, the monotony 0.87.
    const USUAL: WeekOfLoads = [6_000.0, 0.0, 7_000.0, 0.0, 7_000.0, 0.0, 0.0];

    fn of(today: &str, usual: &[&str], week: WeekOfLoads) -> History {
        history(today, |h| {
            let usual = usual.iter().map(|monday| (*monday, USUAL));
            for (monday, loads) in usual.chain([(WEEK, week)]) {
                for (day, kg) in (0..).zip(loads).filter(|(_, kg)| *kg > 0.0) {
                    h.day(&day_after(monday, day), kg);
                }
            }
        })
    }

    fn check(week: WeekOfLoads, confidence: Option<f64>) {
        let found = high_monotony(&of(TODAY, &FOUR_WEEKS, week)).map(|pattern| pattern.confidence);
        assert_eq!(found, confidence, "{week:?}");
    }

    const ALIKE: WeekOfLoads = [5_000.0, 4_000.0, 5_000.0, 4_500.0, 5_000.0, 4_000.0, 5_000.0];

    #[test]
    fn hard_week_of_equal_days_is_found() {
        check(ALIKE, Some(0.8));
        // Six days of seven: monotony 2.45.
        check([4_000.0, 4_000.0, 4_000.0, 4_000.0, 4_000.0, 4_000.0, 0.0], Some(0.78));
    }

    #[test]
    fn week_of_hard_and_easy_days_is_not_monotonous() {
        check([9_000.0, 0.0, 9_000.0, 0.0, 9_000.0, 0.0, 0.0], None);
        check([0.0; 7], None);
    }

    #[test]
    fn zero_deviation_has_no_monotony() {
        check([5_000.0; 7], None);
    }

    #[test]
    fn monotony_over_2_is_required() {
        // Mean 4,000; deviation 2,000 is monotony 2.
        let week = |off: f64| {
            let (high, low) = (4_000.0 + off, 4_000.0 - off);
            [high, low, high, low, high, low, 4_000.0]
        };
        check(week(2_165.0), None);
        check(week(2_155.0), Some(0.6));
    }

    #[test]
    fn week_must_be_clearly_harder_than_usual() {
        let share = |share: f64| ALIKE.map(|kg| kg * share);
        // 32,500 kg against 20,000.
        check(share(0.67), None);
        check(share(0.68), Some(0.8));
    }

    #[test]
    fn four_trained_weeks_of_the_last_eight_are_required() {
        let found = |usual: &[&str]| high_monotony(&of(TODAY, usual, ALIKE)).is_some();
        assert!(!found(&FOUR_WEEKS[1..]) && found(&FOUR_WEEKS));
        assert!(found(&["2026-09-21", "2026-09-28", "2026-10-05", "2026-11-09"]));
        // Nine weeks before is too long ago.
        assert!(!found(&["2026-09-14", "2026-09-28", "2026-10-05", "2026-11-09"]));
    }

    #[test]
    fn week_must_be_complete() {
        let found = |today: &str| high_monotony(&of(today, &FOUR_WEEKS, ALIKE)).is_some();
        assert!(!found("2026-11-24") && found("2026-11-25") && found("2026-12-01"));
        assert!(!found("2026-12-02"));
    }

    #[test]
    fn evidence_has_the_numbers_of_the_rule() {
        let pattern = high_monotony(&of(TODAY, &FOUR_WEEKS, ALIKE)).unwrap();
        assert_eq!(pattern.since.to_string(), WEEK);
        assert_eq!(
            serde_json::to_string(&pattern.evidence).unwrap(),
            r#"{"load_kg":32500.0,"monotony":10.54,"strain":342693.0,"training_days":7,"usual_load_kg":20000.0,"week_start":"2026-11-16","weeks":4}"#
        );
    }
}
