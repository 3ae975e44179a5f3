//! `AIEventPublisher`: what ai tells the others.

use crate::narrator::Words;
use crate::report::Report;
use chrono::{DateTime, Utc};
use platform::Publisher;
use platform::publisher::PublishError;
use serde_json::{Map, json};
use shared_kernel::payload::{NotificationRequested, TrainingPatternDetected};
use shared_kernel::{AthleteId, Event, EventId, NotificationKind};
use storage::patterns::KnownPattern;
use training::WeekStart;

const SOURCE: &str = "/bulktrack/ai";

/// Publishes the patterns that were found.
#[derive(Clone)]
pub struct AIEventPublisher {
    publisher: Publisher,
}

impl AIEventPublisher {
    /// Publishes through this publisher.
    pub fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Publishes events.
    pub async fn publish(&self, events: &[Event]) -> Result<(), PublishError> {
        self.publisher.publish(events).await
    }
}

/// A pattern is there. Its id names the pattern, and the how manieth telling it is: a repeat is the
/// same event.
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

/// A pattern is there no more, which its athlete wants to know. Its id names the pattern, and what
/// of it was told: a repeat is the same event.
pub fn pattern_ended(
    athlete_id: AthleteId,
    known: &KnownPattern,
    words: Words,
    cause: &Event,
    now: DateTime<Utc>,
) -> Event {
    let kind = NotificationKind::PatternEnded.as_str();
    let (pattern_id, told) = (known.pattern_id.to_string(), known.announcements.to_string());
    let id = EventId::derived(&["NotificationRequested", kind, &pattern_id, &told]);
    let subject = format!("athletes/{athlete_id}/patterns/{pattern_id}");
    let data = Map::from_iter([
        ("pattern_id".to_owned(), json!(known.pattern_id)),
        ("pattern".to_owned(), json!(known.kind)),
        ("subject".to_owned(), json!(known.subject)),
        ("since".to_owned(), json!(known.since)),
    ]);
    let requested = NotificationRequested {
        athlete_id,
        kind: kind.to_owned(),
        title: words.title,
        body: words.recommendation,
        date: Some(now.date_naive()),
        data,
    };
    cause.followed_by(id, SOURCE, subject, now, requested.into())
}

/// The report of a week. Its id names the athlete and the week: a repeat is the same event.
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
        data: report.data.clone(),
    };
    let subject = format!("athletes/{athlete_id}/reports/{week_start}");
    cause.followed_by(id, SOURCE, subject, now, requested.into())
}
