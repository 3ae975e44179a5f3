//! `WebhookDeliveryEventHandler`: a delivery is due, and its endpoint's lane is woken.

use crate::dispatch::Dispatcher;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::Outcome;
use shared_kernel::payload::WebhookDeliveryRequested;
use std::collections::BTreeSet;
use storage::webhooks::EndpointKey;

/// Wakes the lanes of the batch. Its steps are those of [`Dispatcher::dispatch`].
///
/// What an event names is only what was due when it was sent. What is due is asked of the database:
/// a repeat, or an event of a lane that another holds, finds nothing and does nothing.
pub struct WebhookDeliveryEventHandler {
    /// Who makes the attempts.
    pub dispatcher: Dispatcher,
}

#[async_trait(?Send)]
impl EventHandler<WebhookDeliveryRequested> for WebhookDeliveryEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, WebhookDeliveryRequested>]) -> Vec<Outcome> {
        let endpoints: BTreeSet<_> = deliveries.iter().map(|delivery| key(delivery.data)).collect();
        let mut failed = None;
        for (_, endpoints) in self.dispatcher.shards.partition(endpoints.into_iter().collect()) {
            if let Err(error) = self.dispatcher.dispatch(&endpoints).await {
                failed = Some(Outcome::from(error));
            }
        }
        deliveries.iter().map(|_| failed.clone().unwrap_or(Outcome::Done)).collect()
    }
}

const fn key(data: &WebhookDeliveryRequested) -> EndpointKey {
    EndpointKey { athlete_id: data.athlete_id, endpoint_id: data.endpoint_id }
}
