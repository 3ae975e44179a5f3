//! An endpoint's deliveries: the log, a test, and retries.
//!
//! Each delivery is a due row and its own outbox. The event published after it only starts the
//! endpoint's queue in the webhook worker: the sweep resends a lost event, and a duplicate finds nothing
//! due.

use super::{fields, instant};
use crate::app::App;
use crate::call::Call;
use crate::cursor;
use crate::error::{ApiResult, bad_parameter};
use crate::input::{Errors, Fields, json_body};
use crate::publisher::SOURCE;
use contract::FieldCode;
use platform::clock::new_uuid;
use platform::http::{StatusCode, json, query};
use serde_json::{Map, Value, json};
use shared_kernel::payload::WebhookDeliveryRequested;
use shared_kernel::{Event, EventId, WebhookEventType};
use standard_webhooks::PayloadFormat;
use standard_webhooks::payload::{self, WebhookEvent};
use storage::KeyProof;
use storage::webhooks::deliveries::{
    self, Attempt, DeliveryQuery, DeliveryStatus, DeliverySummary, RetriedDeliveries, RetryRequest,
};
use storage::webhooks::fan_out::NewDelivery;
use storage::webhooks::{EndpointKey, delivery_id};
use uuid::Uuid;

/// GET /v1/webhooks/{id}/deliveries: newest event first.
pub async fn list(app: &App, call: &Call, key: &KeyProof, id: Uuid) -> ApiResult {
    let invalid =
        || bad_parameter("status", FieldCode::InvalidValue, "must be waiting, delivered or failed");
    let parse = |name: String| DeliveryStatus::parse(&name).ok_or_else(invalid);
    let status = query(&call.request, "status").map(parse).transpose()?;
    let limit = cursor::limit(&call.request)?;
    let page = DeliveryQuery { status, after: cursor::after(&call.request)?, limit: limit.0 + 1 };
    let rows = deliveries::list(app.database(key), key, id, &page).await?;
    let (rows, next_cursor) = cursor::page(rows, limit, |row| row.delivery_id)?;
    let items: Vec<_> = rows.iter().map(item).collect();
    Ok(json(StatusCode::OK, &json!({ "items": items, "next_cursor": next_cursor }))?)
}

/// `GET /v1/webhooks/{id}/deliveries/{delivery_id}`: one delivery with the signed body and the log of attempts.
pub async fn get(app: &App, key: &KeyProof, id: Uuid, delivery: Uuid) -> ApiResult {
    let stored = deliveries::get(app.database(key), key, id, delivery).await?;
    let with_response = |attempt: &Attempt| {
        let mut fields = entry(attempt);
        fields.insert("answer".to_owned(), json!(attempt.response_body));
        fields
    };
    let mut fields = item(&stored.summary);
    fields.insert("body".to_owned(), json!(stored.body));
    fields.insert(
        "attempts".to_owned(),
        stored.attempts.iter().map(with_response).collect::<Vec<_>>().into(),
    );
    Ok(json(StatusCode::OK, &fields)?)
}

/// POST /v1/webhooks/{id}/test: creates a test delivery.
///
/// 1. store it, due immediately (await). A retry is another test;
/// 2. publish (await) the request to deliver. After a crash before it the sweep does.
pub async fn test(app: &App, call: &Call, key: &KeyProof, id: Uuid) -> ApiResult {
    let now = app.clock.now();
    let event_id = EventId(new_uuid(&*app.clock, &*app.entropy));
    let data =
        json!({ "endpoint_id": id, "message": "A test, requested by the endpoint's owner." });
    let event_type = WebhookEventType::Test.as_str();
    let event = WebhookEvent { event_type, occurred_at: now, full: &data, thin: &data };
    let new = NewDelivery {
        key: EndpointKey { athlete_id: key.athlete_id, endpoint_id: id },
        delivery_id: delivery_id(event_id, now.timestamp_millis()),
        event_id,
        event_type: event_type.to_owned(),
        body: payload::build_body(&event, PayloadFormat::Full)?.text,
        traceparent: call.trace.to_string(),
    };
    deliveries::store(app.database(key), key, &new, now.timestamp_millis()).await?;
    request_delivery(app, call, new.key, event_id, "test").await;
    Ok(json(StatusCode::ACCEPTED, &json!({ "delivery_id": new.delivery_id }))?)
}

/// `POST /v1/webhooks/{id}/deliveries/{delivery_id}/retry`: makes a delivery due now, at the start of its
/// schedule, whether it is waiting, failed or delivered.
///
/// 1. make it due (await). A retry makes it due once more: a delivery between the two is repeated
///    under the same `webhook-id`;
/// 2. publish (await) the request to deliver. After a crash before it the sweep does.
pub async fn retry(app: &App, call: &Call, key: &KeyProof, id: Uuid, delivery: Uuid) -> ApiResult {
    let now_ms = app.clock.now_ms();
    let event_id = deliveries::retry(app.database(key), key, id, delivery, now_ms).await?;
    let endpoint = EndpointKey { athlete_id: key.athlete_id, endpoint_id: id };
    request_delivery(app, call, endpoint, event_id, "retry").await;
    Ok(json(StatusCode::ACCEPTED, &json!({ "delivery_id": delivery }))?)
}

/// POST /v1/webhooks/{id}/deliveries/retry: retries the deliveries stored since a time that failed or
/// wait for a retry that is not soon; a dry run only counts them.
///
/// 1. count them, and make them due (await). A retry finds none of them;
/// 2. publish (await) one request to deliver. After a crash before it the sweep does.
pub async fn retry_failed(app: &App, call: &Call, key: &KeyProof, id: Uuid) -> ApiResult {
    let (since_ms, dry_run) = parse_retry(&json_body(&call.request)?)?;
    let request = RetryRequest { since_ms, now_ms: app.clock.now_ms(), is_dry_run: dry_run };
    let RetriedDeliveries { matched, event_id } =
        deliveries::retry_all(app.database(key), key, id, request).await?;
    let retried = if dry_run { 0 } else { matched };
    if let (false, Some(event_id)) = (dry_run, event_id) {
        let endpoint = EndpointKey { athlete_id: key.athlete_id, endpoint_id: id };
        request_delivery(app, call, endpoint, event_id, "retry").await;
    }
    Ok(json(StatusCode::OK, &json!({ "matched": matched, "retried": retried }))?)
}

fn parse_retry(body: &Value) -> ApiResult<(i64, bool)> {
    let errors = Errors::default();
    let request = Fields::of(body, "", &["since", "dry_run"], &errors).and_then(|fields| {
        fields.require("since");
        let dry_run = fields.flag("dry_run").unwrap_or(false);
        fields.time("since").map(|since| (since.timestamp_millis(), dry_run))
    });
    errors.finish(request)
}

/// Publishes the request to run the endpoint's queue.
async fn request_delivery(
    app: &App,
    call: &Call,
    EndpointKey { athlete_id, endpoint_id }: EndpointKey,
    event_id: EventId,
    why: &str,
) {
    let data = WebhookDeliveryRequested { athlete_id, endpoint_id, event_id, attempt: 1 };
    let now = app.clock.now();
    let event = Event::webhook_delivery_requested(data, SOURCE, why, call.trace, now);
    app.publisher.publish_committed(&[event]).await;
}

fn item(row: &DeliverySummary) -> Map<String, Value> {
    let is_waiting = row.status == DeliveryStatus::Waiting;
    fields([
        ("id", json!(row.delivery_id)),
        ("event_id", json!(row.event_id)),
        ("event_type", json!(row.event_type)),
        ("status", json!(row.status.as_str())),
        ("created_at", json!(instant(row.created_at_ms))),
        ("attempt", json!(row.attempt)),
        ("next_attempt_at", json!(is_waiting.then(|| instant(row.due_at_ms)))),
        ("last", json!(row.last.as_ref().map(entry))),
    ])
}

fn entry(attempt: &Attempt) -> Map<String, Value> {
    fields([
        ("at", json!(instant(attempt.at_ms))),
        ("outcome", json!(attempt.outcome)),
        ("status", json!(attempt.status)),
        ("error", json!(attempt.error)),
        ("duration_ms", json!(attempt.duration_ms)),
    ])
}
