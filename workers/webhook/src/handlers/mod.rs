//! The event handlers, one file per event.

mod mail_fell_due;
mod notification;
mod pattern_detected;
mod webhook_delivery;
mod workout_changed;

use crate::dispatch::Dispatcher;
use crate::notifier::Notifier;
use mail_fell_due::MailFellDueEventHandler;
use notification::NotificationEventHandler;
use pattern_detected::PatternDetectedEventHandler;
use platform::Registry;
use webhook_delivery::WebhookDeliveryEventHandler;
use workout_changed::WorkoutChangedEventHandler;

/// Returns the registry of all handlers of this worker.
pub fn registry(notifier: Notifier, dispatcher: Dispatcher) -> Registry {
    Registry::default()
        .on(PatternDetectedEventHandler { notifier: notifier.clone() })
        .on(NotificationEventHandler { notifier: notifier.clone() })
        .on(WorkoutChangedEventHandler { notifier: notifier.clone() })
        .on(MailFellDueEventHandler { notifier })
        .on(WebhookDeliveryEventHandler { dispatcher })
}

#[cfg(test)]
mod tests;
