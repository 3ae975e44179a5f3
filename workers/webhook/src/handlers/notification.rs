//! `NotificationEventHandler`: delivers a notification that another worker requested.

use crate::notification::Notification;
use crate::notifier::Notifier;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::payload::NotificationRequested;
use shared_kernel::{NotificationKind, Outcome};

/// The longest part of an unknown kind that an error quotes.
const KIND_CHARS_MAX: usize = 40;

/// Delivers the notifications of the batch: see [`Notifier::deliver`].
pub struct NotificationEventHandler {
    pub notifier: Notifier,
}

#[async_trait(?Send)]
impl EventHandler<NotificationRequested> for NotificationEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, NotificationRequested>]) -> Vec<Outcome> {
        let notifications: Vec<_> = deliveries.iter().map(notification).collect();
        let valid: Vec<_> = notifications.iter().flatten().cloned().collect();
        let mut delivered = self.notifier.deliver(&valid).await.into_iter();
        let mut next = || delivered.next().unwrap_or_else(|| Outcome::transient("not delivered"));
        notifications.into_iter().map(|valid| valid.map_or_else(|e| e, |_| next())).collect()
    }
}

/// Fails for an unknown kind.
fn notification<'a>(
    delivery: &Delivery<'a, NotificationRequested>,
) -> Result<Notification<'a>, Outcome> {
    let requested = delivery.data;
    let unknown = || {
        let kind: String = requested.kind.chars().take(KIND_CHARS_MAX).collect();
        Outcome::permanent(format!("unknown notification kind {kind:?}"))
    };
    Ok(Notification {
        event: delivery.event,
        athlete_id: requested.athlete_id,
        kind: NotificationKind::parse(&requested.kind).ok_or_else(unknown)?,
        title: requested.title.clone(),
        body: requested.body.clone(),
        data: requested.data.clone(),
        confidence: None,
    })
}
