//! `PatternDetectedEventHandler`: notifies the athlete of a pattern.

use crate::notification::{Notification, Requested};
use crate::notifier::Notifier;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::notification_details::{PatternDetails, to_fields};
use shared_kernel::payload::TrainingPatternDetected;
use shared_kernel::{NotificationKind, Outcome};

/// Delivers the notifications of the batch: see [`Notifier::deliver`].
pub struct PatternDetectedEventHandler {
    pub notifier: Notifier,
}

#[async_trait(?Send)]
impl EventHandler<TrainingPatternDetected> for PatternDetectedEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, TrainingPatternDetected>]) -> Vec<Outcome> {
        let notifications: Vec<_> =
            deliveries.iter().map(notification).map(Requested::Notification).collect();
        self.notifier.deliver(&notifications).await
    }
}

fn notification<'a>(delivery: &Delivery<'a, TrainingPatternDetected>) -> Notification<'a> {
    let pattern = delivery.data;
    let details = PatternDetails {
        pattern_id: pattern.pattern_id,
        pattern: pattern.pattern,
        subject: pattern.subject.clone(),
        since: pattern.since,
        confidence: pattern.confidence,
        evidence: pattern.evidence.clone(),
    };
    Notification {
        event: delivery.event,
        athlete_id: pattern.athlete_id,
        kind: NotificationKind::Pattern(pattern.pattern),
        title: pattern.title.clone(),
        body: pattern.recommendation.clone(),
        data: to_fields(&details),
        confidence: Some(pattern.confidence),
    }
}
