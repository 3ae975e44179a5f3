//! `AIEventPublisher`: publishes patterns and notifications.

use crate::narrator::Narration;
use crate::report::Report;
use chrono::{DateTime, Utc};
use platform::Publisher;
use platform::publisher::PublishError;
use shared_kernel::notification_details::{ResolvedPatternDetails, to_fields};
use shared_kernel::payload::{NotificationRequested, TrainingPatternDetected};
use shared_kernel::{AthleteId, Event, EventId, NotificationKind};
use storage::patterns::KnownPattern;
use training::WeekStart;

const SOURCE: &str = "/bulktrack/ai";

/// Publishes the events of this worker.
#[derive(Clone)]
pub struct AIEventPublisher {
    publisher: Publisher,
}

impl AIEventPublisher {
    /// Creates a publisher over the given one.
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Publishes events to the queues of their types.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PublishError> {
        self.publisher.publish(events).await
    }
}

/// Creates the event that notifies an athlete of a pattern for the `announcement`-th time, from 1.
/// Pattern and number determine its id: a repeat is the same event.
pub fn training_pattern_detected(
    data: &TrainingPatternDetected,
    announcement: i64,
    cause: &Event,
    now: DateTime<Utc>,
) -> Event {
    let (pattern_id, announcement) = (data.pattern_id.to_string(), announcement.to_string());
    let id = EventId::derived(&["TrainingPatternDetected", &pattern_id, &announcement]);
    let subject = format!("athletes/{}/patterns/{pattern_id}", data.athlete_id);
    cause.followed_by(id, SOURCE, subject, now, data.clone().into())
}

/// Creates the event that notifies an athlete of the end of a pattern. Pattern and number of
/// announcements determine its id: a repeat is the same event.
pub fn pattern_ended(
    athlete_id: AthleteId,
    ended: &KnownPattern,
    narration: Narration,
    cause: &Event,
    now: DateTime<Utc>,
) -> Event {
    let kind = NotificationKind::PatternEnded.as_str();
    let (pattern_id, announcements) =
        (ended.pattern_id.to_string(), ended.announcements.to_string());
    let id = EventId::derived(&["NotificationRequested", kind, &pattern_id, &announcements]);
    let subject = format!("athletes/{athlete_id}/patterns/{pattern_id}");
    let data = to_fields(&ResolvedPatternDetails {
        pattern_id: ended.pattern_id,
        pattern: ended.kind,
        subject: ended.subject.clone(),
        since: ended.since,
    });
    let requested = NotificationRequested {
        athlete_id,
        kind: kind.to_owned(),
        title: narration.title,
        body: narration.recommendation,
        date: Some(now.date_naive()),
        data,
    };
    cause.followed_by(id, SOURCE, subject, now, requested.into())
}

/// Creates the event with the report of a week. Athlete and week determine its id: a repeat is the
/// same event.
pub fn weekly_report_made(
    athlete_id: AthleteId,
    week_start: WeekStart,
    report: &Report,
    cause: &Event,
    now: DateTime<Utc>,
) -> Event {
    let kind = NotificationKind::WeeklyReport.as_str();
    let (athlete, week) = (athlete_id.to_string(), week_start.to_string());
    let id = EventId::derived(&["NotificationRequested", kind, &athlete, &week]);
    let requested = NotificationRequested {
        athlete_id,
        kind: kind.to_owned(),
        title: report.title.clone(),
        body: report.body.clone(),
        date: Some(week_start.date()),
        data: to_fields(&report.details),
    };
    let subject = format!("athletes/{athlete_id}/reports/{week_start}");
    cause.followed_by(id, SOURCE, subject, now, requested.into())
}
