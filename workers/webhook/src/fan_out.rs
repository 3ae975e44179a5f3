//! From a piece of news to its outgoing deliveries: which endpoints take it, and what each is sent.
//! Decisions only.

use crate::deliver::News;
use serde_json::{Map, Value, json};
use standard_webhooks::payload::{PayloadError, WebhookEvent};
use standard_webhooks::{PayloadFormat, payload};
use storage::webhooks::delivery_id;
use storage::webhooks::fan_out::{NewDelivery, Target};

/// The deliveries of a piece of news, one for each endpoint that takes its type. The same news gives
/// the same deliveries, byte for byte.
pub fn deliveries(news: &News<'_>, targets: &[Target]) -> Result<Vec<NewDelivery>, PayloadError> {
    let event_type = news.kind.policy().webhook_type;
    let takes = |target: &&Target| {
        target.key.athlete_id == news.athlete_id
            && (target.event_types.is_empty()
                || target.event_types.iter().any(|taken| taken == event_type))
    };
    targets.iter().filter(takes).map(|target| delivery(news, target)).collect()
}

fn delivery(news: &News<'_>, target: &Target) -> Result<NewDelivery, PayloadError> {
    let event = news.event;
    let webhook_event = WebhookEvent {
        event_type: news.kind.policy().webhook_type,
        occurred_at: event.time,
        full: &full(news),
        thin: &Value::Object(thin(news)),
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

/// Enough to ask for the rest.
fn thin(news: &News<'_>) -> Map<String, Value> {
    Map::from_iter([
        ("athlete_id".to_owned(), json!(news.athlete_id)),
        ("notification_id".to_owned(), json!(news.event.id)),
        ("kind".to_owned(), json!(news.kind.as_str())),
        ("resource".to_owned(), json!(resource(news))),
    ])
}

fn full(news: &News<'_>) -> Value {
    let mut full = thin(news);
    full.insert("title".to_owned(), json!(news.title));
    full.insert("body".to_owned(), json!(news.body));
    full.insert("details".to_owned(), json!(news.data));
    Value::Object(full)
}

/// The path of the API with more about the notification.
fn resource(news: &News<'_>) -> String {
    let path = news.kind.policy().resource;
    let Some((prefix, name)) = path.split_once('{') else { return path.to_owned() };
    let value = news.data.get(name.trim_end_matches('}')).and_then(Value::as_str);
    format!("{prefix}{}", value.unwrap_or_default())
}

#[cfg(test)]
mod tests;
