//! `ThresholdExceededEventHandler`: muscles crossed a landmark; those over MRV are analysed at once,
//! by the rules about volume alone.

use crate::analysis::{AnalysisEventHandler, Job};
use shared_kernel::payload::{Threshold, VolumeThresholdReached};
use std::collections::BTreeSet;
use training::Muscle;

/// Requires an analysis of the muscles over MRV. A muscle that reached its MEV requires none.
pub struct ThresholdExceededEventHandler;

impl AnalysisEventHandler<VolumeThresholdReached> for ThresholdExceededEventHandler {
    fn job(event: &VolumeThresholdReached) -> Option<Job> {
        let over_mrv: BTreeSet<Muscle> = event
            .crossings
            .iter()
            .filter(|crossing| match crossing.threshold {
                Threshold::MrvExceeded => true,
                Threshold::MevReached => false,
            })
            .map(|crossing| crossing.muscle)
            .collect();
        let (week_start, muscles) = (event.week_start, Some(over_mrv));
        let job = Job { week_start, muscles, report: false, is_quiet: false };
        job.muscles.as_ref().is_some_and(|muscles| !muscles.is_empty()).then_some(job)
    }
}
