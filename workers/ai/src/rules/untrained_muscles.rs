//! `untrained_muscles`: muscles that the athlete never trains. It is announced once, as a question.
//!
//! Trigger: 8 weeks of training or more in the last 12 complete weeks, and at least one muscle with an MEV that had direct
//! hard sets in fewer than a quarter of them. Confidence 0.6. Such a muscle is not below its MEV
//! ([`super::volume_below_mev`]): leaving it out is a choice.

use super::calendar::last_complete_week;
use super::pattern::{Pattern, Subject, evidence};
use crate::history::History;
use serde_json::json;
use shared_kernel::payload::PatternKind;
use storage::training_history::HistoryWeek;
use training::{HalfSets, Muscle};

const WEEKS_MIN: usize = 8;
const WEEKS_MAX: u32 = 12;
const CONFIDENCE: f64 = 0.6;

/// Applies the rule.
pub fn untrained_muscles(history: &History) -> Option<Pattern> {
    let weeks = complete_weeks(history).count();
    let since = complete_weeks(history).next()?.week_start;
    let has_mev = |muscle: &Muscle| {
        history.landmarks.for_muscle(*muscle).is_some_and(|limits| limits.mev > HalfSets(0))
    };
    let untrained = Muscle::ALL.into_iter().filter(has_mev);
    let untrained: Vec<_> = untrained.filter(|muscle| !is_trained(history, *muscle)).collect();
    if weeks < WEEKS_MIN || untrained.is_empty() {
        return None;
    }
    Some(Pattern {
        kind: PatternKind::UntrainedMuscles,
        subject: Subject::Training,
        since,
        confidence: CONFIDENCE,
        evidence: evidence([("weeks", json!(weeks)), ("muscles", json!(untrained))]),
    })
}

/// Whether a muscle had direct hard sets in at least a quarter of those weeks. Before
/// [`WEEKS_MIN`] weeks each muscle counts as trained.
pub(super) fn is_trained(history: &History, muscle: Muscle) -> bool {
    let weeks = complete_weeks(history).count();
    let trained = complete_weeks(history)
        .filter(|week| week.volume.direct_sets_of(muscle) > HalfSets(0))
        .count();
    weeks < WEEKS_MIN || trained * 4 >= weeks
}

fn complete_weeks(history: &History) -> impl Iterator<Item = &HistoryWeek> {
    let last = last_complete_week(history);
    let first = last.weeks_before(WEEKS_MAX - 1);
    let is_recent = move |week: &&HistoryWeek| (first..=last).contains(&week.week_start);
    history.weeks.iter().filter(is_recent).filter(|week| week.volume.workouts > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::{day_after, history};

    fn found(weeks: u64, with_calves: u64) -> bool {
        let history = history("2026-11-25", |h| {
            for week in 0..weeks {
                let monday = day_after("2026-09-28", 7 * week);
                let all = Muscle::ALL.map(|muscle| (muscle, 20));
                let calves = i64::from(week < with_calves) * 2;
                let all = all.map(|(muscle, sets)| {
                    (muscle, if muscle == Muscle::Calves { calves } else { sets })
                });
                h.muscles(&monday, &all);
            }
        });
        untrained_muscles(&history).is_some_and(|p| p.evidence["muscles"] == json!(["calves"]))
    }

    #[test]
    fn muscle_without_sets_in_most_weeks_is_untrained() {
        assert!(found(8, 0));
        assert!(found(8, 1));
        assert!(!found(8, 2));
        assert!(!found(7, 0));
    }
}
