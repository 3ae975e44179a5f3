//! The handlers of webhook, one file an event.
//!
//! `WebhookDeliveryRequested` travels here too but has no handler yet: there are no outgoing
//! endpoints, nothing publishes it, and one that came in would be a dead letter that says so.

mod notification;
mod pattern_detected;

use crate::deliver::Inbox;
use notification::NotificationEventHandler;
use pattern_detected::PatternDetectedEventHandler;
use platform::{Clock, Mailer, Registry};
use std::rc::Rc;
use storage::Shards;

/// Every handler of this worker.
pub fn registry(shards: Shards, mailer: Rc<dyn Mailer>, clock: Rc<dyn Clock>) -> Registry {
    let inbox = Inbox { shards, mailer, clock };
    Registry::default()
        .on(PatternDetectedEventHandler { inbox: inbox.clone() })
        .on(NotificationEventHandler { inbox })
}

#[cfg(test)]
mod tests;
