//! The rules that find patterns: each a pure function of the history, in a file of its own, with its
//! sources. [`find_patterns`] applies them all. docs/patterns.md describes them.
//!
//! Thresholds without a source are project defaults.

mod calendar;
pub mod comeback;
pub mod deload_due;
pub mod deload_taken;
pub mod high_monotony;
#[cfg(test)]
pub(crate) mod histories;
mod lift_window;
pub mod load_spike;
pub mod missed_weeks;
mod pattern;
pub mod plateau;
pub mod progressive_overload;
pub mod push_pull_imbalance;
pub mod regression;
pub mod repeated_load;
pub mod strength_block;
pub mod untrained_muscles;
pub mod volume_above_mrv;
pub mod volume_below_mev;

pub(crate) use calendar::is_missed;
pub use pattern::{Pattern, Subject};

use crate::history::History;
use chrono::NaiveDate;
use comeback::comeback;
use deload_due::deload_due;
use deload_taken::deload_taken;
use high_monotony::high_monotony;
use lift_window::LiftWindow;
use load_spike::load_spike;
use missed_weeks::missed_weeks;
use plateau::plateau;
use progressive_overload::progressive_overload;
use push_pull_imbalance::push_pull_imbalance;
use regression::regression;
use repeated_load::repeated_load;
use shared_kernel::payload::PatternKind;
use std::collections::BTreeSet;
use strength_block::strength_block;
use training::{Grams, Muscle, WeekStart};
use untrained_muscles::untrained_muscles;
use volume_above_mrv::volume_above_mrv;
use volume_below_mev::volume_below_mev;

/// The scope of an analysis.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// The weeks that changed: rules about one week apply to these.
    pub weeks: BTreeSet<WeekStart>,
    /// `Some` limits the analysis to these muscles and to the two rules about volume.
    pub muscles: Option<BTreeSet<Muscle>>,
}

/// Returns all current patterns, in the order of the rules.
///
/// Rules exclude each other:
/// - For 14 days after a deload, and in the four weeks after a break, there is no plateau, no regression and no
///   repeated load: lifts are lighter by design.
/// - A lift has at most one pattern: the first of progressive overload, regression, plateau and repeated load.
/// - `deload_due` counts only the plateaus that are returned.
///
/// Rules about one week apply to [`weeks_in_scope`].
pub fn find_patterns(history: &History, scope: &Scope) -> Vec<Pattern> {
    let mut found = volumes(history, scope);
    if scope.muscles.is_none() {
        found.extend(load_spike(history));
        found.extend(high_monotony(history));
        found.extend(lifts_and_deloads(history, scope));
        found.extend(push_pull_imbalance(history));
        found.extend(comeback(history));
        found.extend(missed_weeks(history));
        found.extend(strength_block(history));
        found.extend(untrained_muscles(history));
    }
    found
}

fn volumes(history: &History, scope: &Scope) -> Vec<Pattern> {
    let in_scope =
        |muscle: &Muscle| scope.muscles.as_ref().is_none_or(|only| only.contains(muscle));
    let muscles = || Muscle::ALL.into_iter().filter(in_scope);
    let in_week = |week| muscles().filter_map(move |m| volume_above_mrv(history, week, m));
    let weeks = weeks_in_scope(history, scope);
    let above = weeks.into_iter().flat_map(in_week);
    above.chain(muscles().filter_map(|muscle| volume_below_mev(history, muscle))).collect()
}

fn lifts_and_deloads(history: &History, scope: &Scope) -> Vec<Pattern> {
    let windows = history.lifts.keys().filter_map(|lift| LiftWindow::of(history, lift));
    let windows: Vec<_> = windows.collect();
    let is_after_deload = is_after_deload(history);
    let mut found: Vec<_> =
        windows.iter().filter_map(|window| lift_pattern(window, is_after_deload)).collect();
    let plateaus = found.iter().filter(|pattern| pattern.kind == PatternKind::Plateau).count();
    let mut weeks = weeks_in_scope(history, scope);
    weeks.extend(deload_taken::recent_weeks(history));
    found.extend(weeks.into_iter().filter_map(|week| deload_taken(history, week)));
    found.extend(deload_due(history, &windows, plateaus));
    found
}

/// Returns the weeks to which the rules about one week apply: those that changed and, unless the
/// scope is limited to some muscles, the current and the previous week.
pub fn weeks_in_scope(history: &History, scope: &Scope) -> BTreeSet<WeekStart> {
    let this_week = WeekStart::containing(history.today);
    let always = [this_week.previous(), this_week];
    let always = always.into_iter().filter(|_| scope.muscles.is_none());
    scope.weeks.iter().copied().chain(always).collect()
}

/// Whether the last deload ended at most 14 days ago, or a break at most four weeks ago, so that lifts are not
/// judged.
pub fn is_after_deload(history: &History) -> bool {
    let is_after_break = comeback::last_return(history).is_some();
    is_after_break
        || deload_taken::last_deload(history)
            .is_some_and(|deload| deload_taken::is_recent(history, deload))
}

/// Returns the day and the estimated one-rep maximum of a lift's last session, comparable with the
/// sessions before it. `None` when the lift is no longer trained.
pub fn newest_maximum(history: &History, lift: &str) -> Option<(NaiveDate, Grams)> {
    let window = LiftWindow::of(history, lift)?;
    window.sessions.last().map(|session| (session.date, session.e1rm))
}

fn lift_pattern(window: &LiftWindow, is_after_deload: bool) -> Option<Pattern> {
    let progress = progressive_overload(window);
    if is_after_deload {
        return progress;
    }
    progress
        .or_else(|| regression(window))
        .or_else(|| plateau(window))
        .or_else(|| repeated_load(window))
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

    /// The patterns found, without those about the number of sets and of repetitions: these histories have no
    /// muscles, and best sets of one repetition.
    fn found(history: &History, scope: &Scope) -> Vec<String> {
        let found = find_patterns(history, scope).into_iter();
        let found = found.filter(|p| {
            !matches!(
                p.kind,
                PatternKind::VolumeBelowMev
                    | PatternKind::UntrainedMuscles
                    | PatternKind::StrengthBlock
            )
        });
        found.map(|p| format!("{} {}", p.kind.as_str(), p.subject.as_str())).collect()
    }

    fn mondays(weeks: u32) -> impl Iterator<Item = WeekStart> {
        let today = WeekStart::containing(TODAY.parse().unwrap());
        (1..=weeks).map(move |back| today.weeks_before(back))
    }

    /// Two stalled lifts, one regressing and one progressing, with one session a week.
    fn four_lifts(h: &mut Builder) {
        for (n, monday) in (0_i32..).zip(mondays(6)) {
            let day = monday.to_string();
            let kg = |step: f64| 200.0 - step * f64::from(n);
            let attempt = f64::from(n % 2) / 10.0;
            h.lift("barbell-bench-press", &[(&day, 200.0 + attempt)]);
            h.lift("barbell-row", &[(&day, 200.0 + attempt)]);
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
    fn lift_has_one_pattern_and_two_plateaus_require_a_deload() {
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
        assert_eq!(found(&history, &scope(&[TODAY])), expected);
    }

    #[test]
    fn recent_deload_suppresses_plateau_and_regression() {
        let weeks_ago = |ago: usize| {
            let mut sets = [60.0; 12];
            sets[ago - 1] = 30.0;
            let history = history(TODAY, |h| {
                four_lifts(h);
                hard_sets(h, &sets);
                h.day(TODAY, 1.0);
            });
            found(&history, &scope(&[TODAY]))
        };
        let progress = "progressive_overload overhead-press";
        assert_eq!(weeks_ago(1), [progress, "deload_taken training"]);
        assert_eq!(weeks_ago(2), [progress, "deload_taken training"]);
        let all = ["plateau barbell-bench-press", "plateau barbell-row", "regression deadlift"];
        // The Sunday of the deload was 15 days ago.
        assert_eq!(weeks_ago(3), [&all[..], &[progress, "deload_taken training"]].concat());
    }

    #[test]
    fn deload_is_found_in_changed_weeks_and_the_last_eight() {
        let history = history(TODAY, |h| {
            let mut sets = [60.0; 13];
            for back in [1, 8, 9] {
                sets[back - 1] = 30.0;
            }
            hard_sets(h, &sets);
            h.day(TODAY, 1.0);
        });
        let deloads = |mondays: &[&str]| {
            let found = find_patterns(&history, &scope(mondays)).into_iter();
            let found = found.filter(|p| p.kind == PatternKind::DeloadTaken);
            found.map(|p| p.since.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(deloads(&[TODAY]), ["2026-09-21", "2026-11-09"]);
        let all = ["2026-09-14", "2026-09-21", "2026-11-09"];
        assert_eq!(deloads(&["2026-09-14", TODAY]), all);
    }

    #[test]
    fn scope_of_one_muscle_finds_only_its_volume_patterns() {
        let history = history(TODAY, |h| {
            four_lifts(h);
            let muscles = [(Muscle::Chest, 60), (Muscle::Back, 60)];
            h.week(week("2026-11-09", &muscles));
        });
        let muscles = Some(BTreeSet::from([Muscle::Chest]));
        let chest = Scope { muscles, ..scope(&["2026-11-09"]) };
        assert_eq!(found(&history, &chest), ["volume_above_mrv chest"]);
        assert_eq!(found(&history, &Scope { muscles: Some(BTreeSet::new()), ..chest }), [""; 0]);
    }
}
