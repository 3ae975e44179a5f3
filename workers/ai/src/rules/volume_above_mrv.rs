//! `volume_above_mrv`: a muscle got more hard sets in a week than its MRV, the maximum recoverable
//! volume.
//!
//! Trigger: the week's direct hard sets > MRV, which the published landmarks count. Confidence: min(1, 0.6 + 0.4·(sets − MRV)/(0.25·MRV)).
//! Source: the landmarks of `training::landmarks`.

use super::pattern::{Pattern, Subject, evidence, rounded};
use crate::history::History;
use serde_json::json;
use shared_kernel::payload::PatternKind;
use training::{Muscle, WeekStart};

/// Applies the rule to one muscle in one week.
pub fn volume_above_mrv(
    history: &History,
    week_start: WeekStart,
    muscle: Muscle,
) -> Option<Pattern> {
    let half_sets = history.week(week_start)?.volume.direct_sets_of(muscle);
    let limit = history.landmarks.for_muscle(muscle)?.mrv;
    if half_sets <= limit {
        return None;
    }
    let (sets, mrv) = (half_sets.sets(), limit.sets());
    // An athlete may set an MRV of 0: any set is then far over it.
    let over = if mrv > 0.0 { (sets - mrv) / (0.25 * mrv) } else { 1.0 };
    let confidence = (0.6 + 0.4 * over).min(1.0);
    Some(Pattern {
        kind: PatternKind::VolumeAboveMrv,
        subject: Subject::Muscle(muscle),
        since: week_start,
        confidence: rounded(confidence),
        evidence: evidence([
            ("week_start", json!(week_start)),
            ("hard_sets", json!(sets)),
            ("mrv", json!(mrv)),
            ("over", json!(sets - mrv)),
            ("landmarks", json!(history.landmarks.source_for(muscle))),
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::history;

    const MONDAY: &str = "2026-11-16";

    fn look(muscle: Muscle, half_sets: i64) -> Option<Pattern> {
        let history = history("2026-11-18", |h| h.muscles(MONDAY, &[(muscle, half_sets)]));
        volume_above_mrv(&history, WeekStart::containing(MONDAY.parse().unwrap()), muscle)
    }

    fn check(half_sets: i64, confidence: Option<f64>) {
        let found = look(Muscle::Chest, half_sets).map(|pattern| pattern.confidence);
        assert_eq!(found, confidence, "{half_sets} half sets of chest");
    }

    #[test]
    fn week_over_mrv_is_found_and_confidence_grows() {
        check(0, None);
        check(40, None);
        check(48, None);
        check(50, Some(0.67));
        check(54, Some(0.8));
        check(60, Some(1.0));
        check(80, Some(1.0));
    }

    #[test]
    fn evidence_has_the_numbers_of_the_rule() {
        let pattern = look(Muscle::FrontDelts, 30).unwrap();
        assert_eq!(
            serde_json::to_string(&pattern.evidence).unwrap(),
            r#"{"hard_sets":15.0,"landmarks":"rp-2025","mrv":12.0,"over":3.0,"week_start":"2026-11-16"}"#
        );
    }

    #[test]
    fn week_without_training_has_no_pattern() {
        let week = WeekStart::containing("2026-11-09".parse().unwrap());
        let history = history("2026-11-18", |h| h.muscles(MONDAY, &[(Muscle::Chest, 60)]));
        assert_eq!(volume_above_mrv(&history, week, Muscle::Chest), None);
    }

    #[test]
    fn mrv_of_0_is_not_divided_by() {
        let own =
            training::LandmarkOverride { mrv: Some(training::HalfSets(0)), ..Default::default() };
        let mut history = history("2026-11-18", |h| h.muscles(MONDAY, &[(Muscle::Chest, 2)]));
        history.landmarks.0.insert(Muscle::Chest, own);
        let week = WeekStart::containing(MONDAY.parse().unwrap());
        let found = volume_above_mrv(&history, week, Muscle::Chest).map(|p| p.confidence);
        assert_eq!(found, Some(1.0));
    }
}
