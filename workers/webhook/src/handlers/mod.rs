//! The handlers of webhook, one file an event.
//!
//! `WebhookDeliveryRequested` travels here too but has no handler yet: there are no outgoing
//! endpoints, nothing publishes it, and one that came in would be a dead letter that says so.

mod mail_fell_due;
mod notification;
mod pattern_detected;

use crate::deliver::Inbox;
use mail_fell_due::MailFellDueEventHandler;
use notification::NotificationEventHandler;
use pattern_detected::PatternDetectedEventHandler;
use platform::Registry;

/// Every handler of this worker.
pub fn registry(inbox: Inbox) -> Registry {
    Registry::default()
        .on(PatternDetectedEventHandler { inbox: inbox.clone() })
        .on(NotificationEventHandler { inbox: inbox.clone() })
        .on(MailFellDueEventHandler { inbox })
}

#[cfg(test)]
mod tests;
