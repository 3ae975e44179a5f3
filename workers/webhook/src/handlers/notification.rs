//! `NotificationEventHandler`: somebody is to be told something; it becomes a row in the inbox.

use crate::deliver::{Inbox, News};
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::Outcome;
use shared_kernel::payload::NotificationRequested;

/// Tells the athletes of the batch. Its steps are those of [`Inbox::deliver`].
pub struct NotificationEventHandler {
    /// What it delivers to.
    pub inbox: Inbox,
}

#[async_trait(?Send)]
impl EventHandler<NotificationRequested> for NotificationEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, NotificationRequested>]) -> Vec<Outcome> {
        let news: Vec<_> = deliveries
            .iter()
            .map(|delivery| News {
                event: delivery.event,
                athlete_id: delivery.data.athlete_id,
                attempt: delivery.attempt,
                kind: delivery.data.kind.clone(),
                title: delivery.data.title.clone(),
                body: delivery.data.body.clone(),
                data: delivery.data.data.clone(),
                confidence: None,
            })
            .collect();
        self.inbox.deliver(&news).await
    }
}
