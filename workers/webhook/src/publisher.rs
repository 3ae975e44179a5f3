//! `WebhookEventPublisher`: the events that this worker publishes.

use crate::endpoint::Endpoint;
use chrono::{DateTime, Utc};
use platform::Publisher;
use shared_kernel::notification_details::{DisabledEndpointDetails, DisabledReason, to_fields};
use shared_kernel::payload::NotificationRequested;
use shared_kernel::{Event, EventId, NotificationKind, TraceContext};
use storage::webhooks::EndpointKey;

/// The source of the events of webhook.
pub const SOURCE: &str = "/bulktrack/webhook";

/// Publishes due deliveries and disabled endpoints.
#[derive(Clone)]
pub struct WebhookEventPublisher {
    publisher: Publisher,
}

impl WebhookEventPublisher {
    /// Creates a publisher.
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Publishes events, which are delivered after `delay_s` seconds. Logs an error: the sweep
    /// publishes what is still due.
    pub async fn publish_after(&self, delay_s: u32, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        if let Err(error) = self.publisher.publish_after(delay_s, events).await {
            tracing::warn!(worker = "webhook", %error, "not published; the sweep will");
        }
    }
}

/// Requests a notification that an endpoint is disabled. The event's id depends on the endpoint and
/// its generation, so a repeat is the same event.
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
        title: format!("Webhooks to {origin} are disabled"),
        body: format!(
            "{} Bulktrack sends no more webhooks to {origin}. When the receiver works, enable the \
             endpoint and resend the failed deliveries.",
            sentence(reason)
        ),
        date: None,
        data: to_fields(&DisabledEndpointDetails { endpoint_id, reason }),
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

/// Returns a sentence for the endpoint's owner.
const fn sentence(reason: DisabledReason) -> &'static str {
    match reason {
        DisabledReason::Gone => "The receiver responded 410 Gone.",
        DisabledReason::Failing => "Every delivery has failed for five days.",
        DisabledReason::Forbidden => "Its URL is not allowed for webhooks.",
    }
}
