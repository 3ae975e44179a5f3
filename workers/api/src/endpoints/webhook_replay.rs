//! POST /v1/webhooks/{id}/replay: sends what an endpoint has missed, rebuilt from current workouts and
//! inbox rows.
//!
//! The ids of events are derived from their cause, so a rebuilt event has the id of the original one: what
//! the endpoint's log contains is skipped, and a receiver recognizes anything older by its `webhook-id`.
//!
//! Limits without a source are project defaults.

use super::webhook_deliveries::request_delivery;
use crate::call::AthleteCall;
use crate::cursor;
use crate::error::ApiResult;
use crate::extract::{Json, Path};
use crate::reply::Reply;
use crate::workout::to_model;
use chrono::DateTime;
use contract::Instant;
use contract::webhook_payloads::{NotificationText, Payload, WorkoutIds};
use contract::webhooks::{ReplayDeliveries, ReplayedDeliveries};
use contract::workouts::Workout;
use serde_json::json;
use shared_kernel::payload::{WorkoutChange, WorkoutChanged};
use shared_kernel::{Channel, EventId, NotificationKind, WorkoutId};
use std::collections::BTreeMap;
use storage::inbox::Notification;
use storage::webhooks::deliveries::DeliveryStatus;
use storage::webhooks::endpoints::EndpointStatus;
use storage::webhooks::fan_out::{Message, NewDelivery};
use storage::webhooks::replay::{self, Candidates, ReplayPosition, ReplayQuery};
use storage::webhooks::workouts::WorkoutState;
use storage::webhooks::{EndpointKey, delivery_id};
use storage::workouts::WorkoutStatus;
use storage::{Conflict, Rejection};
use uuid::Uuid;

/// Workouts and notifications of a page, at most.
const PAGE_MAX: usize = 100;
/// Workouts and notifications that one dry run counts, at most: it reads no documents.
const DRY_RUN_PAGE_MAX: usize = 1_000;
/// Bytes of the bodies of a page, at most: one parameter of D1 may have 2 MB, and JSON escapes the quotes of
/// the bodies in it.
const PAGE_BYTES_MAX: usize = 1_000_000;
/// A workout is completed at most this long after it was created, in milliseconds: it lasts 24 hours at
/// most, and the sweep completes one that was left open.
const OPEN_MS_MAX: i64 = 3 * 86_400_000;

/// POST /v1/webhooks/{id}/replay: one page; the caller repeats it with `next_cursor`. A dry run only counts.
///
/// 1. read (await) a page of candidates, and the endpoint;
/// 2. read (await) which of their events the endpoint has;
/// 3. read (await) the workouts of the others;
/// 4. store (await) the deliveries, due at once. A retry finds them stored;
/// 5. publish (await) the request to deliver. After a crash before it the sweep does.
pub async fn post(
    call: AthleteCall,
    (Path(id), Json(request)): (Path<Uuid>, Json<ReplayDeliveries>),
) -> ApiResult<Reply<ReplayedDeliveries>> {
    let size = if request.dry_run { DRY_RUN_PAGE_MAX } else { PAGE_MAX };
    let after: ReplayPosition = cursor::decode(request.cursor.as_deref())?.unwrap_or_default();
    let since_ms = request.since.at.timestamp_millis();
    let query = ReplayQuery { since_ms, after, limit: i64::try_from(size + 1).unwrap_or(i64::MAX) };
    let now_ms = call.app.clock.now_ms();
    let found = replay::candidates(call.database(), &call.key, id, &query, now_ms).await?;
    if !request.dry_run && found.status == EndpointStatus::Disabled {
        return Err(Rejection::from(Conflict::EndpointDisabled).into());
    }
    let mut page = Page::of(&found, id, &query, size);
    let events: Vec<_> = page.items.iter().flat_map(Candidate::event_ids).collect();
    let known = replay::known(call.database(), &call.key, id, &events).await?;
    page.keep_missing(&known);
    let (mut matched, mut replayed) = (page.events(), 0);
    if !request.dry_run && matched > 0 {
        let deliveries = rebuild(&call, &found, &mut page).await?;
        matched = deliveries.len();
        let endpoint = EndpointKey { athlete_id: call.key.athlete_id, endpoint_id: id };
        let stored =
            replay::store(call.database(), &call.key, endpoint, &deliveries, now_ms).await?;
        replayed = stored.len();
        if let Some(event_id) = stored.first() {
            request_delivery(&call, id, *event_id, "replay").await;
        }
    }
    Ok(Reply::new(ReplayedDeliveries {
        matched: i64::try_from(matched).unwrap_or(i64::MAX),
        replayed: i64::try_from(replayed).unwrap_or(i64::MAX),
        next_cursor: page.next.as_ref().map(cursor::encode).transpose()?,
    }))
}

/// A page of candidates.
struct Page<'a> {
    items: Vec<Candidate<'a>>,
    /// The position after it; `None` on the last page.
    next: Option<ReplayPosition>,
}

/// A workout or a notification, with its events.
struct Candidate<'a> {
    /// The position after it.
    position: ReplayPosition,
    events: Vec<MissedEvent<'a>>,
}

/// An event that the endpoint may have missed.
struct MissedEvent<'a> {
    event_id: EventId,
    occurred_at_ms: i64,
    source: Source<'a>,
}

/// The row from which an event is rebuilt.
#[derive(Clone, Copy)]
enum Source<'a> {
    Workout(&'a WorkoutState, WorkoutChange),
    Notification(&'a Notification, NotificationKind),
}

impl<'a> Page<'a> {
    /// Takes a page of the candidates, workouts first.
    fn of(found: &'a Candidates, endpoint_id: Uuid, query: &ReplayQuery, size: usize) -> Self {
        let mut position = query.after;
        let mut items = Vec::new();
        for workout in found.workouts.iter().take(size) {
            position.change_seq = workout.change_seq;
            let events = workout_events(&workout.state, query.since_ms);
            items.push(Candidate { position, events });
        }
        for notification in found.notifications.iter().take(size - items.len()) {
            position.seq = notification.seq;
            let event = notification_event(found, notification, endpoint_id);
            items.push(Candidate { position, events: event.into_iter().collect() });
        }
        let has_more = found.workouts.len() + found.notifications.len() > items.len();
        for item in &mut items {
            item.events.retain(|event| found.target.has_selected(event.event_type()));
        }
        Self { items, next: has_more.then_some(position) }
    }

    /// Keeps the events that the endpoint does not have: neither delivered nor waiting.
    fn keep_missing(&mut self, known: &BTreeMap<EventId, DeliveryStatus>) {
        for item in &mut self.items {
            item.events.retain(|event| match known.get(&event.event_id) {
                None | Some(DeliveryStatus::Failed) => true,
                Some(DeliveryStatus::Waiting | DeliveryStatus::Delivered) => false,
            });
        }
    }

    fn events(&self) -> usize {
        self.items.iter().map(|item| item.events.len()).sum()
    }
}

impl Candidate<'_> {
    fn event_ids(&self) -> Vec<EventId> {
        self.events.iter().map(|event| event.event_id).collect()
    }
}

impl MissedEvent<'_> {
    const fn event_type(&self) -> shared_kernel::WebhookEventType {
        match self.source {
            Source::Workout(_, change) => change.webhook_type(),
            Source::Notification(_, kind) => kind.policy().webhook_type,
        }
    }
}

/// Returns the events of a workout's current state. An edited workout has two, unless it was created days
/// before `since_ms`.
fn workout_events(state: &WorkoutState, since_ms: i64) -> Vec<MissedEvent<'_>> {
    let event = |revision, change| {
        let WorkoutState { athlete_id, workout_id, changed_at_ms, .. } = *state;
        let changed = WorkoutChanged { athlete_id, workout_id, revision, change };
        MissedEvent {
            event_id: changed.event_id(),
            occurred_at_ms: changed_at_ms,
            source: Source::Workout(state, change),
        }
    };
    let completed = event(state.completed_revision, WorkoutChange::Completed);
    let is_edited = state.revision > state.completed_revision;
    match state.status {
        WorkoutStatus::InProgress => Vec::new(),
        WorkoutStatus::Deleted => vec![event(state.revision, WorkoutChange::Deleted)],
        WorkoutStatus::Completed if !is_edited => vec![completed],
        WorkoutStatus::Completed => {
            let updated = event(state.revision, WorkoutChange::Updated);
            let is_new = state.created_at_ms + OPEN_MS_MAX >= since_ms;
            if is_new { vec![completed, updated] } else { vec![updated] }
        }
    }
}

/// Returns the event of a notification, if endpoints receive its kind and it is not about the endpoint
/// itself.
fn notification_event<'a>(
    found: &Candidates,
    notification: &'a Notification,
    endpoint_id: Uuid,
) -> Option<MissedEvent<'a>> {
    let kind = NotificationKind::parse(&notification.kind)?;
    let is_about_itself = kind == NotificationKind::WebhookDisabled
        && notification.data.get("endpoint_id") == Some(&json!(endpoint_id));
    let is_sent = found.channels.allows(kind, Channel::Webhook) && !is_about_itself;
    is_sent.then_some(MissedEvent {
        event_id: EventId(notification.notification_id),
        occurred_at_ms: notification.created_at_ms,
        source: Source::Notification(notification, kind),
    })
}

/// Returns the deliveries of a page, whose workouts it reads (await). Cuts the page when they are too long.
async fn rebuild(
    call: &AthleteCall,
    found: &Candidates,
    page: &mut Page<'_>,
) -> ApiResult<Vec<NewDelivery>> {
    let workout_id = |event: &MissedEvent<'_>| match event.source {
        Source::Workout(state, WorkoutChange::Completed | WorkoutChange::Updated) => {
            Some(state.workout_id)
        }
        Source::Workout(_, WorkoutChange::Deleted) | Source::Notification(..) => None,
    };
    let mut ids: Vec<_> =
        page.items.iter().flat_map(|item| item.events.iter().filter_map(workout_id)).collect();
    ids.dedup();
    let mut workouts = BTreeMap::new();
    if !ids.is_empty() {
        for stored in replay::documents(call.database(), &call.key, &ids).await? {
            workouts.insert(stored.workout_id, to_model(&stored)?);
        }
    }
    let mut deliveries: Vec<NewDelivery> = Vec::new();
    let mut bytes = 0;
    let mut last = None;
    for item in &page.items {
        if bytes > PAGE_BYTES_MAX {
            page.next = last;
            break;
        }
        for event in &item.events {
            let built = delivery(call, found, event, &workouts)?;
            bytes += built.iter().map(|delivery| delivery.body.len()).sum::<usize>();
            deliveries.extend(built);
        }
        last = Some(item.position);
    }
    Ok(deliveries)
}

/// Returns the delivery of an event. It is listed at the time of the replay.
fn delivery(
    call: &AthleteCall,
    found: &Candidates,
    event: &MissedEvent<'_>,
    workouts: &BTreeMap<WorkoutId, Workout>,
) -> ApiResult<Vec<NewDelivery>> {
    let payload = payload(call, event.source, workouts)?;
    let message = Message {
        athlete_id: call.key.athlete_id,
        event_id: event.event_id,
        event_type: payload.event_type,
        occurred_at: DateTime::from_timestamp_millis(event.occurred_at_ms).unwrap_or_default(),
        trace: call.trace,
        full: &payload.full,
        thin: &payload.thin,
    };
    let mut deliveries = message.deliveries(std::slice::from_ref(&found.target))?;
    for delivery in &mut deliveries {
        delivery.delivery_id = delivery_id(event.event_id, call.app.clock.now_ms());
    }
    Ok(deliveries)
}

fn payload(
    call: &AthleteCall,
    source: Source<'_>,
    workouts: &BTreeMap<WorkoutId, Workout>,
) -> Result<Payload, serde_json::Error> {
    match source {
        Source::Workout(state, change) => {
            let WorkoutState { athlete_id, workout_id, revision, .. } = *state;
            let ids = WorkoutIds { athlete_id, workout_id, revision };
            match change {
                WorkoutChange::Deleted => {
                    Payload::of_deleted_workout(ids, Instant(state.changed_at_ms))
                }
                WorkoutChange::Completed | WorkoutChange::Updated => {
                    Payload::of_workout(change, ids, workouts.get(&workout_id).cloned())
                }
            }
        }
        Source::Notification(notification, kind) => Payload::of_notification(
            kind,
            &NotificationText {
                athlete_id: call.key.athlete_id,
                notification_id: EventId(notification.notification_id),
                title: &notification.title,
                body: &notification.body,
                details: &notification.data,
            },
        ),
    }
}
