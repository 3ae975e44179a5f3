//! `AggregationUpdatedEventHandler`: the volume of a week changed; all rules apply to its athlete.

use crate::analysis::{AnalysisEventHandler, Job};
use shared_kernel::payload::AggregationUpdated;

/// Requires an analysis by all rules.
pub struct AggregationUpdatedEventHandler;

impl AnalysisEventHandler<AggregationUpdated> for AggregationUpdatedEventHandler {
    fn job(event: &AggregationUpdated) -> Option<Job> {
        let (week_start, is_quiet) = (event.week_start, event.quiet);
        Some(Job { week_start, muscles: None, report: false, is_quiet })
    }
}
