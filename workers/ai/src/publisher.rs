//! `AIEventPublisher`: what ai tells the others.

use crate::recommendation::words;
use crate::rules::Pattern;
use chrono::{DateTime, Utc};
use platform::Publisher;
use platform::publisher::PublishError;
use shared_kernel::payload::TrainingPatternDetected;
use shared_kernel::{AthleteId, Event, EventId};

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

/// A pattern in words.
pub fn pattern_data(athlete_id: AthleteId, pattern: Pattern) -> TrainingPatternDetected {
    let words = words(&pattern);
    TrainingPatternDetected {
        athlete_id,
        pattern_id: pattern.id(athlete_id),
        pattern: pattern.kind,
        subject: pattern.subject.as_str().to_owned(),
        since: pattern.since,
        confidence: pattern.confidence,
        evidence: pattern.evidence,
        title: words.title,
        recommendation: words.recommendation,
    }
}

/// A pattern was found. Its id names the pattern: a repeat is the same event.
pub fn training_pattern_detected(
    data: TrainingPatternDetected,
    cause: &Event,
    now: DateTime<Utc>,
) -> Event {
    let id = EventId::derived(&["TrainingPatternDetected", &data.pattern_id.to_string()]);
    let subject = format!("athletes/{}/patterns/{}", data.athlete_id, data.pattern_id);
    cause.followed_by(id, SOURCE, subject, now, data.into())
}
