//! `NotificationEventHandler`: delivers a notification, or the email that confirms an address, as another
//! worker requested.

use crate::notification::{Confirmation, Notification, Requested};
use crate::notifier::Notifier;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::payload::NotificationRequested;
use shared_kernel::{EmailKind, Outcome};

/// The longest part of an unknown kind that an error quotes.
const KIND_CHARS_MAX: usize = 40;

/// Delivers the notifications of the batch: see [`Notifier::deliver`].
pub struct NotificationEventHandler {
    pub notifier: Notifier,
}

#[async_trait(?Send)]
impl EventHandler<NotificationRequested> for NotificationEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, NotificationRequested>]) -> Vec<Outcome> {
        let requests: Vec<_> = deliveries.iter().map(requested).collect();
        let valid: Vec<_> = requests.iter().flatten().cloned().collect();
        let mut delivered = self.notifier.deliver(&valid).await.into_iter();
        let mut next = || delivered.next().unwrap_or_else(|| Outcome::transient("not delivered"));
        requests.into_iter().map(|valid| valid.map_or_else(|e| e, |_| next())).collect()
    }
}

/// Fails for an unknown kind.
fn requested<'a>(delivery: &Delivery<'a, NotificationRequested>) -> Result<Requested<'a>, Outcome> {
    let (event, requested) = (delivery.event, delivery.data);
    let athlete_id = requested.athlete_id;
    let unknown = || {
        let kind: String = requested.kind.chars().take(KIND_CHARS_MAX).collect();
        Outcome::permanent(format!("unknown notification kind {kind:?}"))
    };
    Ok(match EmailKind::parse(&requested.kind).ok_or_else(unknown)? {
        EmailKind::Confirmation => Requested::Confirmation(Confirmation { event, athlete_id }),
        EmailKind::Notification(kind) => Requested::Notification(Notification {
            event,
            athlete_id,
            kind,
            title: requested.title.clone(),
            body: requested.body.clone(),
            data: requested.data.clone(),
            confidence: None,
        }),
    })
}
