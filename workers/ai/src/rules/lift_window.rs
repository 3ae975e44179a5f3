//! The sessions of one lift that tell whether it goes up, stands still or goes down.
//!
//! One point a session: the best set's one-rep maximum as Epley estimates it, over days. The
//! sessions are those of the 42 days that end with the lift's last session, which must be at most
//! 14 days ago: who has left a lift does not stand still in it (facts: 42 days; 14 ours).
//!
//! All further choices are (ours):
//! - The sessions of one day are one session, the better one: on one day nobody gets stronger.
//! - Repetitions in reserve count only where every session of the window has an RPE with its best
//!   set. Who begins to note the RPE would else be stronger by 7 % that day.
//! - Slopes are told in percent of the window's median maximum, per week, so that a curl and a
//!   deadlift have the same thresholds.

use super::calendar::latest_day;
use super::evidence;
use crate::history::History;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use training::e1rm::{EFFECTIVE_REPS_MAX, estimate};
use training::trend::{median, theil_sen};
use training::{BestSet, E1rmFormula, Grams, WeekStart};

/// The sessions that are looked at end with the last one and go back so far.
const WINDOW_DAYS: i64 = 42;
/// A lift is one of today's while its last session is no longer ago.
const LAST_SESSION_DAYS_MAX: i64 = 14;
/// Of so many sessions one can be spared, and enough are left for a narrow interval.
const SESSIONS_TO_SPARE: usize = 8;
const DAYS_PER_WEEK: f64 = 7.0;

/// The sessions of a lift, and their trend.
pub(super) struct LiftWindow {
    /// Its slug.
    pub lift: String,
    /// One a day, in order; never empty.
    pub sessions: Vec<Session>,
    /// The median one-rep maximum, more than 0.
    pub median_kg: f64,
    /// The change in percent of the median, a week.
    pub slope: f64,
    /// The low end of its 95 % interval.
    pub low: f64,
    /// The high end of it.
    pub high: f64,
    /// Whether every session has an RPE with its best set.
    pub rpe_known: bool,
}

/// What a lift's best set of a day was.
#[derive(Clone, Copy)]
pub(super) struct Session {
    /// The day.
    pub date: NaiveDate,
    /// The set.
    pub best: BestSet,
    /// Its one-rep maximum, in grams.
    pub e1rm: Grams,
}

impl LiftWindow {
    /// The window of a lift. `None` without two days of it, or when it was left.
    pub fn of(history: &History, lift: &str) -> Option<Self> {
        Self::over(lift, comparable(sessions(history, lift)?))
    }

    fn over(lift: &str, sessions: Vec<Session>) -> Option<Self> {
        let first = sessions.first()?.date;
        let points: Vec<_> = sessions.iter().map(|s| (days(first, s.date), s.e1rm.kg())).collect();
        let trend = theil_sen(&points)?;
        let median_kg = median(points.into_iter().map(|point| point.1).collect())?;
        if median_kg <= 0.0 {
            return None;
        }
        let percent_per_week = |kg_per_day: f64| kg_per_day * DAYS_PER_WEEK / median_kg * 100.0;
        Some(Self {
            lift: lift.to_owned(),
            slope: percent_per_week(trend.slope),
            low: percent_per_week(trend.low),
            high: percent_per_week(trend.high),
            rpe_known: sessions.iter().all(|session| session.best.rpe.is_some()),
            sessions,
            median_kg,
        })
    }

    /// Whether the trend is there, by what `shows` asks of it, and not only because of the last
    /// session: of [`SESSIONS_TO_SPARE`] or more it must be there without that one too. The rules look
    /// again after each session, and look long enough at chance and it shows a trend (ours).
    pub fn holds(&self, shows: impl Fn(&Self) -> bool) -> bool {
        let before = || {
            let (_, before) = self.sessions.split_last()?;
            Self::over(&self.lift, before.to_vec())
        };
        let spare = self.sessions.len() >= SESSIONS_TO_SPARE;
        shows(self) && (!spare || before().is_none_or(|before| shows(&before)))
    }

    /// How many sessions were at the limit of the estimate: nothing better can be seen there.
    pub fn sessions_at_limit(&self) -> usize {
        let reserve = |best: &BestSet| {
            best.rpe.filter(|_| self.rpe_known).map_or(0.0, |rpe| 10.0 - rpe.value())
        };
        let effective = |best: &BestSet| f64::from(best.reps) + reserve(best);
        self.sessions.iter().filter(|s| effective(&s.best) > EFFECTIVE_REPS_MAX - 1.0).count()
    }

    /// Days from the first session to the last.
    pub fn span_days(&self) -> i64 {
        match (self.sessions.first(), self.sessions.last()) {
            (Some(first), Some(last)) => (last.date - first.date).num_days(),
            _ => 0,
        }
    }

    /// The week of the first session.
    pub fn since(&self) -> Option<WeekStart> {
        self.sessions.first().map(|first| WeekStart::containing(first.date))
    }

    /// The numbers that each of the three rules saw.
    pub fn evidence(&self) -> Map<String, Value> {
        let two_digits = |number: f64| json!((number * 100.0).round() / 100.0);
        let one_digit = |number: f64| json!((number * 10.0).round() / 10.0);
        let mut numbers = evidence([
            ("sessions", json!(self.sessions.len())),
            ("span_days", json!(self.span_days())),
            ("slope_percent_per_week", two_digits(self.slope)),
            ("low_percent_per_week", two_digits(self.low)),
            ("high_percent_per_week", two_digits(self.high)),
            ("e1rm_median_kg", one_digit(self.median_kg)),
        ]);
        let e1rm_kg = |session: &Session| one_digit(session.e1rm.kg());
        let best = self.sessions.iter().max_by_key(|session| session.e1rm);
        numbers.extend(best.map(|best| ("e1rm_best_kg".to_owned(), e1rm_kg(best))));
        let first = self.sessions.first();
        numbers.extend(first.map(|first| ("e1rm_first_kg".to_owned(), e1rm_kg(first))));
        if let Some(last) = self.sessions.last() {
            numbers.extend(evidence([
                ("last_session", json!(last.date)),
                ("e1rm_last_kg", e1rm_kg(last)),
                ("load_kg", json!(last.best.load_grams.kg())),
                ("reps", json!(last.best.reps)),
            ]));
            let rpe = last.best.rpe.map(|rpe| ("rpe".to_owned(), json!(rpe.value())));
            numbers.extend(rpe);
        }
        numbers
    }
}

/// The sessions within the window, one a day and in order.
fn sessions(history: &History, lift: &str) -> Option<Vec<Session>> {
    let latest = latest_day(history.today);
    let mut by_day = BTreeMap::<NaiveDate, Session>::new();
    for session in history.lifts.get(lift)? {
        let Some(best) = session.performance.best.get(&E1rmFormula::Epley) else { continue };
        let date = session.local_date;
        if date <= latest {
            let found = Session { date, best: *best, e1rm: best.e1rm_grams };
            let kept = by_day.entry(date).or_insert(found);
            if found.e1rm > kept.e1rm {
                *kept = found;
            }
        }
    }
    let last = *by_day.keys().next_back()?;
    if (history.today - last).num_days() > LAST_SESSION_DAYS_MAX {
        return None;
    }
    by_day.retain(|date, _| (last - *date).num_days() < WINDOW_DAYS);
    Some(by_day.into_values().collect())
}

/// Estimates without the repetitions in reserve where not every session knows them.
fn comparable(mut sessions: Vec<Session>) -> Vec<Session> {
    let known = sessions.iter().filter(|session| session.best.rpe.is_some()).count();
    if known > 0 && known < sessions.len() {
        for session in &mut sessions {
            let BestSet { load_grams, reps, .. } = session.best;
            let plain = estimate(E1rmFormula::Epley, load_grams, reps, None);
            session.e1rm = plain.unwrap_or(session.e1rm);
        }
    }
    sessions
}

#[expect(clippy::cast_precision_loss, reason = "at most 42 days")]
pub(super) fn days(first: NaiveDate, date: NaiveDate) -> f64 {
    (date - first).num_days() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::history;

    const LIFT: &str = "deadlift";

    /// The days and maxima of the window of these days.
    fn check(today: &str, days: &[(&str, f64)], expected: Option<&[(&str, f64)]>) {
        let history = history(today, |h| h.lift(LIFT, days));
        let window = LiftWindow::of(&history, LIFT);
        let found = window.map(|window| {
            let sessions = window.sessions.iter();
            sessions.map(|s| (s.date.to_string(), s.e1rm.kg())).collect::<Vec<_>>()
        });
        let expected = expected
            .map(|days| days.iter().map(|(day, kg)| ((*day).to_owned(), *kg)).collect::<Vec<_>>());
        assert_eq!(found, expected, "{today} {days:?}");
    }

    #[test]
    fn the_window_is_the_42_days_that_end_with_the_last_session() {
        let days = [("2026-10-05", 100.0), ("2026-10-06", 101.0), ("2026-11-16", 102.0)];
        check("2026-11-16", &days, Some(&days[1..]));
        check("2026-11-30", &days, Some(&days[1..]));
        check("2026-12-01", &days, None);
        check("2027-11-16", &days, None);
    }

    #[test]
    fn one_session_makes_no_window() {
        check("2026-11-16", &[], None);
        check("2026-11-16", &[("2026-11-16", 100.0)], None);
        check("2026-11-16", &[("2026-11-16", 100.0), ("2026-11-16", 90.0)], None);
    }

    #[test]
    fn the_better_session_of_a_day_is_the_one() {
        let days = [("2026-11-09", 100.0), ("2026-11-09", 102.0), ("2026-11-16", 101.0)];
        check("2026-11-16", &days, Some(&days[1..]));
    }

    #[test]
    fn tomorrow_can_be_today_in_the_east_and_what_is_later_is_a_mistake() {
        let days = [("2026-11-09", 100.0), ("2026-11-17", 101.0), ("2026-11-18", 102.0)];
        check("2026-11-16", &days, Some(&days[..2]));
        check("2026-11-17", &days, Some(&days));
    }

    #[test]
    fn reserve_counts_only_where_every_session_knows_it() {
        let e1rm = |sets: &[(&str, f64, u32, Option<f64>)]| {
            let history = history("2026-11-16", |h| h.sets(LIFT, sets));
            let window = LiftWindow::of(&history, LIFT).unwrap();
            window.sessions.iter().map(|session| session.e1rm.kg()).collect::<Vec<_>>()
        };
        let known = [("2026-11-09", 90.0, 5, Some(9.0)), ("2026-11-16", 90.0, 5, Some(8.0))];
        assert_eq!(e1rm(&known), [108.0, 111.0]);
        let half = [("2026-11-09", 90.0, 5, None), ("2026-11-16", 90.0, 5, Some(8.0))];
        assert_eq!(e1rm(&half), [105.0, 105.0]);
        let unknown = [("2026-11-09", 90.0, 5, None), ("2026-11-16", 90.0, 6, None)];
        assert_eq!(e1rm(&unknown), [105.0, 108.0]);
    }

    #[test]
    fn the_slope_is_in_percent_of_the_median_a_week() {
        let history = history("2026-11-16", |h| {
            h.lift(LIFT, &[("2026-11-02", 198.0), ("2026-11-09", 200.0), ("2026-11-16", 202.0)]);
        });
        let window = LiftWindow::of(&history, LIFT).unwrap();
        assert!((window.slope - 1.0).abs() < 1e-9, "{}", window.slope);
        assert_eq!(window.span_days(), 14);
    }
}
