//! The payloads of outgoing webhooks: the `data` of each type of event, full and thin.

use crate::values::Instant;
use crate::workouts::Workout;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use shared_kernel::payload::WorkoutChange;
use shared_kernel::{AthleteId, EventId, NotificationKind, WebhookEventType, WorkoutId};
use uuid::Uuid;

/// The two forms of a payload's `data`.
#[derive(Clone, Debug, PartialEq)]
pub struct Payload {
    pub event_type: WebhookEventType,
    pub full: Value,
    /// Ids only: the receiver reads the rest from the API.
    pub thin: Value,
}

impl Payload {
    fn new(
        event_type: WebhookEventType,
        full: &impl Serialize,
        thin: &impl Serialize,
    ) -> Result<Self, serde_json::Error> {
        let (full, thin) = (serde_json::to_value(full)?, serde_json::to_value(thin)?);
        Ok(Self { event_type, full, thin })
    }

    /// Returns the payload of a completed or changed workout. `None`: it is too long for a full payload.
    pub fn of_workout(
        change: WorkoutChange,
        ids: WorkoutIds,
        workout: Option<Workout>,
    ) -> Result<Self, serde_json::Error> {
        let WorkoutIds { athlete_id, workout_id, revision } = ids;
        let resource = format!("/v1/workouts/{workout_id}");
        let data = |workout| WorkoutData {
            athlete_id,
            workout_id,
            revision,
            workout,
            resource: resource.clone(),
        };
        Self::new(change.webhook_type(), &data(workout), &data(None))
    }

    /// Returns the payload of a deleted workout; both forms are the same.
    pub fn of_deleted_workout(
        ids: WorkoutIds,
        deleted_at: Instant,
    ) -> Result<Self, serde_json::Error> {
        let WorkoutIds { athlete_id, workout_id, revision } = ids;
        let data = DeletedWorkoutData { athlete_id, workout_id, revision, deleted_at };
        Self::new(WorkoutChange::Deleted.webhook_type(), &data, &data)
    }

    /// Returns the payload of a notification.
    pub fn of_notification(
        kind: NotificationKind,
        notification: &NotificationText<'_>,
    ) -> Result<Self, serde_json::Error> {
        let NotificationText { athlete_id, notification_id, title, body, details } = *notification;
        let thin = NotificationData {
            athlete_id,
            notification_id,
            kind: kind.as_str(),
            title: None,
            body: None,
            details: None,
            resource: resource(kind, details),
        };
        let full = NotificationData {
            title: Some(title),
            body: Some(body),
            details: Some(details),
            ..thin.clone()
        };
        Self::new(kind.policy().webhook_type, &full, &thin)
    }

    /// Returns the payload of a test; both forms are the same.
    pub fn of_test(endpoint_id: Uuid) -> Result<Self, serde_json::Error> {
        let message = "A test, requested by the endpoint's owner.".to_owned();
        let data = TestData { endpoint_id, message };
        Self::new(WebhookEventType::Test, &data, &data)
    }
}

/// Returns the path of the API with more about a notification.
fn resource(kind: NotificationKind, details: &Map<String, Value>) -> String {
    let path = kind.policy().resource;
    let Some((prefix, name)) = path.split_once('{') else { return path.to_owned() };
    let value = details.get(name.trim_end_matches('}')).and_then(Value::as_str);
    format!("{prefix}{}", value.unwrap_or_default())
}

/// The ids of a workout at a revision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorkoutIds {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    pub revision: i64,
}

/// A notification as an event requested it, or as the inbox has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NotificationText<'a> {
    pub athlete_id: AthleteId,
    pub notification_id: EventId,
    pub title: &'a str,
    pub body: &'a str,
    pub details: &'a Map<String, Value>,
}

/// The data of `workout.completed` and `workout.updated`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WorkoutData {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// The revision of the workout when the payload was made. Ignore a payload with a lower revision than
    /// the one you have.
    pub revision: i64,
    /// The workout as `resource` returned it then. Absent in thin payloads.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workout: Option<Workout>,
    /// The path of the workout.
    #[schemars(regex(pattern = r"^/v1/workouts/"))]
    pub resource: String,
}

/// The data of `workout.deleted`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DeletedWorkoutData {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// The revision that deleted it, the last one.
    pub revision: i64,
    pub deleted_at: Instant,
}

/// The data of a notification. Thin payloads have no title, body and details.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[schemars(extend("dependentRequired" = {
    "title": ["body", "details"], "body": ["title", "details"], "details": ["title", "body"],
}))]
pub struct NotificationData<'a, D> {
    pub athlete_id: AthleteId,
    /// The id of the notification in the inbox (GET /v1/notifications).
    pub notification_id: EventId,
    /// The kind of notification.
    pub kind: &'a str,
    /// One line, for a list.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub title: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "String")]
    pub body: Option<&'a str>,
    /// The numbers.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "D")]
    pub details: Option<D>,
    /// The path of the API that returns the current state.
    pub resource: String,
}

/// The data of `test`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestData {
    pub endpoint_id: Uuid,
    pub message: String,
}
