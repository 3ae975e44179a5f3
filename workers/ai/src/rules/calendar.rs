//! Days and weeks for the rules.

use crate::history::History;
use chrono::{Days, NaiveDate};
use storage::training_history::HistoryWeek;
use training::WeekStart;

/// A week is complete when its Sunday is over in every time zone and apps had a day to upload it.
const SETTLING: Days = Days::new(2);
/// East of Greenwich the athlete's day can already be tomorrow. Later dates are mistakes, and rules
/// ignore them.
const LOCAL_AHEAD: Days = Days::new(1);

/// Returns the last complete week: its upload time is over, or it has a weekly report.
pub(super) fn last_complete_week(history: &History) -> WeekStart {
    let settled = history.today.checked_sub_days(SETTLING).unwrap_or(history.today);
    let settled = WeekStart::containing(settled).previous();
    history.reported.map_or(settled, |reported| reported.max(settled))
}

/// Returns the last day that can be today in some time zone.
pub(super) fn latest_day(today: NaiveDate) -> NaiveDate {
    today.checked_add_days(LOCAL_AHEAD).unwrap_or(today)
}

/// Returns a week if it has a workout.
pub(super) fn trained_week(history: &History, week_start: WeekStart) -> Option<&HistoryWeek> {
    history.week(week_start).filter(|week| week.volume.workouts > 0)
}

/// A week with fewer workouts than this many tenths of the usual number is missed.
const FULL_WEEK_MIN_TENTHS: usize = 6;

/// Returns the usual number of workouts in a week before `week_start`: the median of the full weeks. `None`
/// with fewer than [`USUAL_WEEKS_MIN`] weeks of training.
pub(super) fn usual_workouts(history: &History, week_start: WeekStart) -> Option<usize> {
    let first = week_start.weeks_before(USUAL_WEEKS_MAX);
    let before = history.weeks.iter().filter(|week| (first..week_start).contains(&week.week_start));
    let counts = before.filter_map(|week| usize::try_from(week.volume.workouts).ok());
    let mut counts: Vec<_> = counts.filter(|workouts| *workouts > 0).collect();
    if counts.len() < USUAL_WEEKS_MIN {
        return None;
    }
    counts.sort_unstable();
    let median = *counts.get(counts.len() / 2)?;
    counts.retain(|workouts| is_full(*workouts, median));
    counts.get(counts.len() / 2).copied()
}

/// Older weeks do not say what is usual.
const USUAL_WEEKS_MAX: u32 = 8;
/// Weeks of training that are required to know what is usual.
const USUAL_WEEKS_MIN: usize = 3;

const fn is_full(workouts: usize, usual: usize) -> bool {
    workouts * 10 >= usual * FULL_WEEK_MIN_TENTHS
}

/// Whether the athlete missed workouts in a week, as far as what is usual is known. Such a week is not a
/// light week: no rule about a week judges it, and none compares with it.
pub(crate) fn is_missed(history: &History, week_start: WeekStart) -> bool {
    let workouts = history.week(week_start).map_or(0, |week| week.volume.workouts);
    let workouts = usize::try_from(workouts).unwrap_or_default();
    usual_workouts(history, week_start).is_some_and(|usual| !is_full(workouts, usual))
}

/// Returns a week if it has a workout and the athlete did not miss others.
pub(super) fn full_week(history: &History, week_start: WeekStart) -> Option<&HistoryWeek> {
    trained_week(history, week_start).filter(|_| !is_missed(history, week_start))
}

/// Returns the load of the last N days up to `last_day`, oldest first: the day's tonnage in
/// kilograms, 0 for a rest day.
pub(super) fn daily_loads_kg<const N: usize>(history: &History, last_day: NaiveDate) -> [f64; N] {
    let mut loads = [0.0; N];
    for day in &history.days {
        let back = usize::try_from((last_day - day.local_date).num_days()).ok();
        let place = back.and_then(|back| N.checked_sub(back.checked_add(1)?));
        if let Some(load) = place.and_then(|place| loads.get_mut(place)) {
            *load += day.tonnage_grams.kg();
        }
    }
    loads
}

/// Returns the number of workouts in the last `days` days up to `last_day`.
pub(super) fn workouts_in(history: &History, last_day: NaiveDate, days: i64) -> i64 {
    let within = |date: NaiveDate| (0..days).contains(&(last_day - date).num_days());
    let days = history.days.iter().filter(|day| within(day.local_date));
    days.fold(0, |sum, day| sum.saturating_add(day.workouts))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::history;
    use training::Grams;

    fn date(day: &str) -> NaiveDate {
        day.parse().unwrap()
    }

    #[test]
    fn week_is_complete_two_days_after_its_sunday() {
        let check = |today, monday: &str| {
            let mut history = History::none(date(today));
            assert_eq!(last_complete_week(&history).to_string(), monday, "{today}");
            // A reported week is complete.
            history.reported = Some(WeekStart::containing(date("2026-11-09")));
            let reported = last_complete_week(&history).to_string();
            assert_eq!(reported, monday.max("2026-11-09"), "{today}");
        };
        check("2026-11-22", "2026-11-09");
        check("2026-11-23", "2026-11-09");
        check("2026-11-24", "2026-11-09");
        check("2026-11-25", "2026-11-16");
        check("2026-11-29", "2026-11-16");
    }

    #[test]
    fn loads_have_every_day_and_sum_entries_of_one_day() {
        let history = history("2026-11-25", |h| {
            h.day("2026-11-20", 100.0);
            h.day("2026-11-21", 1.0);
            h.day("2026-11-23", 20.0);
            h.day("2026-11-23", 3.0);
            h.day("2026-11-24", 4.0);
            h.day("2026-11-25", 1_000.0);
        });
        let loads = daily_loads_kg::<4>(&history, date("2026-11-24"));
        assert_eq!(loads.map(Grams::from_kg), [1_000, 0, 23_000, 4_000].map(Grams));
        assert_eq!(workouts_in(&history, date("2026-11-24"), 4), 4);
    }
}
