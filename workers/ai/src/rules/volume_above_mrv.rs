//! `volume_above_mrv`: a muscle got more hard sets in a week than it can recover from.
//!
//! Trigger: the week's hard sets > MRV. Confidence: min(1, 0.6 + 0.4·(sets − MRV)/(0.25·MRV)).
//! Source: the project's own rule (ours) over the landmarks of `training::landmarks`.

use super::{Pattern, Subject, evidence, rounded};
use serde_json::json;
use shared_kernel::payload::PatternKind;
use storage::volume::HistoryWeek;
use training::Muscle;
use training::landmarks::OwnLandmarks;

/// Looks at one muscle in one week.
pub fn volume_above_mrv(
    week: &HistoryWeek,
    muscle: Muscle,
    landmarks: &OwnLandmarks,
) -> Option<Pattern> {
    let half_sets = week.volume.half_sets_of(muscle);
    let limit = landmarks.of(muscle).mrv;
    if half_sets <= limit {
        return None;
    }
    let (sets, mrv) = (half_sets.sets(), limit.sets());
    // An athlete may set an MRV of 0: whatever is over it is all over it.
    let over = if mrv > 0.0 { (sets - mrv) / (0.25 * mrv) } else { 1.0 };
    let confidence = (0.6 + 0.4 * over).min(1.0);
    Some(Pattern {
        kind: PatternKind::VolumeAboveMrv,
        subject: Subject::Muscle(muscle),
        since: week.week_start,
        confidence: rounded(confidence),
        evidence: evidence([
            ("week_start", json!(week.week_start)),
            ("hard_sets", json!(sets)),
            ("mrv", json!(mrv)),
            ("over", json!(sets - mrv)),
            ("landmarks", json!(landmarks.source_of(muscle))),
        ]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::week;

    fn check(half_sets: i64, confidence: Option<f64>) {
        let week = week("2026-11-16", &[(Muscle::Chest, half_sets)]);
        let found = volume_above_mrv(&week, Muscle::Chest, &OwnLandmarks::default())
            .map(|pattern| pattern.confidence);
        assert_eq!(found, confidence, "{half_sets} half sets of chest");
    }

    #[test]
    fn a_week_over_24_hard_sets_of_chest_is_found_and_the_surer_the_more_it_is() {
        check(0, None);
        check(40, None);
        check(48, None);
        check(49, Some(0.63));
        check(50, Some(0.67));
        check(54, Some(0.8));
        check(60, Some(1.0));
        check(80, Some(1.0));
    }

    #[test]
    fn the_evidence_has_the_numbers_it_saw() {
        let week = week("2026-11-16", &[(Muscle::FrontDelts, 30)]);
        let pattern =
            volume_above_mrv(&week, Muscle::FrontDelts, &OwnLandmarks::default()).unwrap();
        assert_eq!(
            serde_json::to_string(&pattern.evidence).unwrap(),
            r#"{"hard_sets":15.0,"landmarks":"rp-2025","mrv":12.0,"over":3.0,"week_start":"2026-11-16"}"#
        );
    }
}
