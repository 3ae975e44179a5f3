//! The handlers of webhook, one file an event.

mod mail_fell_due;
mod notification;
mod pattern_detected;
mod webhook_delivery;

use crate::deliver::Inbox;
use crate::dispatch::Dispatcher;
use mail_fell_due::MailFellDueEventHandler;
use notification::NotificationEventHandler;
use pattern_detected::PatternDetectedEventHandler;
use platform::Registry;
use webhook_delivery::WebhookDeliveryEventHandler;

/// Every handler of this worker.
pub fn registry(inbox: Inbox, dispatcher: Dispatcher) -> Registry {
    Registry::default()
        .on(PatternDetectedEventHandler { inbox: inbox.clone() })
        .on(NotificationEventHandler { inbox: inbox.clone() })
        .on(MailFellDueEventHandler { inbox })
        .on(WebhookDeliveryEventHandler { dispatcher })
}

#[cfg(test)]
mod tests;
