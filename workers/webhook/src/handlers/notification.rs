//! `NotificationEventHandler`: somebody is to be told something; it becomes a row in the inbox.

use crate::deliver::{Inbox, News};
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::payload::NotificationRequested;
use shared_kernel::{NotificationKind, Outcome};

/// Tells the athletes of the batch. Its steps are those of [`Inbox::deliver`].
pub struct NotificationEventHandler {
    /// What it delivers to.
    pub inbox: Inbox,
}

#[async_trait(?Send)]
impl EventHandler<NotificationRequested> for NotificationEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, NotificationRequested>]) -> Vec<Outcome> {
        let news: Vec<_> = deliveries.iter().map(news).collect();
        let readable: Vec<_> = news.iter().flatten().cloned().collect();
        let mut delivered = self.inbox.deliver(&readable).await.into_iter();
        news.into_iter()
            .map(|news| match news {
                Ok(_) => delivered.next().unwrap_or_else(|| Outcome::transient("not delivered")),
                Err(outcome) => outcome,
            })
            .collect()
    }
}

/// The news of an event, or what becomes of the event of a kind that nobody knows.
fn news<'a>(delivery: &Delivery<'a, NotificationRequested>) -> Result<News<'a>, Outcome> {
    let requested = delivery.data;
    let unknown = || format!("there is no news of the kind {:?}", short(&requested.kind));
    Ok(News {
        event: delivery.event,
        athlete_id: requested.athlete_id,
        kind: NotificationKind::parse(&requested.kind)
            .ok_or_else(|| Outcome::permanent(unknown()))?,
        title: requested.title.clone(),
        body: requested.body.clone(),
        data: requested.data.clone(),
        confidence: None,
    })
}

fn short(kind: &str) -> String {
    kind.chars().take(40).collect()
}
