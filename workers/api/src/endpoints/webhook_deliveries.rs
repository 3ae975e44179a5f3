//! An endpoint's deliveries: the log, a test, and retries.
//!
//! Each delivery is a due row and its own outbox. The event published after it only starts the
//! endpoint's queue in the webhook worker: the sweep resends a lost event, and a duplicate finds nothing
//! due.

use crate::call::AthleteCall;
use crate::cursor;
use crate::error::ApiResult;
use crate::extract::{Json, Path, Query};
use crate::publisher::SOURCE;
use crate::reply::{Accepted, Reply};
use contract::webhook_payloads::Payload;
use contract::webhooks::{
    Attempt, Delivery, DeliveryDetail, DeliveryFilter, DeliveryStatus, DueDelivery, LoggedAttempt,
    RetriedDeliveries, RetryDeliveries,
};
use contract::{Instant, Page};
use platform::clock::new_uuid;
use shared_kernel::payload::WebhookDeliveryRequested;
use shared_kernel::{Event, EventId};
use storage::Rejection;
use storage::webhooks::deliveries::{self, DeliveryQuery, DeliverySummary, RetryRequest};
use storage::webhooks::fan_out::{Message, Target};
use storage::webhooks::{EndpointKey, webhook_id};
use uuid::Uuid;

/// `GET /v1/webhooks/{id}/deliveries`: newest event first.
pub async fn list(
    call: AthleteCall,
    (Path(id), Query(filter)): (Path<Uuid>, Query<DeliveryFilter>),
) -> ApiResult<Reply<Page<Delivery>>> {
    let DeliveryFilter { status, cursor, limit } = filter;
    let after = cursor::decode(cursor.as_deref())?;
    let query = DeliveryQuery { status: status.map(to_stored), after, limit: limit.0 };
    let page = deliveries::list(call.database(), &call.key, id, &query).await?;
    let (rows, next_cursor) = cursor::page(page, |row| row.delivery_id)?;
    let items = rows.iter().map(|row| to_model(id, row)).collect();
    Ok(Reply::new(Page { items, next_cursor }))
}

/// `GET /v1/webhooks/{id}/deliveries/{delivery_id}`: one delivery with the signed body and the log of attempts.
pub async fn get(
    call: AthleteCall,
    Path((id, delivery)): Path<(Uuid, Uuid)>,
) -> ApiResult<Reply<DeliveryDetail>> {
    let stored = deliveries::get(call.database(), &call.key, id, delivery).await?;
    let logged = |stored: &deliveries::Attempt| LoggedAttempt {
        attempt: attempt(stored),
        response_body: stored.response_body.clone(),
    };
    Ok(Reply::new(DeliveryDetail {
        delivery: to_model(id, &stored.summary),
        body: stored.body,
        attempts: stored.attempts.iter().map(logged).collect(),
    }))
}

/// POST /v1/webhooks/{id}/test: creates a test delivery.
///
/// 1. store it, due immediately (await). A retry is another test;
/// 2. publish (await) the request to deliver. After a crash before it the sweep does.
pub async fn test(call: AthleteCall, Path(id): Path<Uuid>) -> ApiResult<Accepted<DueDelivery>> {
    let now = call.app.clock.now();
    let payload = Payload::of_test(id)?;
    let endpoint = EndpointKey { athlete_id: call.key.athlete_id, endpoint_id: id };
    let message = Message {
        athlete_id: endpoint.athlete_id,
        event_id: EventId(new_uuid(&*call.app.clock, &*call.app.entropy)),
        event_type: payload.event_type,
        occurred_at: now,
        trace: call.trace,
        full: &payload.full,
        thin: &payload.thin,
    };
    let new = message.deliveries(&[Target::of_all_types(endpoint)])?;
    let new = new.first().ok_or(Rejection::NotFound)?;
    deliveries::store(call.database(), &call.key, new, now.timestamp_millis()).await?;
    request_delivery(&call, id, new.event_id, "test").await;
    Ok(Accepted::new(DueDelivery { delivery_id: new.delivery_id }))
}

/// `POST /v1/webhooks/{id}/deliveries/{delivery_id}/retry`: makes a delivery due now, at the start of its
/// schedule, whether it is waiting, failed or delivered.
///
/// 1. make it due (await). A retry makes it due once more: a delivery between the two is repeated
///    under the same `webhook-id`;
/// 2. publish (await) the request to deliver. After a crash before it the sweep does.
pub async fn retry(
    call: AthleteCall,
    Path((id, delivery_id)): Path<(Uuid, Uuid)>,
) -> ApiResult<Accepted<DueDelivery>> {
    let now_ms = call.app.clock.now_ms();
    let event_id = deliveries::retry(call.database(), &call.key, id, delivery_id, now_ms).await?;
    request_delivery(&call, id, event_id, "retry").await;
    Ok(Accepted::new(DueDelivery { delivery_id }))
}

/// POST /v1/webhooks/{id}/deliveries/retry: retries the deliveries stored since a time that failed or
/// wait for a retry that is not soon; a dry run only counts them.
///
/// 1. count them, and make them due (await). A retry finds none of them;
/// 2. publish (await) one request to deliver. After a crash before it the sweep does.
pub async fn retry_all(
    call: AthleteCall,
    (Path(id), Json(request)): (Path<Uuid>, Json<RetryDeliveries>),
) -> ApiResult<Reply<RetriedDeliveries>> {
    let RetryDeliveries { since, dry_run } = request;
    let request = RetryRequest {
        since_ms: since.at.timestamp_millis(),
        now_ms: call.app.clock.now_ms(),
        is_dry_run: dry_run,
    };
    let found = deliveries::retry_all(call.database(), &call.key, id, request).await?;
    if let (false, Some(event_id)) = (dry_run, found.event_id) {
        request_delivery(&call, id, event_id, "retry").await;
    }
    let retried = if dry_run { 0 } else { found.matched };
    Ok(Reply::new(RetriedDeliveries { matched: found.matched, retried }))
}

/// Publishes the request to run the endpoint's queue.
pub async fn request_delivery(
    call: &AthleteCall,
    endpoint_id: Uuid,
    event_id: EventId,
    reason: &str,
) {
    let athlete_id = call.key.athlete_id;
    let data = WebhookDeliveryRequested { athlete_id, endpoint_id, event_id, attempt: 1 };
    let now = call.app.clock.now();
    let event = Event::webhook_delivery_requested(data, SOURCE, reason, call.trace, now);
    call.app.publisher.publish_committed(&[event]).await;
}

fn to_model(endpoint_id: Uuid, row: &DeliverySummary) -> Delivery {
    let status = to_status(row.status);
    let is_waiting = status == DeliveryStatus::Waiting;
    Delivery {
        id: row.delivery_id,
        webhook_id: webhook_id(endpoint_id, row.event_id),
        event_id: row.event_id,
        event_type: row.event_type,
        status,
        created_at: Instant(row.created_at_ms),
        attempt: row.attempt,
        next_attempt_at: is_waiting.then_some(Instant(row.due_at_ms)),
        last: row.last.as_ref().map(attempt),
    }
}

const fn to_status(status: deliveries::DeliveryStatus) -> DeliveryStatus {
    match status {
        deliveries::DeliveryStatus::Waiting => DeliveryStatus::Waiting,
        deliveries::DeliveryStatus::Delivered => DeliveryStatus::Delivered,
        deliveries::DeliveryStatus::Failed => DeliveryStatus::Failed,
    }
}

const fn to_stored(status: DeliveryStatus) -> deliveries::DeliveryStatus {
    match status {
        DeliveryStatus::Waiting => deliveries::DeliveryStatus::Waiting,
        DeliveryStatus::Delivered => deliveries::DeliveryStatus::Delivered,
        DeliveryStatus::Failed => deliveries::DeliveryStatus::Failed,
    }
}

fn attempt(stored: &deliveries::Attempt) -> Attempt {
    Attempt {
        at: Instant(stored.at_ms),
        outcome: stored.outcome.clone(),
        status: stored.status,
        error: stored.error.clone(),
        duration_ms: stored.duration_ms,
    }
}
