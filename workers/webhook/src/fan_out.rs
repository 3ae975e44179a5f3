//! Decides which endpoints get a notification, and builds their payloads. No I/O.

use crate::notification::Notification;
use serde_json::{Map, Value, json};
use standard_webhooks::payload::{PayloadError, WebhookEvent};
use standard_webhooks::{PayloadFormat, payload};
use storage::webhooks::delivery_id;
use storage::webhooks::fan_out::{NewDelivery, Target};

/// Returns a delivery for each endpoint that subscribes to the notification's type. The same
/// notification gives the same deliveries, byte for byte.
pub fn deliveries(
    notification: &Notification<'_>,
    targets: &[Target],
) -> Result<Vec<NewDelivery>, PayloadError> {
    let event_type = notification.kind.policy().webhook_type.as_str();
    let subscribes = |target: &&Target| {
        target.key.athlete_id == notification.athlete_id
            && (target.event_types.is_empty()
                || target.event_types.iter().any(|subscribed| subscribed == event_type))
    };
    targets.iter().filter(subscribes).map(|target| delivery(notification, target)).collect()
}

fn delivery(notification: &Notification<'_>, target: &Target) -> Result<NewDelivery, PayloadError> {
    let event = notification.event;
    let webhook_event = WebhookEvent {
        event_type: notification.kind.policy().webhook_type.as_str(),
        occurred_at: event.time,
        full: &full(notification),
        thin: &Value::Object(thin(notification)),
    };
    let form = PayloadFormat::parse(&target.form).unwrap_or(PayloadFormat::Full);
    Ok(NewDelivery {
        key: target.key,
        delivery_id: delivery_id(event.id, event.time.timestamp_millis()),
        event_id: event.id,
        event_type: webhook_event.event_type.to_owned(),
        body: payload::build_body(&webhook_event, form)?.text,
        traceparent: event.trace.to_string(),
    })
}

/// Returns the payload of an endpoint that reads the rest from the api.
fn thin(notification: &Notification<'_>) -> Map<String, Value> {
    Map::from_iter([
        ("athlete_id".to_owned(), json!(notification.athlete_id)),
        ("notification_id".to_owned(), json!(notification.event.id)),
        ("kind".to_owned(), json!(notification.kind.as_str())),
        ("resource".to_owned(), json!(resource(notification))),
    ])
}

fn full(notification: &Notification<'_>) -> Value {
    let mut full = thin(notification);
    full.insert("title".to_owned(), json!(notification.title));
    full.insert("body".to_owned(), json!(notification.body));
    full.insert("details".to_owned(), json!(notification.data));
    Value::Object(full)
}

/// Returns the path of the api that has more about a notification.
fn resource(notification: &Notification<'_>) -> String {
    let path = notification.kind.policy().resource;
    let Some((prefix, name)) = path.split_once('{') else { return path.to_owned() };
    let value = notification.data.get(name.trim_end_matches('}')).and_then(Value::as_str);
    format!("{prefix}{}", value.unwrap_or_default())
}

#[cfg(test)]
mod tests;
