//! `ThresholdExceededEventHandler`: muscles crossed a landmark; what is over MRV is looked at at
//! once, by the rules about muscles alone.

use super::AnalysisEventHandler;
use crate::analysis::Ask;
use shared_kernel::payload::{Threshold, VolumeThresholdReached};
use std::collections::BTreeSet;
use training::Muscle;

/// Asks the rules about muscles that are over MRV. That MEV is reached is no pattern.
pub struct ThresholdExceededEventHandler;

impl AnalysisEventHandler<VolumeThresholdReached> for ThresholdExceededEventHandler {
    fn ask(event: &VolumeThresholdReached) -> Option<Ask> {
        let over_mrv: BTreeSet<Muscle> = event
            .crossings
            .iter()
            .filter(|crossing| match crossing.threshold {
                Threshold::MrvExceeded => true,
                Threshold::MevReached => false,
            })
            .map(|crossing| crossing.muscle)
            .collect();
        let ask = Ask { week_start: event.week_start, muscles: Some(over_mrv), report: false };
        ask.muscles.as_ref().is_some_and(|muscles| !muscles.is_empty()).then_some(ask)
    }
}
