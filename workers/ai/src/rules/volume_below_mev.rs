//! `volume_below_mev`: a muscle got fewer hard sets than its MEV, the minimum effective volume, in
//! two or more consecutive complete weeks.
//!
//! Trigger: hard sets < MEV in each of the last 2 complete weeks, indirect ones counted half. A muscle that gets
//! its work from other lifts needs no warning, although the published landmarks count direct sets. Confidence: 0.6 + 0.1 for each
//! further week, at most 0.9. Source: the landmarks of `training::landmarks`.
//!
//! - A deload is light by design: its week neither counts nor ends the row. The same holds for a week in
//!   which the athlete missed workouts.
//! - In the first weeks after a break the volume is low by design.
//! - A muscle that the athlete does not train is one of [`super::untrained_muscles`], and a block of heavy sets
//!   ([`super::strength_block`]) is not judged by its number of sets.
//! - A week without any training ends the row: the athlete is on a break.

use super::calendar::{is_missed, last_complete_week};
use super::comeback::last_return;
use super::deload_taken::deload_taken;
use super::pattern::{Pattern, Subject, evidence, rounded};
use super::strength_block::strength_block;
use super::untrained_muscles::is_trained;
use crate::history::History;
use serde_json::json;
use shared_kernel::payload::PatternKind;
use storage::training_history::HistoryWeek;
use training::{HalfSets, Muscle};

const WEEKS_MIN: usize = 2;
/// The history goes back little further.
const WEEKS_MAX: usize = 12;
const CONFIDENCE_MAX: f64 = 0.9;

/// Applies the rule to one muscle.
pub fn volume_below_mev(history: &History, muscle: Muscle) -> Option<Pattern> {
    let limit = history.landmarks.for_muscle(muscle)?.mev;
    let is_judged = is_trained(history, muscle)
        && last_return(history).is_none()
        && strength_block(history).is_none();
    if !is_judged {
        return None;
    }
    let row = weeks_below(history, muscle, limit);
    let since = row.last().filter(|_| row.len() >= WEEKS_MIN)?.week_start;
    let latest = row.first()?;
    let further = u32::try_from(row.len() - WEEKS_MIN).unwrap_or(u32::MAX);
    let confidence = (0.6 + 0.1 * f64::from(further)).min(CONFIDENCE_MAX);
    Some(Pattern {
        kind: PatternKind::VolumeBelowMev,
        subject: Subject::Muscle(muscle),
        since,
        confidence: rounded(confidence),
        evidence: evidence([
            ("weeks", json!(row.len())),
            ("since", json!(since)),
            ("hard_sets", json!(latest.volume.half_sets_of(muscle).sets())),
            ("direct_sets", json!(latest.volume.direct_sets_of(muscle).sets())),
            ("mev", json!(limit.sets())),
            ("landmarks", json!(history.landmarks.source_for(muscle))),
        ]),
    })
}

/// Returns the consecutive complete weeks below the limit, latest first.
fn weeks_below(history: &History, muscle: Muscle, limit: HalfSets) -> Vec<&HistoryWeek> {
    let last_complete = last_complete_week(history);
    let mut expected = last_complete;
    let mut row = Vec::new();
    for week in history.weeks.iter().rev().skip_while(|week| week.week_start > last_complete) {
        let trained = week.volume.workouts > 0;
        let below = week.volume.half_sets_of(muscle) < limit;
        let is_light = || is_missed(history, expected) || deload_taken(history, expected).is_some();
        if week.week_start == expected && trained && is_light() {
            expected = expected.previous();
            continue;
        }
        if week.week_start != expected || !trained || !below || row.len() == WEEKS_MAX {
            break;
        }
        row.push(week);
        expected = expected.previous();
    }
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::week;
    use training::Volume;
    use training::WeekStart;

    const TODAY: &str = "2026-11-25"; // A Wednesday: the week of the 16th is the last complete one.

    fn look(weeks: &[HistoryWeek], muscle: Muscle, today: &str) -> Option<Pattern> {
        let history = History { weeks: weeks.to_vec(), ..History::none(today.parse().unwrap()) };
        volume_below_mev(&history, muscle)
    }

    fn check(weeks: &[HistoryWeek], expected: Option<(usize, f64)>) {
        let found = look(weeks, Muscle::Chest, TODAY).map(|p| {
            (usize::try_from(p.evidence["weeks"].as_u64().unwrap()).unwrap(), p.confidence)
        });
        assert_eq!(found, expected, "{weeks:?}");
    }

    fn chest(monday: &str, half_sets: i64) -> HistoryWeek {
        week(monday, &[(Muscle::Chest, half_sets), (Muscle::Quads, 20)])
    }

    #[test]
    fn two_complete_weeks_below_mev_are_a_pattern() {
        check(&[], None);
        check(&[chest("2026-11-16", 7)], None);
        check(&[chest("2026-11-09", 7), chest("2026-11-16", 7)], Some((2, 0.6)));
        check(&[chest("2026-11-09", 7), chest("2026-11-16", 8)], None);
        check(&[chest("2026-11-09", 8), chest("2026-11-16", 7)], None);
        check(&[chest("2026-11-09", 0), chest("2026-11-16", 0)], Some((2, 0.6)));
    }

    #[test]
    fn current_week_is_ignored() {
        check(&[chest("2026-11-16", 7), chest("2026-11-23", 0)], None);
        let three = [chest("2026-11-09", 7), chest("2026-11-16", 7), chest("2026-11-23", 40)];
        check(&three, Some((2, 0.6)));
    }

    #[test]
    fn week_is_complete_two_days_after_its_sunday() {
        let history = [chest("2026-11-09", 7), chest("2026-11-16", 7)];
        let found = |today: &str| look(&history, Muscle::Chest, today).is_some();
        assert!(!found("2026-11-23") && !found("2026-11-24") && found("2026-11-25"));
    }

    #[test]
    fn confidence_grows_with_the_weeks_and_ends_at_0_9() {
        let mondays = ["10-12", "10-19", "10-26", "11-02", "11-09", "11-16"];
        let weeks: Vec<_> = mondays.iter().map(|day| chest(&format!("2026-{day}"), 1)).collect();
        check(&weeks[3..], Some((3, 0.7)));
        check(&weeks[1..], Some((5, 0.9)));
        check(&weeks, Some((6, 0.9)));
    }

    #[test]
    fn week_without_training_ends_the_row() {
        let rest = HistoryWeek { volume: Volume::default(), ..chest("2026-11-16", 0) };
        check(&[chest("2026-11-02", 7), chest("2026-11-09", 7), rest], None);
        check(&[chest("2026-11-02", 7), chest("2026-11-16", 7)], None);
    }

    #[test]
    fn deload_neither_counts_nor_ends_the_row() {
        let mondays = ["10-19", "10-26", "11-02", "11-09", "11-16"];
        let look = |chest_half_sets: [i64; 5], hard_sets: [i64; 5]| {
            let weeks = mondays.iter().zip(chest_half_sets).zip(hard_sets);
            let weeks: Vec<_> = weeks
                .map(|((day, half_sets), hard_sets)| {
                    let mut week = chest(&format!("2026-{day}"), half_sets);
                    week.volume.hard_half_sets = HalfSets::whole(hard_sets);
                    week
                })
                .collect();
            look(&weeks, Muscle::Chest, TODAY)
                .map(|p| (p.evidence["weeks"].as_u64().unwrap(), p.since.to_string()))
        };
        // Below MEV in the deload and in the week after it: only one week counts.
        assert_eq!(look([20, 20, 20, 7, 7], [50, 50, 50, 25, 50]), None);
        let since = |monday: &str| Some((2, monday.to_owned()));
        assert_eq!(look([20, 20, 20, 7, 7], [50, 50, 50, 50, 50]), since("2026-11-09"));
        assert_eq!(look([20, 20, 7, 7, 7], [50, 50, 50, 25, 50]), since("2026-11-02"));
    }

    #[test]
    fn at_most_twelve_weeks_are_counted() {
        let today = TODAY.parse().unwrap();
        let weeks: Vec<_> = (1..=16)
            .rev()
            .map(|back| chest(&WeekStart::containing(today).weeks_before(back).to_string(), 7))
            .collect();
        check(&weeks, Some((12, 0.9)));
    }

    #[test]
    fn muscle_without_mev_is_never_below_it() {
        let history = [chest("2026-11-09", 7), chest("2026-11-16", 7)];
        assert_eq!(look(&history, Muscle::Abs, TODAY), None);
    }
}
