//! `AggregationUpdatedEventHandler`: a week has another volume; let every rule look at its athlete.

use super::AnalysisEventHandler;
use crate::analysis::Ask;
use shared_kernel::payload::AggregationUpdated;

/// Asks every rule.
pub struct AggregationUpdatedEventHandler;

impl AnalysisEventHandler<AggregationUpdated> for AggregationUpdatedEventHandler {
    fn ask(event: &AggregationUpdated) -> Option<Ask> {
        Some(Ask { week_start: event.week_start, muscles: None, report: false })
    }
}
