//! `PatternDetectedEventHandler`: notifies the athlete of a pattern.

use crate::notification::Notification;
use crate::notifier::Notifier;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use serde_json::{Map, json};
use shared_kernel::payload::TrainingPatternDetected;
use shared_kernel::{NotificationKind, Outcome};

/// Delivers the notifications of the batch: see [`Notifier::deliver`].
pub struct PatternDetectedEventHandler {
    pub notifier: Notifier,
}

#[async_trait(?Send)]
impl EventHandler<TrainingPatternDetected> for PatternDetectedEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, TrainingPatternDetected>]) -> Vec<Outcome> {
        let notifications: Vec<_> = deliveries.iter().map(notification).collect();
        self.notifier.deliver(&notifications).await
    }
}

fn notification<'a>(delivery: &Delivery<'a, TrainingPatternDetected>) -> Notification<'a> {
    let pattern = delivery.data;
    let data = Map::from_iter([
        ("pattern_id".to_owned(), json!(pattern.pattern_id)),
        ("pattern".to_owned(), json!(pattern.pattern)),
        ("subject".to_owned(), json!(pattern.subject)),
        ("since".to_owned(), json!(pattern.since)),
        ("confidence".to_owned(), json!(pattern.confidence)),
        ("evidence".to_owned(), json!(pattern.evidence)),
    ]);
    Notification {
        event: delivery.event,
        athlete_id: pattern.athlete_id,
        kind: NotificationKind::Pattern(pattern.pattern),
        title: pattern.title.clone(),
        body: pattern.recommendation.clone(),
        data,
        confidence: Some(pattern.confidence),
    }
}
