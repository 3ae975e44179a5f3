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
