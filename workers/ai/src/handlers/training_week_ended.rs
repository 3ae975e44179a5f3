//! `TrainingWeekEndedEventHandler`: a week ended; its athlete gets the weekly report.

use crate::analysis::{AnalysisEventHandler, Job};
use shared_kernel::payload::TrainingWeekEnded;

/// Requires an analysis by all rules, and the report of the week.
pub struct TrainingWeekEndedEventHandler;

impl AnalysisEventHandler<TrainingWeekEnded> for TrainingWeekEndedEventHandler {
    fn job(event: &TrainingWeekEnded) -> Option<Job> {
        let week_start = event.week_start;
        Some(Job { week_start, muscles: None, report: true, is_quiet: false })
    }
}
