//! `AggregationUpdatedEventHandler`: a week has another volume; let every rule look at its athlete.

use crate::analysis::{Analysis, Request};
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::Outcome;
use shared_kernel::payload::AggregationUpdated;

/// Analyses the athletes of the batch, each once. Its steps are those of [`Analysis::run`].
pub struct AggregationUpdatedEventHandler {
    /// What it runs.
    pub analysis: Analysis,
}

#[async_trait(?Send)]
impl EventHandler<AggregationUpdated> for AggregationUpdatedEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, AggregationUpdated>]) -> Vec<Outcome> {
        let requests: Vec<_> = deliveries
            .iter()
            .map(|delivery| Request {
                cause: delivery.event,
                athlete_id: delivery.data.athlete_id,
                week_start: delivery.data.week_start,
                muscles: None,
            })
            .collect();
        self.analysis.run(&requests).await
    }
}
