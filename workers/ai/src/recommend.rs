//! Recommendations: from the patterns that are there to changes that a lifter can act on.
//!
//! Never over MRV, never more than a fifth more a week (ours). Where patterns contradict each
//! other, this order decides (ours):
//!
//! 1. rest before work: while a deload is due, nothing is raised;
//! 2. less before more: while the load has spiked, nothing is raised; a muscle or a lift that is to
//!    get less gets no more;
//! 3. what was too much in a week before the last asks for nothing;
//! 4. of two changes of one subject, the one with the lowest `recommendation_rank` in the policy table.

use crate::adjustment::{Action, Adjustment, Unit};
use crate::history::History;
use crate::rules::{Pattern, Subject};
use chrono::NaiveDate;
use serde::Serialize;
use serde_json::Value;
use shared_kernel::payload::PatternKind;
use std::collections::BTreeSet;
use storage::training_history::HistoryWeek;
use training::{Exercise, HalfSets, Volume, WeekStart};
use uuid::Uuid;

/// So many changes at once, at most (ours): more than that nobody makes, and of none of them it could
/// be told what it was good for.
const CHANGES_MAX: usize = 3;
/// More is at most a fifth more a week (ours).
const RAISE_MAX: f64 = 1.2;
/// Where there was nothing, one hard set a week is the beginning (ours).
const BEGINNING: f64 = 1.0;
/// So long a change is kept before it is judged (ours): the sessions that a trend needs.
const WEEKS_TO_JUDGE: u32 = 4;
/// What is left of the usual sets in a deload (ours): half, which is clearly within the 60 % by
/// which one is recognised.
const DELOAD_SHARE: f64 = 0.5;
/// What a spiked load is taken back to, against the weeks before: the upper end of the zone in
/// which load is raised with little risk (Gabbett 2016).
const SAFE_RATIO: f64 = 1.3;
/// Less than half is no training (ours).
const LIGHTEST_PERCENT: f64 = 50.0;
/// Percent of the usual weight for a lift that goes down (ours).
const LIGHTER_PERCENT: f64 = 90.0;
const WEEKS_LIGHTER: u32 = 2;

/// What to change because of a pattern.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Recommendation {
    /// The pattern.
    #[serde(rename = "id")]
    pub pattern_id: Uuid,
    /// Which pattern.
    pub pattern: PatternKind,
    /// What it is about: a muscle, a lift, or `training`.
    pub subject: String,
    /// What to change.
    pub adjustment: Adjustment,
    /// The day from which on it is too late; `None` is never.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<NaiveDate>,
}

/// What follows from all the patterns that are there, in order.
pub fn recommend(patterns: &[(Uuid, &Pattern)], history: &History) -> Vec<Recommendation> {
    let mut ordered: Vec<_> =
        patterns.iter().copied().filter(|(_, pattern)| is_timely(pattern, history)).collect();
    ordered.sort_by_key(|(id, pattern)| (pattern.kind.policy().recommendation_rank, *id));
    let is_there = |kind| ordered.iter().any(|(_, pattern)| pattern.kind == kind);
    let nothing_more = is_there(PatternKind::DeloadDue) || is_there(PatternKind::LoadSpike);
    let mut subjects = BTreeSet::new();
    let mut recommendations = Vec::new();
    for (pattern_id, pattern) in ordered {
        let Some(adjustment) = adjustment(pattern, history) else { continue };
        let is_contradicted = nothing_more && adjustment.action == Action::RaiseSets;
        if is_contradicted || !subjects.insert(adjustment.subject.clone()) {
            continue;
        }
        recommendations.push(Recommendation {
            pattern_id,
            pattern: pattern.kind,
            subject: pattern.subject.as_str().to_owned(),
            adjustment,
            until: until(pattern),
        });
    }
    recommendations.truncate(CHANGES_MAX);
    recommendations
}

/// Whether a pattern that is there asks for a change, now or at another time.
pub fn asks_for_change(pattern: &Pattern, history: &History) -> bool {
    adjustment(pattern, history).is_some()
}

/// What was too much in a week before the last is over: nobody can do less in it.
fn is_timely(pattern: &Pattern, history: &History) -> bool {
    until(pattern).is_none_or(|until| history.today < until)
}

fn until(pattern: &Pattern) -> Option<NaiveDate> {
    pattern.kind.lasts_one_week().then(|| pattern.since.next().next().date())
}

/// The change that a pattern asks for by itself; `None` where nothing is to change.
fn adjustment(pattern: &Pattern, history: &History) -> Option<Adjustment> {
    let number = |name: &str| pattern.evidence.get(name).and_then(Value::as_f64);
    let of = |action, from, to, unit, weeks| {
        Some(Adjustment { subject: pattern.subject.in_words(), action, from, to, unit, weeks })
    };
    match pattern.kind {
        PatternKind::VolumeAboveMrv => {
            let (sets, mrv) = (number("hard_sets"), number("mrv"));
            of(Action::CutSets, sets, mrv, Unit::HardSetsAWeek, 1)
        }
        PatternKind::VolumeBelowMev => {
            let (sets, mev) = (number("hard_sets")?, number("mev")?);
            of(Action::RaiseSets, Some(sets), Some(mev), Unit::HardSetsAWeek, weeks_up(sets, mev))
        }
        PatternKind::LoadSpike => {
            let (acute, chronic) = (number("last_7_days_kg")?, number("usual_7_days_kg")?);
            let percent = (SAFE_RATIO * chronic / acute * 100.0).floor().max(LIGHTEST_PERCENT);
            let (from, to) = (Some(100.0), Some(percent));
            percent.is_finite().then(|| of(Action::CutLoad, from, to, Unit::Percent, 1))?
        }
        PatternKind::Regression => {
            let (from, to) = (Some(100.0), Some(LIGHTER_PERCENT));
            of(Action::CutLoad, from, to, Unit::Percent, WEEKS_LIGHTER)
        }
        PatternKind::Plateau => more_for(&pattern.subject, history),
        PatternKind::DeloadDue => {
            let usual = usual_of(history, |volume| volume.hard_half_sets)?;
            let light = (usual * DELOAD_SHARE).floor();
            of(Action::Deload, Some(usual), Some(light), Unit::HardSetsAWeek, 1)
        }
        PatternKind::PushPullImbalance => {
            let (push, pull) = (number("push_hard_sets")?, number("pull_hard_sets")?);
            let weeks = number("weeks")?;
            let (less, more) = (push.min(pull) / weeks, push.max(pull) / weeks);
            let to = floor_to_half((less * RAISE_MAX).min(more));
            let side = if push < pull { "pushing" } else { "pulling" };
            (to.is_finite() && to > less).then(|| Adjustment {
                subject: side.to_owned(),
                action: Action::RaiseSets,
                from: Some(less),
                to: Some(to),
                unit: Unit::HardSetsAWeek,
                weeks: WEEKS_TO_JUDGE,
            })
        }
        PatternKind::HighMonotony | PatternKind::ProgressiveOverload | PatternKind::DeloadTaken => {
            None
        }
    }
}

/// How many weeks the way up takes, at a fifth more a week.
fn weeks_up(from: f64, to: f64) -> u32 {
    let steps = std::iter::successors(Some(from), |sets| {
        Some(if *sets < BEGINNING { BEGINNING } else { sets * RAISE_MAX })
    });
    let weeks = steps.take(53).take_while(|sets| *sets < to).count();
    u32::try_from(weeks).unwrap_or(u32::MAX)
}

/// A fifth more hard sets for the muscle that a lift is for, up to its MRV; a lift whose muscle has
/// all that it can recover from is taken lighter, and built up anew. `None` where it is not known what
/// the muscle gets: of an athlete's own lift, and after a week off.
fn more_for(subject: &Subject, history: &History) -> Option<Adjustment> {
    let Subject::Lift(lift) = subject else { return None };
    let muscle = *Exercise::find(lift)?.primary.first()?;
    let sets = usual_of(history, |volume| volume.half_sets_of(muscle))?;
    let mrv = history.landmarks.for_muscle(muscle).mrv.sets();
    let to = floor_to_half((sets * RAISE_MAX).min(mrv));
    let change = |subject, action, from, to, unit, weeks| {
        Some(Adjustment { subject, action, from: Some(from), to: Some(to), unit, weeks })
    };
    if to > sets {
        let (action, unit) = (Action::RaiseSets, Unit::HardSetsAWeek);
        return change(muscle.display_name(), action, sets, to, unit, WEEKS_TO_JUDGE);
    }
    let (action, unit) = (Action::CutLoad, Unit::Percent);
    change(subject.in_words(), action, 100.0, LIGHTER_PERCENT, unit, WEEKS_LIGHTER)
}

/// The median of hard sets in the last three weeks with training, the week of today left out.
fn usual_of(history: &History, half_sets: impl Fn(&Volume) -> HalfSets) -> Option<f64> {
    let this_week = WeekStart::containing(history.today);
    let trained = |week: &&HistoryWeek| week.week_start < this_week && week.volume.workouts > 0;
    let before = history.weeks.iter().rev().filter(trained);
    let mut sets: Vec<HalfSets> = before.take(3).map(|week| half_sets(&week.volume)).collect();
    sets.sort();
    sets.get(sets.len() / 2).map(|sets| sets.sets())
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

    /// The last complete week had so many half sets for the chest.
    fn history(chest: i64) -> History {
        let mut history = History::none("2026-11-25".parse().unwrap());
        history.weeks = vec![week("2026-11-16", &[(Muscle::Chest, chest)])];
        history
    }

    fn said(patterns: &[Pattern], history: &History) -> Vec<String> {
        let patterns: Vec<_> = (1..).map(Uuid::from_u128).zip(patterns).collect();
        let change = |r: Recommendation| {
            let Adjustment { subject, action, from, to, weeks, .. } = r.adjustment;
            let number = |n: Option<f64>| n.map(|n| n.to_string()).unwrap_or_default();
            format!("{subject} {action:?} {}-{} {weeks}w", number(from), number(to))
        };
        recommend(&patterns, history).into_iter().map(change).collect()
    }

    #[test]
    fn each_pattern_asks_for_its_change() {
        let check = |kind, subject, evidence, expected: &[&str]| {
            assert_eq!(said(&[pattern(kind, subject, evidence)], &history(20)), expected);
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
    fn nothing_goes_over_mrv_or_up_by_more_than_a_fifth() {
        let plateau = [pattern(PatternKind::Plateau, bench(), json!({}))];
        let check = |half_sets, expected: &str| {
            assert_eq!(said(&plateau, &history(half_sets)), [expected]);
        };
        check(42, "chest RaiseSets 21-24 4w");
        check(46, "chest RaiseSets 23-24 4w");
        // A muscle that has all it can recover from, or too little for a fifth of it to be half a
        // set: the lift itself is built up anew.
        check(48, "Barbell Bench Press CutLoad 100-90 2w");
        check(4, "Barbell Bench Press CutLoad 100-90 2w");
        check(5, "chest RaiseSets 2.5-3 4w");
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
            assert_eq!(said(&patterns, &history), expected);
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
