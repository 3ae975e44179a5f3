//! `MailFellDueEventHandler`: mails that waited go.

use crate::deliver::Inbox;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::payload::MailFellDue;
use shared_kernel::{AthleteId, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use storage::{Database, notifications};

/// Sends the mails that are due now, of the athletes of the batch.
///
/// 1. claim (await): their due mails, and read how they want to be told by now. A crash after it
///    frees the claims after a minute, and the sweep asks again;
/// 2. mail (awaits): those of [`crate::post::Post::send`], which puts off what may not go yet.
///
/// A repeat finds nothing due. Whose rows are gone has none.
pub struct MailFellDueEventHandler {
    /// Whose clock, databases and post it works with.
    pub inbox: Inbox,
}

#[async_trait(?Send)]
impl EventHandler<MailFellDue> for MailFellDueEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, MailFellDue>]) -> Vec<Outcome> {
        let asked: BTreeSet<_> = deliveries.iter().map(|due| due.data.athlete_id).collect();
        let mut outcomes = BTreeMap::new();
        for (database, athletes) in self.inbox.shards.partition(asked.into_iter().collect()) {
            let outcome = self.send_due(database, &athletes).await;
            outcomes.extend(athletes.into_iter().map(|athlete| (athlete, outcome.clone())));
        }
        let outcome_of = |athlete: AthleteId| outcomes.get(&athlete).cloned();
        deliveries
            .iter()
            .map(|due| {
                outcome_of(due.data.athlete_id)
                    .unwrap_or_else(|| Outcome::transient("its athlete was not reached"))
            })
            .collect()
    }
}

impl MailFellDueEventHandler {
    async fn send_due(&self, database: &dyn Database, athletes: &[AthleteId]) -> Outcome {
        let now_ms = self.inbox.clock.now_ms();
        match notifications::claim_due(database, athletes, now_ms).await {
            Ok(due) => {
                self.inbox.post.send(database, &due.claimed, &due.preferences).await;
                Outcome::Done
            }
            Err(error) => error.into(),
        }
    }
}
