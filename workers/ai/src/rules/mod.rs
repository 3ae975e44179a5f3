//! The rules: each a pure function of the history and the day, one file each; and [`all`], which
//! asks them all in their order. docs/patterns.md says them in words.

mod calendar;
pub mod deload_due;
pub mod deload_taken;
pub mod high_monotony;
#[cfg(test)]
pub(crate) mod histories;
mod lift_window;
pub mod load_spike;
pub mod plateau;
pub mod progressive_overload;
pub mod push_pull_imbalance;
pub mod regression;
pub mod volume_above_mrv;
pub mod volume_below_mev;

use crate::history::History;
use chrono::NaiveDate;
use deload_taken::deload_taken;
use high_monotony::high_monotony;
use lift_window::LiftWindow;
use load_spike::load_spike;
use push_pull_imbalance::push_pull_imbalance;
use serde_json::{Map, Value};
use shared_kernel::AthleteId;
use shared_kernel::ids::derived;
use shared_kernel::payload::PatternKind;
use std::collections::BTreeSet;
use training::{Exercise, Grams, Muscle, WeekStart};
use uuid::Uuid;
use volume_above_mrv::volume_above_mrv;
use volume_below_mev::volume_below_mev;

/// What a pattern is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A muscle.
    Muscle(Muscle),
    /// A lift, by its slug.
    Lift(String),
    /// All of the training.
    Training,
}

impl Subject {
    /// The wire name: `chest`, `barbell-bench-press`, `training`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Muscle(muscle) => muscle.as_str(),
            Self::Lift(slug) => slug,
            Self::Training => "training",
        }
    }

    /// As it stands within a sentence: `chest`, `Barbell Bench Press`, `training`.
    pub fn in_words(&self) -> String {
        match self {
            Self::Muscle(muscle) => muscle.display_name(),
            Self::Lift(slug) => {
                Exercise::find(slug).map_or_else(|| slug.clone(), |lift| lift.name.to_owned())
            }
            Self::Training => "training".to_owned(),
        }
    }
}

/// What a rule has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Which pattern.
    pub kind: PatternKind,
    /// What it is about.
    pub subject: Subject,
    /// The week in which it began.
    pub since: WeekStart,
    /// How sure the rule is, 0 to 1.
    pub confidence: f64,
    /// The numbers that the rule saw.
    pub evidence: Map<String, Value>,
}

impl Pattern {
    /// Its id, when it is the first of its kind and subject, or the one after another.
    pub fn id_after(&self, athlete_id: AthleteId, before: Option<Uuid>) -> Uuid {
        derived(&[
            "pattern",
            &athlete_id.to_string(),
            self.kind.as_str(),
            self.subject.as_str(),
            "after",
            &before.map(|id| id.to_string()).unwrap_or_default(),
        ])
    }

    /// Its id, when it is one of a week: that week's.
    pub fn id(&self, athlete_id: AthleteId) -> Uuid {
        derived(&[
            "pattern",
            &athlete_id.to_string(),
            self.kind.as_str(),
            self.subject.as_str(),
            &self.since.to_string(),
        ])
    }
}

/// What is to be looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The weeks that changed: rules about one week look at these.
    pub weeks: BTreeSet<WeekStart>,
    /// Only these muscles, by the two rules on volume; `None` is everything.
    pub muscles: Option<BTreeSet<Muscle>>,
}

/// All patterns that are there, in the order of the rules.
///
/// The order between them (ours): a deload taken within the last 14 days silences plateau and
/// regression, for lifts are meant to be lighter then; of one lift at most one thing is said, and
/// what goes down does not stand still; a deload is due only by the plateaus that are told. The
/// rules about one week look at [`weeks_looked_at`]: it is only by the training after it that a
/// deload is over.
pub fn all(history: &History, scope: &Scope) -> Vec<Pattern> {
    let mut found = volumes(history, scope);
    if scope.muscles.is_none() {
        found.extend(load_spike(history));
        found.extend(high_monotony(history));
        found.extend(lifts_and_deloads(history, scope));
        found.extend(push_pull_imbalance(history));
    }
    found
}

fn volumes(history: &History, scope: &Scope) -> Vec<Pattern> {
    let asked = |muscle: &Muscle| scope.muscles.as_ref().is_none_or(|only| only.contains(muscle));
    let muscles = || Muscle::ALL.into_iter().filter(asked);
    let in_week = |week| muscles().filter_map(move |m| volume_above_mrv(history, week, m));
    let weeks = weeks_looked_at(history, scope);
    let above = weeks.into_iter().flat_map(in_week);
    above.chain(muscles().filter_map(|muscle| volume_below_mev(history, muscle))).collect()
}

fn lifts_and_deloads(history: &History, scope: &Scope) -> Vec<Pattern> {
    let windows = history.lifts.keys().filter_map(|lift| LiftWindow::of(history, lift));
    let windows: Vec<_> = windows.collect();
    let resting = is_resting(history);
    let mut found: Vec<_> = windows.iter().filter_map(|window| of_lift(window, resting)).collect();
    let plateaus = found.iter().filter(|pattern| pattern.kind == PatternKind::Plateau).count();
    let mut weeks = weeks_looked_at(history, scope);
    weeks.extend(deload_taken::weeks_of_late(history));
    found.extend(weeks.into_iter().filter_map(|week| deload_taken(history, week)));
    found.extend(deload_due::with_windows(history, &windows, plateaus));
    found
}

/// The weeks at which the rules about one week look: those that changed and, where everything is
/// looked at, this one and the one before it.
pub fn weeks_looked_at(history: &History, scope: &Scope) -> BTreeSet<WeekStart> {
    let this_week = WeekStart::containing(history.today);
    let always = [this_week.previous(), this_week];
    let always = always.into_iter().filter(|_| scope.muscles.is_none());
    scope.weeks.iter().copied().chain(always).collect()
}

/// Whether a deload is so short ago that lifts are not judged.
pub fn is_resting(history: &History) -> bool {
    deload_taken::last_deload(history)
        .is_some_and(|deload| deload_taken::is_recent(history, deload))
}

/// The day and the one-rep maximum of a lift's last session, comparable with those before it. `None`
/// when the lift was left.
pub fn newest_maximum(history: &History, lift: &str) -> Option<(NaiveDate, Grams)> {
    let window = LiftWindow::of(history, lift)?;
    window.sessions.last().map(|session| (session.date, session.e1rm))
}

/// What there is to say of a lift.
fn of_lift(window: &LiftWindow, resting: bool) -> Option<Pattern> {
    let rises = progressive_overload::in_window(window);
    if resting {
        return rises;
    }
    rises.or_else(|| regression::in_window(window)).or_else(|| plateau::in_window(window))
}

/// Confidence as it is told: two digits say all that a formula of a rule of thumb can know.
fn rounded(confidence: f64) -> f64 {
    (confidence * 100.0).round() / 100.0
}

/// Evidence by name.
fn evidence<const N: usize>(numbers: [(&str, Value); N]) -> Map<String, Value> {
    numbers.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

#[cfg(test)]
mod tests {
    use super::histories::{Builder, history, week};
    use super::*;

    const TODAY: &str = "2026-11-16"; // A Monday.

    fn scope(mondays: &[&str]) -> Scope {
        let weeks =
            mondays.iter().map(|monday| WeekStart::containing(monday.parse().unwrap())).collect();
        Scope { weeks, muscles: None }
    }

    /// Without the muscles of which these histories say nothing.
    fn told(history: &History, scope: &Scope) -> Vec<String> {
        let found = all(history, scope).into_iter();
        let found = found.filter(|p| p.kind != PatternKind::VolumeBelowMev);
        found.map(|p| format!("{} {}", p.kind.as_str(), p.subject.as_str())).collect()
    }

    fn mondays(weeks: u32) -> impl Iterator<Item = WeekStart> {
        let today = WeekStart::containing(TODAY.parse().unwrap());
        (1..=weeks).map(move |back| today.weeks_before(back))
    }

    /// Two lifts that stand still, one that goes down, one that goes up, one session a week.
    fn four_lifts(h: &mut Builder) {
        for (n, monday) in (0_i32..).zip(mondays(6)) {
            let day = monday.to_string();
            let kg = |step: f64| 200.0 - step * f64::from(n);
            h.lift("barbell-bench-press", &[(&day, kg(0.0))]);
            h.lift("barbell-row", &[(&day, kg(0.0))]);
            h.lift("deadlift", &[(&day, kg(-2.0))]);
            h.lift("overhead-press", &[(&day, kg(2.0))]);
        }
    }

    fn hard_sets(h: &mut Builder, sets: &[f64]) {
        for (monday, sets) in mondays(16).zip(sets) {
            h.hard_sets(&monday.to_string(), *sets);
        }
    }

    #[test]
    fn of_a_lift_one_thing_is_said_and_two_plateaus_make_a_deload_due() {
        let history = history(TODAY, |h| {
            four_lifts(h);
            hard_sets(h, &[60.0; 6]);
        });
        let expected = [
            "plateau barbell-bench-press",
            "plateau barbell-row",
            "regression deadlift",
            "progressive_overload overhead-press",
            "deload_due training",
        ];
        assert_eq!(told(&history, &scope(&[TODAY])), expected);
    }

    #[test]
    fn a_recent_deload_silences_plateau_and_regression() {
        let weeks_ago = |ago: usize| {
            let mut sets = [60.0; 12];
            sets[ago - 1] = 30.0;
            let history = history(TODAY, |h| {
                four_lifts(h);
                hard_sets(h, &sets);
                h.day(TODAY, 1.0);
            });
            told(&history, &scope(&[TODAY]))
        };
        let rises = "progressive_overload overhead-press";
        assert_eq!(weeks_ago(1), [rises, "deload_taken training"]);
        assert_eq!(weeks_ago(2), [rises, "deload_taken training"]);
        let all = ["plateau barbell-bench-press", "plateau barbell-row", "regression deadlift"];
        // Its Sunday was 15 days ago.
        assert_eq!(weeks_ago(3), [&all[..], &[rises, "deload_taken training"]].concat());
    }

    #[test]
    fn a_deload_is_told_of_the_weeks_that_changed_and_of_the_last_eight() {
        let history = history(TODAY, |h| {
            let mut sets = [60.0; 13];
            for back in [1, 8, 9] {
                sets[back - 1] = 30.0;
            }
            hard_sets(h, &sets);
            h.day(TODAY, 1.0);
        });
        let deloads = |mondays: &[&str]| {
            let found = all(&history, &scope(mondays)).into_iter();
            let found = found.filter(|p| p.kind == PatternKind::DeloadTaken);
            found.map(|p| p.since.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(deloads(&[TODAY]), ["2026-09-21", "2026-11-09"]);
        let all = ["2026-09-14", "2026-09-21", "2026-11-09"];
        assert_eq!(deloads(&["2026-09-14", TODAY]), all);
    }

    #[test]
    fn asked_for_a_muscle_only_its_volume_is_looked_at() {
        let history = history(TODAY, |h| {
            four_lifts(h);
            let muscles = [(Muscle::Chest, 60), (Muscle::Back, 60)];
            h.week(week("2026-11-09", &muscles));
        });
        let muscles = Some(BTreeSet::from([Muscle::Chest]));
        let chest = Scope { muscles, ..scope(&["2026-11-09"]) };
        assert_eq!(told(&history, &chest), ["volume_above_mrv chest"]);
        assert_eq!(told(&history, &Scope { muscles: Some(BTreeSet::new()), ..chest }), [""; 0]);
    }
}
