//! `PatternDetectedEventHandler`: a pattern becomes a row in the inbox and, when it is sure enough,
//! a mail.

use crate::deliver::{Inbox, News};
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use serde_json::{Map, json};
use shared_kernel::payload::TrainingPatternDetected;
use shared_kernel::{NotificationKind, Outcome};

/// Tells the athletes of the batch. Its steps are those of [`Inbox::deliver`].
pub struct PatternDetectedEventHandler {
    /// What it delivers to.
    pub inbox: Inbox,
}

#[async_trait(?Send)]
impl EventHandler<TrainingPatternDetected> for PatternDetectedEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, TrainingPatternDetected>]) -> Vec<Outcome> {
        let news: Vec<_> = deliveries.iter().map(news).collect();
        self.inbox.deliver(&news).await
    }
}

fn news<'a>(delivery: &Delivery<'a, TrainingPatternDetected>) -> News<'a> {
    let pattern = delivery.data;
    let data = Map::from_iter([
        ("pattern_id".to_owned(), json!(pattern.pattern_id)),
        ("pattern".to_owned(), json!(pattern.pattern)),
        ("subject".to_owned(), json!(pattern.subject)),
        ("since".to_owned(), json!(pattern.since)),
        ("confidence".to_owned(), json!(pattern.confidence)),
        ("evidence".to_owned(), json!(pattern.evidence)),
    ]);
    News {
        event: delivery.event,
        athlete_id: pattern.athlete_id,
        kind: NotificationKind::Pattern(pattern.pattern),
        title: pattern.title.clone(),
        body: pattern.recommendation.clone(),
        data,
        confidence: Some(pattern.confidence),
    }
}
