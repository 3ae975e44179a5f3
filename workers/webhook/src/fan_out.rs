//! Builds the deliveries of notifications and of changed workouts. No I/O.

use crate::notification::Notification;
use contract::Instant;
use contract::webhook_payloads::{NotificationText, Payload, WorkoutIds};
use contract::workouts::{Status, Workout, WorkoutRow};
use shared_kernel::payload::{WorkoutChange, WorkoutChanged};
use shared_kernel::{AthleteId, Event};
use standard_webhooks::payload::PayloadError;
use storage::webhooks::fan_out::{Message, NewDelivery, Target};
use storage::webhooks::workouts::WorkoutState;
use storage::workouts::{StoredWorkout, WorkoutStatus};

/// Returns a delivery for each endpoint that receives a notification.
pub fn notification_deliveries(
    notification: &Notification<'_>,
    targets: &[Target],
) -> Result<Vec<NewDelivery>, PayloadError> {
    let text = NotificationText {
        athlete_id: notification.athlete_id,
        notification_id: notification.event.id,
        title: &notification.title,
        body: &notification.body,
        details: &notification.data,
    };
    let payload = Payload::of_notification(notification.kind, &text)?;
    deliveries(notification.event, notification.athlete_id, &payload, targets)
}

/// Returns a delivery for each endpoint that receives a change of a workout, with the workout as it is
/// now. Returns none for a change that a later one, which is announced too, has superseded.
pub fn workout_deliveries(
    event: &Event,
    changed: &WorkoutChanged,
    state: &WorkoutState,
    targets: &[Target],
) -> Result<Vec<NewDelivery>, PayloadError> {
    let ids = WorkoutIds {
        athlete_id: state.athlete_id,
        workout_id: state.workout_id,
        revision: state.revision,
    };
    let is_deleted = state.status == WorkoutStatus::Deleted;
    let payload = match changed.change {
        WorkoutChange::Deleted => Payload::of_deleted_workout(ids, Instant(state.changed_at_ms))?,
        WorkoutChange::Completed | WorkoutChange::Updated if is_deleted => return Ok(Vec::new()),
        WorkoutChange::Updated if changed.revision < state.revision => return Ok(Vec::new()),
        WorkoutChange::Completed | WorkoutChange::Updated => {
            let workout = state.stored.as_ref().map(workout).transpose()?;
            Payload::of_workout(changed.change, ids, workout)?
        }
    };
    deliveries(event, changed.athlete_id, &payload, targets)
}

fn deliveries(
    event: &Event,
    athlete_id: AthleteId,
    payload: &Payload,
    targets: &[Target],
) -> Result<Vec<NewDelivery>, PayloadError> {
    let message = Message {
        athlete_id,
        event_id: event.id,
        event_type: payload.event_type,
        occurred_at: event.time,
        trace: event.trace,
        full: &payload.full,
        thin: &payload.thin,
    };
    message.deliveries(targets)
}

/// Returns the workout as the API returns it.
fn workout(stored: &StoredWorkout) -> Result<Workout, serde_json::Error> {
    let row = WorkoutRow {
        id: stored.workout_id,
        athlete_id: stored.athlete_id,
        revision: stored.revision,
        status: Status::Completed,
        custom_exercises: &stored.own_exercises,
        body_weight: stored.body_weight_grams,
    };
    Ok(Workout::of(stored.document()?.clone(), &row))
}

#[cfg(test)]
mod tests;
