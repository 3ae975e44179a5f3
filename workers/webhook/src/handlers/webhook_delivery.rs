//! `WebhookDeliveryEventHandler`: makes the due attempts of an endpoint.

use crate::dispatch::Dispatcher;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::Outcome;
use shared_kernel::payload::WebhookDeliveryRequested;
use std::collections::{BTreeMap, BTreeSet};
use storage::shards::index_of;
use storage::webhooks::EndpointKey;

/// Dispatches the batch's endpoints: see [`Dispatcher::dispatch`].
///
/// An event only names the endpoint; the database decides what is due. A repeated event, or one for
/// an endpoint that another run has leased, finds nothing and does nothing.
pub struct WebhookDeliveryEventHandler {
    pub dispatcher: Dispatcher,
}

#[async_trait(?Send)]
impl EventHandler<WebhookDeliveryRequested> for WebhookDeliveryEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, WebhookDeliveryRequested>]) -> Vec<Outcome> {
        let endpoints: BTreeSet<_> = deliveries.iter().map(|delivery| key(delivery.data)).collect();
        let endpoints: Vec<_> = endpoints.into_iter().collect();
        let failed = self.dispatcher.dispatch(&endpoints).await;
        let failed: BTreeMap<_, _> =
            failed.into_iter().map(|(index, error)| (index, Outcome::from(error))).collect();
        let outcome = |delivery: &Delivery<'_, WebhookDeliveryRequested>| {
            failed.get(&index_of(delivery.data.athlete_id)).cloned().unwrap_or(Outcome::Done)
        };
        deliveries.iter().map(outcome).collect()
    }
}

const fn key(data: &WebhookDeliveryRequested) -> EndpointKey {
    EndpointKey { athlete_id: data.athlete_id, endpoint_id: data.endpoint_id }
}
