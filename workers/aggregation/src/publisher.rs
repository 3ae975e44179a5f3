//! `AggregationEventPublisher`, and the events that aggregation publishes.

use crate::records::{BrokenRecord, notification_text};
use crate::thresholds::crossing_bits;
use chrono::{DateTime, NaiveDate, Utc};
use platform::Publisher;
use platform::publisher::PublishError;
use shared_kernel::notification_details::{ImportDetails, to_fields};
use shared_kernel::payload::{
    AggregationUpdated, Crossing, NotificationRequested, VolumeThresholdReached, WorkoutChanged,
};
use shared_kernel::{Event, EventId, NotificationKind, WorkoutId};
use storage::imports::FinishedImport;
use storage::ledger::WeekState;

const SOURCE: &str = "/bulktrack/aggregation";

/// Publishes the events that follow from a change of the ledger.
#[derive(Clone)]
pub struct AggregationEventPublisher {
    publisher: Publisher,
}

impl AggregationEventPublisher {
    /// Wraps a publisher.
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Publishes events; after an error some may have been published.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PublishError> {
        self.publisher.publish(events).await
    }
}

/// The change that the events about a week follow from.
#[derive(Clone, Copy, Debug)]
pub struct WeekCause<'a> {
    pub event: &'a Event,
    /// Whether it is not announced: see [`AggregationUpdated::quiet`].
    pub is_quiet: bool,
}

/// The volume of a week changed. The id is derived from the new state of the week: a repeat is the same
/// event.
pub fn aggregation_updated(week: &WeekState, cause: WeekCause<'_>, now: DateTime<Utc>) -> Event {
    let id = EventId::derived(&[
        "AggregationUpdated",
        &week.athlete_id.to_string(),
        &week.week_start.to_string(),
        &week.version.to_string(),
        &week.volume.hard_half_sets.0.to_string(),
        &week.volume.tonnage_grams.0.to_string(),
    ]);
    let data = AggregationUpdated {
        athlete_id: week.athlete_id,
        week_start: week.week_start,
        volume: week.volume.clone(),
        quiet: cause.is_quiet,
    };
    cause.event.followed_by(id, SOURCE, subject(week), now, data.into())
}

/// Muscles crossed landmarks. The id is derived from the crossings: a repeat is the same event.
pub fn volume_threshold_reached(
    week: &WeekState,
    crossings: Vec<Crossing>,
    cause: &Event,
    now: DateTime<Utc>,
) -> Event {
    let id = EventId::derived(&[
        "VolumeThresholdReached",
        &week.athlete_id.to_string(),
        &week.week_start.to_string(),
        &crossing_bits(&crossings).to_string(),
    ]);
    let data = VolumeThresholdReached {
        athlete_id: week.athlete_id,
        week_start: week.week_start,
        crossings,
    };
    cause.followed_by(id, SOURCE, subject(week), now, data.into())
}

/// A revision of a workout broke records. The id is derived from workout and revision: a repeat is the same
/// event, whatever other workouts have broken since.
pub fn records_broken(
    (workout_id, revision): (WorkoutId, i64),
    broken: &[BrokenRecord<'_>],
    local_date: NaiveDate,
    cause: &Event,
    now: DateTime<Utc>,
) -> Event {
    let athlete_id = cause.data.athlete_id();
    let kind = NotificationKind::NewRecord.as_str();
    let (workout, of_revision) = (workout_id.to_string(), revision.to_string());
    let id = EventId::derived(&["NotificationRequested", kind, &workout, &of_revision]);
    let (title, body, data) = notification_text(workout_id, broken);
    let requested = NotificationRequested {
        athlete_id,
        kind: kind.to_owned(),
        title,
        body,
        date: Some(local_date),
        data,
    };
    cause.followed_by(id, SOURCE, cause.subject.clone(), now, requested.into())
}

/// A workout changed that endpoints of its athlete receive. The id is derived from the workout, its
/// revision and the change: a repeat is the same event. Its time is that of the change.
pub fn workout_changed(data: WorkoutChanged, cause: &Event) -> Event {
    let subject = format!("workouts/{}", data.workout_id);
    cause.followed_by(data.event_id(), SOURCE, subject, cause.time, data.into())
}

/// An import finished. The id is derived from the import and the number of its finished slices: a repeat
/// is the same event, and slices that a mapping releases later are announced by another one.
pub fn import_finished(import: &FinishedImport, cause: &Event, now: DateTime<Utc>) -> Event {
    let athlete_id = import.athlete_id;
    let kind = NotificationKind::ImportFinished.as_str();
    let import_id = import.import_id.to_string();
    let done = import.done.to_string();
    let id = EventId::derived(&["NotificationRequested", kind, &import_id, &done]);
    let (title, body) = import_text(import);
    let data = to_fields(&ImportDetails {
        import_id: import.import_id,
        imported: import.imported,
        updated: import.updated,
        duplicates: import.duplicates,
        conflicts: import.conflicts,
        needs_mapping: import.held > 0,
    });
    let kind = kind.to_owned();
    let data = NotificationRequested { athlete_id, kind, title, body, date: None, data };
    cause.followed_by(id, SOURCE, format!("imports/{import_id}"), now, data.into())
}

fn import_text(import: &FinishedImport) -> (String, String) {
    let count = |count: i64| match count {
        1 => "1 workout".to_owned(),
        count => format!("{count} workouts"),
    };
    let title = format!("Import finished: {}", count(import.imported));
    let part = |workouts: i64, what: &str| match workouts {
        0 => String::new(),
        workouts => format!(", {} {what}", count(workouts)),
    };
    let skipped = [
        part(import.updated, "updated"),
        part(import.duplicates, "skipped as duplicates"),
        part(import.conflicts, "left as they are because they differ"),
    ]
    .concat();
    let held = match import.held {
        0 => "",
        _ => " Some have unknown exercise names: map them to exercises to import the rest.",
    };
    (title, format!("{} imported{skipped}.{held}", count(import.imported)))
}

fn subject(week: &WeekState) -> String {
    format!("athletes/{}/weeks/{}", week.athlete_id, week.week_start)
}
