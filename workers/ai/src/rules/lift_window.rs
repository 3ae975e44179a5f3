//! The recent sessions of one lift, and their trend.
//!
//! One point for each session: the best set's one-rep maximum as Epley estimates it, over days. The
//! sessions are those of the 42 days that end with the lift's last session, which must be at most
//! 14 days ago: a lift that is no longer trained does not stall.
//!
//! - The sessions of one day are one session, the better one.
//! - Repetitions in reserve count only if every session of the window has an RPE with its best set.
//!   Otherwise the first session with an RPE would show a gain of 7 %.
//! - Slopes are in percent of the window's median maximum, per week, so that a curl and a deadlift
//!   have the same thresholds.

use super::calendar::latest_day;
use super::pattern::{Pattern, Subject, evidence, rounded};
use crate::history::History;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use shared_kernel::payload::PatternKind;
use std::collections::BTreeMap;
use training::e1rm::{EFFECTIVE_REPS_MAX, estimate};
use training::trend::{median, theil_sen};
use training::{BestSet, E1rmFormula, Grams, WeekStart};

/// The window ends with the last session.
const WINDOW_DAYS: i64 = 42;
/// A lift whose last session is longer ago is no longer trained.
const LAST_SESSION_DAYS_MAX: i64 = 14;
/// Fewer sessions form no pattern.
pub(super) const SESSIONS_MIN: usize = 6;
/// With this many sessions the trend must hold without the last one too, and enough are left for a
/// narrow interval.
const ROBUST_SESSIONS_MIN: usize = 8;
const DAYS_PER_WEEK: f64 = 7.0;

/// The sessions of a lift, and their trend.
pub(super) struct LiftWindow {
    /// The slug.
    pub lift: String,
    /// One a day, in order; never empty.
    pub sessions: Vec<Session>,
    /// The median one-rep maximum, more than 0.
    pub median_kg: f64,
    /// The change per week, in percent of the median.
    pub slope: f64,
    /// The low end of the slope's 95 % interval.
    pub low: f64,
    /// The high end of the slope's 95 % interval.
    pub high: f64,
    /// Whether every session has an RPE with its best set.
    pub rpe_known: bool,
}

/// The best set of a lift on one day.
#[derive(Clone, Copy)]
pub(super) struct Session {
    pub date: NaiveDate,
    pub best: BestSet,
    pub e1rm: Grams,
}

impl LiftWindow {
    /// Returns the window of a lift. `None` with fewer than two days, or when the lift is no longer
    /// trained.
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

    /// Whether the window fulfils `condition`, and with [`ROBUST_SESSIONS_MIN`] sessions or more also
    /// does so without the last session. The rules run after each session: random numbers show a
    /// trend at some time.
    pub fn is_robust(&self, condition: impl Fn(&Self) -> bool) -> bool {
        let before = || {
            let (_, before) = self.sessions.split_last()?;
            Self::over(&self.lift, before.to_vec())
        };
        let has_spare = self.sessions.len() >= ROBUST_SESSIONS_MIN;
        condition(self) && (!has_spare || before().is_none_or(|before| condition(&before)))
    }

    /// Returns the number of sessions at the limit of the estimate, where a gain is invisible.
    pub fn sessions_at_limit(&self) -> usize {
        let reserve = |best: &BestSet| {
            best.rpe.filter(|_| self.rpe_known).map_or(0.0, |rpe| 10.0 - rpe.value())
        };
        let effective = |best: &BestSet| f64::from(best.reps) + reserve(best);
        self.sessions.iter().filter(|s| effective(&s.best) > EFFECTIVE_REPS_MAX - 1.0).count()
    }

    /// Returns the days from the first session to the last.
    pub fn span_days(&self) -> i64 {
        match (self.sessions.first(), self.sessions.last()) {
            (Some(first), Some(last)) => (last.date - first.date).num_days(),
            _ => 0,
        }
    }

    /// Returns a pattern of the lift since its first session.
    pub fn pattern(&self, kind: PatternKind, confidence: f64) -> Option<Pattern> {
        Some(Pattern {
            kind,
            subject: Subject::Lift(self.lift.clone()),
            since: WeekStart::containing(self.sessions.first()?.date),
            confidence: rounded(confidence),
            evidence: self.evidence(),
        })
    }

    fn evidence(&self) -> Map<String, Value> {
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

/// Returns the sessions within the window, one for each day, in order.
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

/// Drops the repetitions in reserve from the estimates unless every session has an RPE.
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

    /// Checks the days and maxima of the window.
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
    fn window_is_42_days_and_ends_with_the_last_session() {
        let days = [("2026-10-05", 100.0), ("2026-10-06", 101.0), ("2026-11-16", 102.0)];
        check("2026-11-16", &days, Some(&days[1..]));
        check("2026-11-30", &days, Some(&days[1..]));
        check("2026-12-01", &days, None);
        check("2027-11-16", &days, None);
    }

    #[test]
    fn window_requires_two_days() {
        check("2026-11-16", &[], None);
        check("2026-11-16", &[("2026-11-16", 100.0)], None);
        check("2026-11-16", &[("2026-11-16", 100.0), ("2026-11-16", 90.0)], None);
    }

    #[test]
    fn best_session_of_a_day_counts() {
        let days = [("2026-11-09", 100.0), ("2026-11-09", 102.0), ("2026-11-16", 101.0)];
        check("2026-11-16", &days, Some(&days[1..]));
    }

    #[test]
    fn session_of_tomorrow_counts_and_later_ones_are_ignored() {
        let days = [("2026-11-09", 100.0), ("2026-11-17", 101.0), ("2026-11-18", 102.0)];
        check("2026-11-16", &days, Some(&days[..2]));
        check("2026-11-17", &days, Some(&days));
    }

    #[test]
    fn reserve_counts_only_if_every_session_has_rpe() {
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
    fn slope_is_in_percent_of_the_median_per_week() {
        let history = history("2026-11-16", |h| {
            h.lift(LIFT, &[("2026-11-02", 198.0), ("2026-11-09", 200.0), ("2026-11-16", 202.0)]);
        });
        let window = LiftWindow::of(&history, LIFT).unwrap();
        assert!((window.slope - 1.0).abs() < 1e-9, "{}", window.slope);
        assert_eq!(window.span_days(), 14);
    }
}
