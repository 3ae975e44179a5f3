//! `MailFellDueEventHandler`: sends the emails that are due.

use crate::notifier::Notifier;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::payload::MailFellDue;
use shared_kernel::{AthleteId, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use storage::shards::concurrently;
use storage::{Database, notifications};

/// Sends the due emails of the batch's athletes.
///
/// 1. claim (await): the due emails, and read their athletes' preferences. After a crash the claims
///    expire within a minute, and the sweep publishes the event again;
/// 2. email (awaits): [`crate::email_sender::EmailSender::send`], which postpones an email that may
///    not be sent yet.
///
/// A repeated event, or one for a deleted athlete, finds nothing due.
pub struct MailFellDueEventHandler {
    pub notifier: Notifier,
}

#[async_trait(?Send)]
impl EventHandler<MailFellDue> for MailFellDueEventHandler {
    async fn handle(&self, deliveries: &[Delivery<'_, MailFellDue>]) -> Vec<Outcome> {
        let athletes: BTreeSet<_> = deliveries.iter().map(|due| due.data.athlete_id).collect();
        let parts = self.notifier.shards.partition(athletes, |athlete_id| *athlete_id);
        let work = parts.iter().map(|(database, athletes)| self.send_due(*database, athletes));
        let outcomes: BTreeMap<_, _> = concurrently(work).await.into_iter().flatten().collect();
        let unreached = || Outcome::transient("the athlete's database was not reached");
        deliveries
            .iter()
            .map(|due| outcomes.get(&due.data.athlete_id).cloned().unwrap_or_else(unreached))
            .collect()
    }
}

impl MailFellDueEventHandler {
    /// Sends the due emails of athletes of one database. Returns an outcome for each athlete.
    async fn send_due(
        &self,
        database: &dyn Database,
        athletes: &[AthleteId],
    ) -> Vec<(AthleteId, Outcome)> {
        let now_ms = self.notifier.clock.now_ms();
        let outcome = match notifications::claim_due_emails(database, athletes, now_ms).await {
            Ok(due) => {
                self.notifier.email_sender.send(database, &due.claimed, &due.preferences).await;
                Outcome::Done
            }
            Err(error) => error.into(),
        };
        athletes.iter().map(|athlete_id| (*athlete_id, outcome.clone())).collect()
    }
}
