//! The events of the api: one for each change of a workout, with the whole workout.

use chrono::{DateTime, Utc};
use platform::Publisher;
use platform::publisher::PublishError;
use serde_json::Map;
use shared_kernel::payload::{
    ImportSliceStored, MailFellDue, NotificationRequested, TrainingSetRecorded, TrainingWeekEnded,
    VolumeUpdated, WorkoutCompleted, WorkoutDeleted,
};
use shared_kernel::{AthleteId, EmailKind, Event, EventData, EventId, TraceContext};
use storage::imports::SliceKey;
use storage::workouts::{StoredWorkout, WorkoutStatus};
use training::WeekStart;
use uuid::Uuid;

/// The source of the events of api.
pub const SOURCE: &str = "/bulktrack/api";

/// Publishes the events of the api.
#[derive(Clone)]
pub struct ApiEventPublisher {
    publisher: Publisher,
}

impl ApiEventPublisher {
    /// Publishes through `publisher`.
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Publishes events.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PublishError> {
        self.publisher.publish(events).await
    }

    /// Publishes the event of a committed change of a workout. The sweep resends it when this fails. A workout in
    /// progress is left to the sweep, which sends one event for the sets of several minutes.
    pub async fn publish_workout(&self, stored: &StoredWorkout) {
        if stored.status == WorkoutStatus::InProgress {
            return;
        }
        match event_about(stored) {
            Ok(event) => self.publish_committed(&[event]).await,
            Err(error) => {
                tracing::warn!(workout_id = %stored.workout_id, %error, "encode a workout event");
            }
        }
    }

    /// Publishes the events of committed rows. The sweep resends them when this fails.
    pub async fn publish_committed(&self, events: &[Event]) {
        if let Err(error) = self.publish(events).await {
            let subject = events.first().map(|event| &*event.subject);
            tracing::warn!(subject, %error, "publish failed; the sweep resends the events");
        }
    }
}

/// The event of a stored slice of an import. Its id is derived from the import and the slice.
pub fn import_slice_stored(key: SliceKey, trace: TraceContext, now: DateTime<Utc>) -> Event {
    let SliceKey { athlete_id, import_id, slice } = key;
    let id = EventId::derived(&["ImportSliceStored", &import_id.to_string(), &slice.to_string()]);
    let subject = format!("imports/{import_id}/slices/{slice}");
    let data = ImportSliceStored { athlete_id, import_id, slice };
    Event { correlation_id: import_id.to_string(), ..event(id, subject, (now, trace), data) }
}

/// The event of an ended week. Its id is derived from the athlete and the week.
pub fn training_week_ended(
    athlete_id: AthleteId,
    week_start: WeekStart,
    trace: TraceContext,
    now: DateTime<Utc>,
) -> Event {
    let id =
        EventId::derived(&["TrainingWeekEnded", &athlete_id.to_string(), &week_start.to_string()]);
    let subject = format!("athletes/{athlete_id}/weeks/{week_start}");
    event(id, subject, (now, trace), TrainingWeekEnded { athlete_id, week_start })
}

/// The event that an athlete has due emails. Its id is derived from the athlete and the minute: two
/// sweeps of one minute publish one event.
pub fn mail_fell_due(athlete_id: AthleteId, trace: TraceContext, now: DateTime<Utc>) -> Event {
    let minute = (now.timestamp() / 60).to_string();
    let id = EventId::derived(&["MailFellDue", &athlete_id.to_string(), &minute]);
    event(id, format!("athletes/{athlete_id}/mails"), (now, trace), MailFellDue { athlete_id })
}

/// The event that an athlete requested the link that confirms the address. Its id is derived from the
/// request: each request sends a link.
pub fn confirmation_requested(
    athlete_id: AthleteId,
    request_id: Uuid,
    (now, trace): (DateTime<Utc>, TraceContext),
) -> Event {
    let kind = EmailKind::Confirmation.as_str();
    let id = EventId::derived(&[kind, &request_id.to_string()]);
    let data = NotificationRequested {
        athlete_id,
        kind: kind.to_owned(),
        title: String::new(),
        body: String::new(),
        date: None,
        data: Map::new(),
    };
    event(id, format!("athletes/{athlete_id}/email"), (now, trace), data)
}

/// The event of a workout's revision, derived from the stored row only: the sweep sends the same
/// event as the request.
pub fn event_about(stored: &StoredWorkout) -> Result<Event, serde_json::Error> {
    let workout = stored.snapshot()?;
    let data: EventData = match stored.status {
        WorkoutStatus::InProgress => TrainingSetRecorded { workout }.into(),
        WorkoutStatus::Completed if stored.revision == stored.completed_revision => {
            WorkoutCompleted { workout }.into()
        }
        WorkoutStatus::Completed => VolumeUpdated { workout }.into(),
        WorkoutStatus::Deleted => WorkoutDeleted { workout }.into(),
    };
    let (workout_id, revision) = (stored.workout_id.to_string(), stored.revision.to_string());
    let id = EventId::derived(&["workout", &workout_id, "revision", &revision]);
    let time = DateTime::from_timestamp_millis(stored.changed_at_ms).unwrap_or_default();
    Ok(event(id, format!("workouts/{workout_id}"), (time, stored.traceparent), data))
}

/// An event of the api that no other event caused.
fn event(
    id: EventId,
    subject: String,
    (time, trace): (DateTime<Utc>, TraceContext),
    data: impl Into<EventData>,
) -> Event {
    Event {
        id,
        source: SOURCE.to_owned(),
        subject,
        time,
        trace: trace.in_span_of(id),
        correlation_id: id.to_string(),
        causation_id: None,
        data: data.into(),
    }
}
