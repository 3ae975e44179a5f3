//! `MailFellDueEventHandler`: sends the emails that are due.

use crate::notifier::Notifier;
use async_trait::async_trait;
use platform::{Delivery, EventHandler};
use shared_kernel::Outcome;
use shared_kernel::payload::MailFellDue;
use std::collections::BTreeSet;
use storage::notifications;

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
        let mut outcome = Outcome::Done;
        for (database, athletes) in self.notifier.shards.partition(athletes.into_iter().collect()) {
            let now_ms = self.notifier.clock.now_ms();
            match notifications::claim_due_emails(database, &athletes, now_ms).await {
                Ok(due) => {
                    self.notifier.email_sender.send(database, &due.claimed, &due.preferences).await;
                }
                Err(error) => outcome = error.into(),
            }
        }
        vec![outcome; deliveries.len()]
    }
}
