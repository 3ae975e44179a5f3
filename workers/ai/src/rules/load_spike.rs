//! `load_spike`: far more load in the last week than in the three weeks before.
//!
//! Trigger: the mean day of the last 7 over that of the 21 before them (uncoupled) > 1.5. Requires
//! 28 days since the first training in the history, and 8 workouts in the last 28. Confidence: 0.6
//! at 1.5, 0.95 at 2.0 and beyond, linear. Source: Gabbett 2016 for the zones; Lolli 2019 and Windt
//! & Gabbett 2019 for the uncoupled form. Impellizzeri 2020 contests that the ratio predicts
//! injuries: the pattern claims a load spike and nothing more.
//!
//! Load is the day's tonnage in kilograms. The last day is yesterday, because today is incomplete.
//!
//! A jump of the sets counts too: the current week, or the one before for two days, has 1.5 times the hard sets of the median of the four weeks
//! before, and 15 % more than the hardest of the eight weeks before.
//!
//! The 21 days before must be ordinary training: at least 60 % of the usual workouts, and no break of two weeks
//! in the last four. A return from thin weeks is no spike.
//!
//! The last 7 days must also exceed the heaviest 8 consecutive days of the 21 by a factor of 1.2.
//! Otherwise an ordinary week after a week off would be a spike, because the week off lowers the
//! mean; and so would 7 days with two heavy sessions, the first of them postponed by a day.

use super::calendar::{daily_loads_kg, trained_week, usual_workouts, workouts_in};
use super::comeback::has_returned;
use super::pattern::{Pattern, Subject, evidence, rounded};
use crate::history::History;
use chrono::{Days, NaiveDate};
use serde_json::json;
use shared_kernel::payload::PatternKind;
use training::AcuteChronic;
use training::WeekStart;
use training::load::{ACUTE_DAYS, CHRONIC_DAYS};
use training::trend::median;

const DAYS_MIN: i64 = 28;
const WORKOUTS_MIN: i64 = 8;
/// The days with a load among the 21 before: bodyweight training without a known body weight has
/// no load to compare with.
const LOADED_DAYS_MIN: usize = 4;
const RATIO_MAX: f64 = 1.5;
/// Confidence is highest from here on.
const RATIO_SURE: f64 = 2.0;
/// A week and a day: one more session fits in when a session is postponed by a day.
const LONG_WEEK_DAYS: usize = 8;
const LONG_WEEK_FACTOR: f64 = 1.2;
/// The weeks before, of which the median is usual, and how many of them need training.
const USUAL_WEEKS: u32 = 4;
const USUAL_WEEKS_MIN: usize = 4;
const HARDEST_OF_WEEKS: u32 = 8;
const HARDEST_FACTOR: f64 = 1.15;
/// After a break, the weeks that rise by plan are those before for a while.
const WEEKS_AFTER_BREAK: usize = 8;
const CONFIDENCE_MIN: f64 = 0.6;
const CONFIDENCE_MAX: f64 = 0.95;

/// Applies the rule to the days up to yesterday.
pub fn load_spike(history: &History) -> Option<Pattern> {
    let yesterday = history.today.pred_opt()?;
    let workouts = workouts_in(history, yesterday, DAYS_MIN);
    if days_known(history, yesterday)? < DAYS_MIN || workouts < WORKOUTS_MIN {
        return None;
    }
    if has_returned(history, WEEKS_AFTER_BREAK) {
        return None;
    }
    let days: [f64; CHRONIC_DAYS] = daily_loads_kg(history, yesterday);
    // The rule decides on the two digits that the evidence shows.
    let ratio = rounded(AcuteChronic::uncoupled(&days)?.ratio()?);
    let (before, week) = days.split_last_chunk::<ACUTE_DAYS>()?;
    if before.iter().filter(|kg| **kg > 0.0).count() < LOADED_DAYS_MIN {
        return None;
    }
    let sum = |days: &[f64]| days.iter().sum::<f64>();
    let (week, heaviest) = (sum(week), before.windows(LONG_WEEK_DAYS).map(sum).fold(0.0, f64::max));
    let jump = jump_of_sets(history);
    let has_spiked = ratio > RATIO_MAX
        && week > LONG_WEEK_FACTOR * heaviest
        && !follows_thin_weeks(history, yesterday);
    if !has_spiked && jump.is_none() {
        return None;
    }
    let ratio = jump.map_or(ratio, |jump| rounded(jump.ratio).max(ratio));
    let share = ((ratio - RATIO_MAX) / (RATIO_SURE - RATIO_MAX)).clamp(0.0, 1.0);
    let confidence = CONFIDENCE_MIN + (CONFIDENCE_MAX - CONFIDENCE_MIN) * share;
    let usual = sum(before) / 3.0;
    let mut pattern = Pattern {
        kind: PatternKind::LoadSpike,
        subject: Subject::Training,
        since: WeekStart::containing(history.today),
        confidence: rounded(confidence),
        evidence: evidence([
            ("ratio", json!(ratio)),
            ("last_7_days_kg", json!(week.round())),
            ("usual_7_days_kg", json!(usual.round())),
            ("heaviest_8_days_kg", json!(heaviest.round())),
            ("up_to", json!(yesterday)),
            ("workouts_in_28_days", json!(workouts)),
        ]),
    };
    if let Some(jump) = jump {
        pattern.evidence.extend(evidence([
            ("week_hard_sets", json!(jump.sets)),
            ("usual_hard_sets", json!(jump.usual)),
        ]));
    }
    Some(pattern)
}

/// Far more hard sets in a week than usual.
#[derive(Clone, Copy)]
struct Jump {
    sets: f64,
    usual: f64,
    ratio: f64,
}

/// Returns the jump of the current week, or of the one that ended less than three days ago: its last workout can be
/// of the day before in the athlete's zone.
fn jump_of_sets(history: &History) -> Option<Jump> {
    let lately = history.today.checked_sub_days(Days::new(2)).unwrap_or(history.today);
    let weeks = [history.today, lately].map(WeekStart::containing);
    weeks.into_iter().find_map(|week| jump_in(history, week))
}

fn jump_in(history: &History, this_week: WeekStart) -> Option<Jump> {
    let sets_of = |week| trained_week(history, week).map(|week| week.volume.hard_half_sets.sets());
    let before = |weeks: u32| {
        let weeks = (1..=weeks).map(|back| this_week.weeks_before(back));
        weeks.filter_map(sets_of).collect::<Vec<_>>()
    };
    let sets = sets_of(this_week)?;
    let usual = Some(before(USUAL_WEEKS)).filter(|weeks| weeks.len() >= USUAL_WEEKS_MIN)?;
    let usual = median(usual).filter(|usual| *usual > 0.0)?;
    let hardest = before(HARDEST_OF_WEEKS).into_iter().fold(0.0, f64::max);
    let is_jump = sets >= RATIO_MAX * usual && sets >= HARDEST_FACTOR * hardest;
    is_jump.then_some(Jump { sets, usual, ratio: sets / usual })
}

/// Whether the three weeks before the last seven days had fewer than 60 % of the usual workouts.
fn follows_thin_weeks(history: &History, last_day: NaiveDate) -> bool {
    let workouts = workouts_in(history, last_day, DAYS_MIN) - workouts_in(history, last_day, 7);
    let usual = usual_workouts(history, WeekStart::containing(last_day));
    let usual = usual.and_then(|usual| i64::try_from(usual).ok());
    usual.is_some_and(|usual| workouts * 10 < usual * 3 * 6)
}

/// Returns the days from the first training in the history to `last_day`, both included.
fn days_known(history: &History, last_day: NaiveDate) -> Option<i64> {
    let trained = history.days.iter().filter(|day| day.workouts > 0);
    let first = trained.map(|day| day.local_date).min()?;
    Some((last_day - first).num_days() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::{Builder, history};

    const TODAY: &str = "2026-11-23"; // A Monday.

    /// Four 7-day weeks up to yesterday, the last one last: workouts, kilograms in each.
    fn check(weeks: [&[f64]; 4], confidence: Option<f64>) {
        let found = load_spike(&of(weeks)).map(|pattern| pattern.confidence);
        assert_eq!(found, confidence, "{weeks:?}");
    }

    fn of(weeks: [&[f64]; 4]) -> History {
        history(TODAY, |h| write(h, 28, weeks))
    }

    /// The first workout of each week is on its first day, the next ones on the days that follow.
    fn write(h: &mut Builder, days_back: u64, weeks: [&[f64]; 4]) {
        for (index, week) in weeks.into_iter().enumerate() {
            for (day, kg) in week.iter().enumerate() {
                let date = h.today() - Days::new(days_back) + Days::new((7 * index + day) as u64);
                h.day(&date.to_string(), *kg);
            }
        }
    }

    const USUAL: &[f64] = &[4_000.0, 4_000.0, 4_000.0];

    #[test]
    fn doubled_load_is_found_and_confidence_grows() {
        check([USUAL, USUAL, USUAL, &[8_000.0, 8_000.0, 8_000.0]], Some(0.95));
        check([USUAL, USUAL, USUAL, &[7_000.0, 7_000.0, 7_000.0]], Some(0.77));
        check([USUAL, USUAL, USUAL, &[20_000.0, 20_000.0, 8_000.0]], Some(0.95));
    }

    #[test]
    fn ordinary_weeks_are_no_spike() {
        check([USUAL, USUAL, USUAL, USUAL], None);
        check([USUAL, USUAL, USUAL, &[]], None);
        check([&[], &[], &[], &[]], None);
    }

    #[test]
    fn ratio_over_one_and_a_half_is_required() {
        // Six days a week: the heaviest 8 days hold 7 of them.
        let week = |kg: f64| [kg; 6];
        let check = |kg: f64, confidence| {
            let usual = week(4_000.0);
            check([&usual, &usual, &usual, &week(kg)], confidence);
        };
        check(6_000.0, None);
        check(6_040.0, Some(0.61));
    }

    #[test]
    fn eight_workouts_are_required() {
        let two: &[f64] = &[4_000.0, 4_000.0];
        check([two, two, &[8_000.0], &[8_000.0, 8_000.0]], None);
        check([two, two, two, &[8_000.0, 8_000.0]], Some(0.95));
    }

    #[test]
    fn four_weeks_are_required() {
        let double: &[f64] = &[8_000.0, 8_000.0, 8_000.0];
        let late: &[f64] = &[0.0, 4_000.0, 4_000.0];
        let check = |weeks: [&[f64]; 4], found: bool| {
            let mut history = of(weeks);
            history.days.retain(|day| day.tonnage_grams.0 > 0);
            assert_eq!(load_spike(&history).is_some(), found);
        };
        check([late, USUAL, USUAL, double], false);
        check([USUAL, USUAL, USUAL, double], true);
    }

    #[test]
    fn today_and_later_days_are_ignored() {
        let history = history(TODAY, |h| {
            write(h, 28, [USUAL, USUAL, USUAL, USUAL]);
            h.day(TODAY, 100_000.0);
            h.day("2026-12-24", 100_000.0);
        });
        assert_eq!(load_spike(&history), None);
    }

    #[test]
    fn ordinary_week_after_a_week_off_is_no_spike() {
        // The heaviest 8 days are 16,000 kg.
        check([USUAL, USUAL, &[], &[4_200.0, 4_200.0, 4_200.0]], None);
        check([USUAL, USUAL, &[], &[6_400.0, 6_400.0, 6_400.0]], None);
        check([USUAL, USUAL, &[], &[6_410.0, 6_410.0, 6_410.0]], Some(0.95));
    }

    #[test]
    fn heavy_session_postponed_by_a_day_is_no_spike() {
        // Two light sessions a week and a heavy one, which is on the fourth day of the third week.
        let (light, heavy) = (6_000.0, 13_000.0);
        let history = history(TODAY, |h| {
            let days = [(2, light), (5, light), (7, heavy), (9, light), (12, light), (14, heavy)];
            let more =
                [(16, light), (19, light), (22, heavy), (23, light), (26, light), (28, heavy)];
            for (day, kg) in days.into_iter().chain(more) {
                h.day(&(h.today() - Days::new(29 - day)).to_string(), kg);
            }
        });
        let days: [f64; CHRONIC_DAYS] =
            daily_loads_kg(&history, TODAY.parse::<NaiveDate>().unwrap().pred_opt().unwrap());
        assert!(AcuteChronic::uncoupled(&days).unwrap().ratio().unwrap() > RATIO_MAX);
        assert_eq!(load_spike(&history), None);
    }

    #[test]
    fn three_weeks_without_training_have_no_ratio() {
        let history = history(TODAY, |h| {
            h.day("2025-11-01", 4_000.0);
            write(h, 28, [&[], &[], &[], &[4_000.0; 7]]);
            h.day("2026-11-22", 4_000.0);
        });
        assert_eq!(load_spike(&history), None);
    }

    #[test]
    fn evidence_has_the_numbers_of_the_rule() {
        let pattern = load_spike(&of([USUAL, USUAL, USUAL, &[7_000.0; 3]])).unwrap();
        assert_eq!(pattern.since.to_string(), TODAY);
        assert_eq!(
            serde_json::to_string(&pattern.evidence).unwrap(),
            r#"{"heaviest_8_days_kg":16000.0,"last_7_days_kg":21000.0,"ratio":1.75,"up_to":"2026-11-22","usual_7_days_kg":12000.0,"workouts_in_28_days":12}"#
        );
    }

    #[test]
    fn jump_of_sets_in_the_current_week_is_a_spike() {
        let jump_on = |today: &str, sets: &[f64]| {
            let history = history(today, |h| {
                for (week, sets) in (0..).zip(sets) {
                    h.hard_sets(&crate::rules::histories::day_after("2026-10-19", 7 * week), *sets);
                }
            });
            jump_of_sets(&history).map(|jump| jump.ratio)
        };
        let jump = |sets: &[f64]| jump_on("2026-11-22", sets);
        assert_eq!(jump(&[100.0, 100.0, 100.0, 100.0, 160.0]), Some(1.6));
        assert_eq!(jump_on("2026-11-24", &[100.0, 100.0, 100.0, 100.0, 160.0]), Some(1.6));
        assert_eq!(jump_on("2026-11-25", &[100.0, 100.0, 100.0, 100.0, 160.0]), None);
        assert_eq!(jump(&[100.0, 100.0, 100.0, 100.0, 149.0]), None);
        // The hardest week before had nearly as many.
        assert_eq!(jump(&[100.0, 100.0, 100.0, 145.0, 160.0]), None);
        assert_eq!(jump(&[100.0, 100.0, 100.0, 160.0]), None);
    }
}
