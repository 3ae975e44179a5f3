//! `ThresholdExceededEventHandler`: muscles crossed landmarks; look at those over MRV at once.

use crate::analysis::{Analysis, Request};
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::Outcome;
use shared_kernel::payload::{Threshold, VolumeThresholdReached};
use std::collections::BTreeSet;
use training::Muscle;

/// Analyses the muscles that exceeded MRV. Reaching MEV is good news that no rule waits for: such
/// an event alone costs nothing. The other steps are those of [`Analysis::run`].
pub struct ThresholdExceededEventHandler {
    /// What it runs.
    pub analysis: Analysis,
}

#[async_trait(?Send)]
impl EventHandler<VolumeThresholdReached> for ThresholdExceededEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, VolumeThresholdReached>]) -> Vec<Outcome> {
        let requests: Vec<_> = deliveries.iter().map(request).collect();
        let exceeded: Vec<_> = requests.iter().flatten().cloned().collect();
        let mut outcomes = self.analysis.run(&exceeded).await.into_iter();
        requests
            .iter()
            .map(|request| match request {
                Some(_) => outcomes
                    .next()
                    .unwrap_or_else(|| Outcome::transient("its analysis did not answer")),
                None => Outcome::Done,
            })
            .collect()
    }
}

fn request<'a>(delivery: &Delivery<'a, VolumeThresholdReached>) -> Option<Request<'a>> {
    let over_mrv: BTreeSet<Muscle> = delivery
        .data
        .crossings
        .iter()
        .filter(|crossing| match crossing.threshold {
            Threshold::MrvExceeded => true,
            Threshold::MevReached => false,
        })
        .map(|crossing| crossing.muscle)
        .collect();
    (!over_mrv.is_empty()).then_some(Request {
        cause: delivery.event,
        athlete_id: delivery.data.athlete_id,
        week_start: delivery.data.week_start,
        muscles: Some(over_mrv),
    })
}
