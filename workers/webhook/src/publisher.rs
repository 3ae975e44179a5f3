//! `WebhookEventPublisher`: what webhook tells the others, which is itself.

use crate::attempt::Endpoint;
use chrono::{DateTime, Utc};
use platform::Publisher;
use platform::publisher::PublishError;
use serde_json::{Map, json};
use shared_kernel::payload::{NotificationRequested, WebhookDeliveryRequested};
use shared_kernel::{Event, EventId, NotificationKind, TraceContext};
use storage::webhooks::EndpointKey;
use storage::webhooks::deliveries::Overdue;

const SOURCE: &str = "/bulktrack/webhook";

/// Publishes deliveries that are due, and what became of endpoints.
#[derive(Clone)]
pub struct WebhookEventPublisher {
    publisher: Publisher,
}

impl WebhookEventPublisher {
    /// Publishes through this publisher.
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Publishes events that are delivered `delay_s` seconds later.
    pub async fn publish_after(&self, delay_s: u32, events: &[Event]) -> Result<(), PublishError> {
        self.publisher.publish_after(delay_s, events).await
    }
}

/// An endpoint has a delivery that is due: a function of the delivery, of its next attempt, and of why
/// its lane is woken.
pub fn webhook_delivery_requested(
    due: &Overdue,
    why: &str,
    trace: TraceContext,
    now: DateTime<Utc>,
) -> Event {
    let EndpointKey { athlete_id, endpoint_id } = due.key;
    let (event_id, attempt) = (due.event_id, due.attempt + 1);
    WebhookDeliveryRequested { athlete_id, endpoint_id, event_id, attempt }
        .event(SOURCE, why, trace, now)
}

/// An endpoint is disabled, and its athlete is to know. Its id names the endpoint and how often its
/// owner has enabled or moved it: a repeat is the same event, and the next time is another.
pub fn webhook_disabled(
    endpoint: &Endpoint,
    reason: DisabledReason,
    event_id: EventId,
    trace: TraceContext,
    now: DateTime<Utc>,
) -> Event {
    let EndpointKey { athlete_id, endpoint_id } = endpoint.key;
    let origin = endpoint.origin();
    let kind = NotificationKind::WebhookDisabled.as_str();
    let parts = [endpoint_id.to_string(), endpoint.generation.to_string()];
    let id = EventId::derived(&["NotificationRequested", kind, &parts[0], &parts[1]]);
    let requested = NotificationRequested {
        athlete_id,
        kind: kind.to_owned(),
        title: format!("Webhooks to {origin} are switched off"),
        body: format!(
            "{} Nothing more is sent to {origin}. When it works again, enable the endpoint and have \
             the failed deliveries sent once more.",
            reason.words()
        ),
        date: None,
        data: Map::from_iter([
            ("endpoint_id".to_owned(), json!(endpoint_id)),
            ("reason".to_owned(), json!(reason.as_str())),
        ]),
    };
    Event {
        id,
        source: SOURCE.to_owned(),
        subject: format!("webhooks/{endpoint_id}"),
        time: now,
        trace: trace.in_span_of(id),
        correlation_id: event_id.to_string(),
        causation_id: Some(event_id),
        data: requested.into(),
    }
}

/// Why an endpoint was disabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// It said so.
    Gone,
    /// Nothing arrived for days.
    Failing,
    /// It points where webhooks must not go.
    Forbidden,
}

impl DisabledReason {
    /// The word for it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
            Self::Forbidden => "forbidden",
        }
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Gone => "The receiver answered that it is gone (410).",
            Self::Failing => "Every delivery has failed for five days.",
            Self::Forbidden => "Its address is one to which webhooks must not go.",
        }
    }
}
