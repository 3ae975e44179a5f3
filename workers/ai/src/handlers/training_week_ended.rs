//! `TrainingWeekEndedEventHandler`: a week is over; its athlete gets a report of it.

use super::AnalysisEventHandler;
use crate::analysis::Ask;
use shared_kernel::payload::TrainingWeekEnded;

/// Asks every rule, and for the report of the week.
pub struct TrainingWeekEndedEventHandler;

impl AnalysisEventHandler<TrainingWeekEnded> for TrainingWeekEndedEventHandler {
    fn ask(event: &TrainingWeekEnded) -> Option<Ask> {
        Some(Ask { week_start: event.week_start, muscles: None, report: true })
    }
}
