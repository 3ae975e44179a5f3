//! Recommendations: turns the current patterns into changes that an athlete can act on.
//!
//! No change exceeds the MRV of a muscle, or raises sets by more than a fifth a week. If patterns
//! contradict each other:
//!
//! 1. Rest before work: while a deload is due, nothing is raised.
//! 2. Less before more: while the load has spiked, and in the first weeks after a break, nothing is raised; a muscle or a lift that gets
//!    less does not get more.
//! 3. A pattern of a week before the last requires no change.
//! 4. Of two changes of one subject, the pattern with the lowest `recommendation_rank` of
//!    [`shared_kernel::policy`] wins.
//!
//! Numbers without a source are project defaults.

use crate::history::History;
use crate::rules::{self, Pattern, Subject};
use chrono::NaiveDate;
use serde_json::Value;
use shared_kernel::payload::PatternKind;
use shared_kernel::recommendation::{Action, Adjustment, Recommendation, Unit};
use std::collections::BTreeSet;
use storage::training_history::HistoryWeek;
use training::trend::median;
use training::{Exercise, HalfSets, Volume, WeekStart};
use uuid::Uuid;

/// With more changes at once, an athlete would not see which one had an effect.
const CHANGES_MAX: usize = 3;
/// The largest rise per week.
const RAISE_MAX: f64 = 1.2;
/// The hard sets of the first week of a muscle without any.
const FIRST_SETS: f64 = 1.0;
/// A trend needs the sessions of this time to show the effect of a change.
const WEEKS_TO_JUDGE: u32 = 4;
/// The share of the usual sets in a deload: clearly within the 60 % of the rule `deload_taken`.
const DELOAD_SHARE: f64 = 0.5;
/// The target of a spiked load as a multiple of the weeks before: the upper end of the zone of
/// little risk (Gabbett 2016).
const SAFE_RATIO: f64 = 1.3;
/// The lowest target of a spiked load: less than half is no training.
const LIGHTEST_PERCENT: f64 = 50.0;
/// The target of a regressing lift, in percent of its usual weight.
const LIGHTER_PERCENT: f64 = 90.0;
const WEEKS_LIGHTER: u32 = 2;

/// Returns the recommendations for all current patterns, most important first.
pub fn recommend(patterns: &[(Uuid, Pattern)], history: &History) -> Vec<Recommendation> {
    let mut ordered: Vec<_> =
        patterns.iter().filter(|(_, pattern)| is_timely(pattern, history)).collect();
    ordered.sort_by_key(|(id, pattern)| (pattern.kind.policy().recommendation_rank, *id));
    let has = |kind: PatternKind| ordered.iter().any(|(_, pattern)| pattern.kind == kind);
    let forbids_more = [PatternKind::DeloadDue, PatternKind::LoadSpike, PatternKind::Comeback]
        .into_iter()
        .any(has);
    let mut subjects = BTreeSet::new();
    let mut recommendations = Vec::new();
    for (pattern_id, pattern) in ordered {
        let Some(adjustment) = adjustment(pattern, history) else { continue };
        let is_contradicted = forbids_more && adjustment.action == Action::RaiseSets;
        if is_contradicted || !subjects.insert(adjustment.subject.clone()) {
            continue;
        }
        recommendations.push(Recommendation {
            pattern_id: *pattern_id,
            pattern: pattern.kind,
            subject: pattern.subject.as_str().to_owned(),
            adjustment,
            until: until(pattern),
        });
    }
    recommendations.truncate(CHANGES_MAX);
    recommendations
}

/// Whether a pattern requires a change, now or at another time.
pub fn requires_change(pattern: &Pattern, history: &History) -> bool {
    adjustment(pattern, history).is_some()
}

/// Whether the change of a pattern is not too late.
fn is_timely(pattern: &Pattern, history: &History) -> bool {
    until(pattern).is_none_or(|until| history.today < until)
}

/// A pattern of one week can be acted on in the week after it.
fn until(pattern: &Pattern) -> Option<NaiveDate> {
    pattern.kind.lasts_one_week().then(|| pattern.since.next().next().date())
}

/// Returns the change that a pattern requires by itself; `None` if it requires none.
fn adjustment(pattern: &Pattern, history: &History) -> Option<Adjustment> {
    let number = |name: &str| pattern.evidence.get(name).and_then(Value::as_f64);
    let change = |action, from, to, unit, weeks| {
        Some(Adjustment { subject: pattern.subject.display_name(), action, from, to, unit, weeks })
    };
    match pattern.kind {
        PatternKind::VolumeAboveMrv => {
            let (sets, mrv) = (number("hard_sets"), number("mrv"));
            change(Action::CutSets, sets, mrv, Unit::HardSetsAWeek, 1)
        }
        PatternKind::VolumeBelowMev => {
            let (sets, mev) = (number("hard_sets")?, number("mev")?);
            let weeks = weeks_up(sets, mev);
            change(Action::RaiseSets, Some(sets), Some(mev), Unit::HardSetsAWeek, weeks)
        }
        PatternKind::LoadSpike => {
            let sets = number("week_hard_sets").zip(number("usual_hard_sets"));
            let load = || number("last_7_days_kg").zip(number("usual_7_days_kg"));
            let (acute, chronic) = sets.or_else(load)?;
            let percent = (SAFE_RATIO * chronic / acute * 100.0).floor().max(LIGHTEST_PERCENT);
            let (from, to) = (Some(100.0), Some(percent));
            percent.is_finite().then(|| change(Action::CutLoad, from, to, Unit::Percent, 1))?
        }
        PatternKind::Regression => {
            let (from, to) = (Some(100.0), Some(LIGHTER_PERCENT));
            change(Action::CutLoad, from, to, Unit::Percent, WEEKS_LIGHTER)
        }
        PatternKind::Plateau => plateau_adjustment(&pattern.subject, history),
        PatternKind::DeloadDue => {
            let usual = usual_of(history, |volume| volume.hard_half_sets)?;
            let light = (usual * DELOAD_SHARE).floor();
            change(Action::Deload, Some(usual), Some(light), Unit::HardSetsAWeek, 1)
        }
        PatternKind::PushPullImbalance => {
            let (push, pull) = (number("push_hard_sets")?, number("pull_hard_sets")?);
            let weeks = number("weeks")?;
            let (less, more) = (push.min(pull) / weeks, push.max(pull) / weeks);
            let to = floor_to_half((less * RAISE_MAX).min(more));
            let side = if push < pull { "pushing" } else { "pulling" };
            let (action, unit) = (Action::RaiseSets, Unit::HardSetsAWeek);
            change(action, Some(less), Some(to), unit, WEEKS_TO_JUDGE)
                .filter(|_| to.is_finite() && to > less)
                .map(|change| Adjustment { subject: side.to_owned(), ..change })
        }
        PatternKind::Comeback => {
            let (usual, target) = (number("usual_hard_sets")?, number("target_hard_sets")?);
            change(Action::CutSets, Some(usual), Some(target), Unit::HardSetsAWeek, 1)
        }
        PatternKind::HighMonotony
        | PatternKind::ProgressiveOverload
        | PatternKind::DeloadTaken
        | PatternKind::MissedWeeks
        | PatternKind::RepeatedLoad
        | PatternKind::StrengthBlock
        | PatternKind::UntrainedMuscles => None,
    }
}

/// Returns the weeks until a rise of a fifth a week reaches `to`.
fn weeks_up(from: f64, to: f64) -> u32 {
    let steps = std::iter::successors(Some(from), |sets| {
        Some(if *sets < FIRST_SETS { FIRST_SETS } else { sets * RAISE_MAX })
    });
    let weeks = steps.take(53).take_while(|sets| *sets < to).count();
    u32::try_from(weeks).unwrap_or(u32::MAX)
}

/// Returns a rise by a fifth of the hard sets of the lift's first muscle, up to its MRV. If the muscle
/// is already there, the lift restarts lighter. `None` if the volume of the muscle is unknown: for an
/// athlete's own lift, and after a week off.
fn plateau_adjustment(subject: &Subject, history: &History) -> Option<Adjustment> {
    let Subject::Lift(lift) = subject else { return None };
    let muscle = Exercise::find(lift)?.primary.iter().next()?;
    let sets = usual_of(history, |volume| volume.direct_sets_of(muscle))?;
    let mrv = history.landmarks.for_muscle(muscle)?.mrv.sets();
    let to = floor_to_half((sets * RAISE_MAX).min(mrv));
    let change = |subject, action, from, to, unit, weeks| {
        Some(Adjustment { subject, action, from: Some(from), to: Some(to), unit, weeks })
    };
    if to > sets {
        let (action, unit) = (Action::RaiseSets, Unit::HardSetsAWeek);
        return change(muscle.display_name(), action, sets, to, unit, WEEKS_TO_JUDGE);
    }
    let (action, unit) = (Action::CutLoad, Unit::Percent);
    change(subject.display_name(), action, 100.0, LIGHTER_PERCENT, unit, WEEKS_LIGHTER)
}

/// Returns the median of the last three full weeks before the current one, or the mean of two.
fn usual_of(history: &History, half_sets: impl Fn(&Volume) -> HalfSets) -> Option<f64> {
    let this_week = WeekStart::containing(history.today);
    let is_full = |week: &HistoryWeek| {
        week.volume.workouts > 0 && !rules::is_missed(history, week.week_start)
    };
    let trained = |week: &&HistoryWeek| week.week_start < this_week && is_full(week);
    let before = history.weeks.iter().rev().filter(trained);
    median(before.take(3).map(|week| half_sets(&week.volume).sets()).collect())
}

fn floor_to_half(sets: f64) -> f64 {
    (sets * 2.0).floor() / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::week;
    use serde_json::json;
    use training::Muscle;

    fn pattern(kind: PatternKind, subject: Subject, evidence: Value) -> Pattern {
        let Value::Object(evidence) = evidence else { unreachable!() };
        let since = WeekStart::containing("2026-11-16".parse().unwrap());
        Pattern { kind, subject, since, confidence: 0.7, evidence }
    }

    fn bench() -> Subject {
        Subject::Lift("barbell-bench-press".to_owned())
    }

    /// A history whose last complete week has `chest` half sets for the chest.
    fn history(chest: i64) -> History {
        let mut history = History::none("2026-11-25".parse().unwrap());
        history.weeks = vec![week("2026-11-16", &[(Muscle::Chest, chest)])];
        history
    }

    fn recommended(patterns: &[Pattern], history: &History) -> Vec<String> {
        let patterns: Vec<_> = (1..).map(Uuid::from_u128).zip(patterns.iter().cloned()).collect();
        let change = |r: Recommendation| {
            let Adjustment { subject, action, from, to, weeks, .. } = r.adjustment;
            let number = |n: Option<f64>| n.map(|n| n.to_string()).unwrap_or_default();
            format!("{subject} {action:?} {}-{} {weeks}w", number(from), number(to))
        };
        recommend(&patterns, history).into_iter().map(change).collect()
    }

    #[test]
    fn each_pattern_recommends_its_change() {
        let check = |kind, subject, evidence, expected: &[&str]| {
            assert_eq!(recommended(&[pattern(kind, subject, evidence)], &history(20)), expected);
        };
        let chest = || Subject::Muscle(Muscle::Chest);
        let above = json!({ "hard_sets": 30.0, "mrv": 24.0 });
        check(PatternKind::VolumeAboveMrv, chest(), above, &["chest CutSets 30-24 1w"]);
        let below = |sets: f64| json!({ "hard_sets": sets, "mev": 4.0 });
        check(PatternKind::VolumeBelowMev, chest(), below(3.5), &["chest RaiseSets 3.5-4 1w"]);
        check(PatternKind::VolumeBelowMev, chest(), below(2.5), &["chest RaiseSets 2.5-4 3w"]);
        check(PatternKind::VolumeBelowMev, chest(), below(0.0), &["chest RaiseSets 0-4 9w"]);
        let spike = json!({ "last_7_days_kg": 2000.0, "usual_7_days_kg": 1000.0 });
        let expected = ["training CutLoad 100-65 1w"];
        check(PatternKind::LoadSpike, Subject::Training, spike, &expected);
        let none = || json!({});
        check(PatternKind::LoadSpike, Subject::Training, none(), &[]);
        let expected = ["Barbell Bench Press CutLoad 100-90 2w"];
        check(PatternKind::Regression, bench(), none(), &expected);
        check(PatternKind::Plateau, bench(), none(), &["chest RaiseSets 10-12 4w"]);
        check(PatternKind::HighMonotony, Subject::Training, none(), &[]);
        let expected = ["pulling RaiseSets 5-6 4w"];
        let imbalance = json!({ "push_hard_sets": 40.0, "pull_hard_sets": 20.0, "weeks": 4 });
        check(PatternKind::PushPullImbalance, Subject::Training, imbalance, &expected);
    }

    #[test]
    fn usual_sets_are_the_median_of_three_weeks() {
        let check = |weeks: &[(&str, i64)], expected: Option<f64>| {
            let mut history = history(0);
            history.weeks =
                weeks.iter().map(|(start, sets)| week(start, &[(Muscle::Chest, *sets)])).collect();
            let usual = usual_of(&history, |volume| volume.direct_sets_of(Muscle::Chest));
            assert_eq!(usual, expected, "{weeks:?}");
        };
        check(&[], None);
        check(&[("2026-11-16", 14)], Some(7.0));
        check(&[("2026-11-09", 20), ("2026-11-16", 14)], Some(8.5));
        check(&[("2026-11-02", 30), ("2026-11-09", 20), ("2026-11-16", 14)], Some(10.0));
        check(&[("2026-11-16", 14), ("2026-11-23", 40)], Some(7.0));
    }

    #[test]
    fn sets_rise_by_a_fifth_at_most_up_to_mrv() {
        let plateau = [pattern(PatternKind::Plateau, bench(), json!({}))];
        let check = |half_sets, expected: &str| {
            assert_eq!(recommended(&plateau, &history(half_sets)), [expected]);
        };
        check(42, "chest RaiseSets 21-24 4w");
        check(46, "chest RaiseSets 23-24 4w");
        // The muscle is at its MRV, or a fifth of its sets is less than half a set: the lift restarts
        // lighter.
        check(48, "Barbell Bench Press CutLoad 100-90 2w");
        check(4, "Barbell Bench Press CutLoad 100-90 2w");
        check(6, "chest RaiseSets 3-3.5 4w");
    }

    #[test]
    fn rest_comes_before_work_and_less_before_more() {
        let chest = || Subject::Muscle(Muscle::Chest);
        let due = pattern(PatternKind::DeloadDue, Subject::Training, json!({}));
        let spike = json!({ "last_7_days_kg": 2000.0, "usual_7_days_kg": 1000.0 });
        let spike = pattern(PatternKind::LoadSpike, Subject::Training, spike);
        let plateau = pattern(PatternKind::Plateau, bench(), json!({}));
        let below = json!({ "hard_sets": 2.5, "mev": 4.0 });
        let below = pattern(PatternKind::VolumeBelowMev, chest(), below);
        let above = json!({ "hard_sets": 30.0, "mrv": 24.0 });
        let above = pattern(PatternKind::VolumeAboveMrv, chest(), above);
        let mut history = history(20);
        history.weeks[0].volume.hard_half_sets = HalfSets::whole(81);
        let check = |patterns: &[&Pattern], expected: &[&str]| {
            let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).clone()).collect();
            assert_eq!(recommended(&patterns, &history), expected);
        };
        check(&[&plateau, &due], &["training Deload 81-40 1w"]);
        check(&[&below, &due], &["training Deload 81-40 1w"]);
        check(&[&plateau, &spike], &["training CutLoad 100-65 1w"]);
        check(&[&spike, &due], &["training Deload 81-40 1w"]);
        check(&[&plateau, &above], &["chest CutSets 30-24 1w"]);
        let all = ["back", "biceps", "calves", "quads"].map(|muscle| {
            let muscle = serde_json::from_value(json!(muscle)).unwrap();
            Pattern { subject: Subject::Muscle(muscle), ..below.clone() }
        });
        let first = ["back RaiseSets 2.5-4 3w", "biceps RaiseSets 2.5-4 3w"];
        check(&all.each_ref(), &[first[0], first[1], "calves RaiseSets 2.5-4 3w"]);
        let late = Pattern { since: above.since.previous(), ..above.clone() };
        check(&[&late], &[]);
        let both = ["chest CutSets 30-24 1w", "training Deload 81-40 1w"];
        check(&[&above, &due], &[both[1], both[0]]);
    }
}
