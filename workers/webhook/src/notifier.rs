//! Delivers notifications: to the inbox, by email and to webhook endpoints.

use crate::email_sender::EmailSender;
use crate::fan_out;
use crate::local_time::LocalClock;
use crate::notification::Notification;
use crate::publisher::{WebhookEventPublisher, new_trace, webhook_delivery_requested};
use chrono::{DateTime, TimeDelta, Utc};
use platform::clock::TimeZones;
use platform::{Clock, Entropy};
use shared_kernel::{AthleteId, Channel, EventId, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use storage::database::write_splitting;
use storage::notifications::{
    self, NewInboxRow, NewNotification, Preferences, StoredNotifications,
};
use storage::webhooks::deliveries::DueDelivery;
use storage::{Database, Shards};

/// Delivers notifications.
#[derive(Clone)]
pub struct Notifier {
    pub shards: Shards,
    pub clock: Rc<dyn Clock>,
    pub time_zones: Rc<dyn TimeZones>,
    pub email_sender: EmailSender,
    pub publisher: WebhookEventPublisher,
    pub entropy: Rc<dyn Entropy>,
}

type Key = (AthleteId, EventId);

impl Notifier {
    /// Delivers a batch of notifications. Returns one outcome for each, in order.
    ///
    /// 1. read (await): the preferences and endpoints of all athletes, in one round trip;
    /// 2. decide: the inbox rows, the time of each email, and the deliveries to endpoints;
    /// 3. write (await): the rows, keyed by event id, the claims on emails that are due, and the
    ///    deliveries. A repeat changes no row, and claims no email that is claimed. After this step
    ///    nothing is lost: the rows are the outbox of emails and deliveries, and the api's sweep
    ///    publishes what is due;
    /// 4. publish (await): the due deliveries, one event each. After a crash before it, or a queue
    ///    error, the sweep publishes them within a minute;
    /// 5. email (awaits): [`EmailSender::send`].
    pub async fn deliver(&self, batch: &[Notification<'_>]) -> Vec<Outcome> {
        let mut outcomes = BTreeMap::new();
        for (database, part) in self.shards.partition(batch.iter().collect()) {
            outcomes.extend(self.deliver_part(database, &part).await);
        }
        let unreached = || Outcome::transient("the athlete's database was not reached");
        batch
            .iter()
            .map(|item| outcomes.get(&key(item)).cloned().unwrap_or_else(unreached))
            .collect()
    }

    async fn deliver_part(
        &self,
        database: &dyn Database,
        batch: &[&Notification<'_>],
    ) -> BTreeMap<Key, Outcome> {
        let now = self.clock.now();
        let now_ms = now.timestamp_millis();
        let athletes: BTreeSet<_> = batch.iter().map(|item| item.athlete_id).collect();
        let athletes: Vec<_> = athletes.into_iter().collect();
        let preferences = match notifications::preferences(database, &athletes, now_ms).await {
            Ok(preferences) => preferences,
            Err(error) => return all(batch, &error.into()),
        };
        let mut outcomes = all(batch, &Outcome::permanent("no such athlete"));
        let (known, rows): (Vec<_>, Vec<_>) = batch
            .iter()
            .filter_map(|item| {
                let preferences = preferences.get(&item.athlete_id)?;
                Some((*item, self.decide(item, preferences, now)))
            })
            .unzip();
        outcomes.extend(all(&known, &Outcome::Done));
        let written =
            write_splitting(&rows, async |part| notifications::store(database, part, now_ms).await)
                .await;
        let mut stored = StoredNotifications::default();
        for (range, result) in written {
            match result {
                Ok(part) => {
                    stored.claimed.extend(part.claimed);
                    stored.due.extend(part.due);
                }
                Err(error) => {
                    let failed = known.get(range).unwrap_or_default();
                    outcomes.extend(all(failed, &error.into()));
                }
            }
        }
        self.publish_due(&stored.due, now).await;
        self.email_sender.send(database, &stored.claimed, &preferences).await;
        outcomes
    }

    async fn publish_due(&self, due: &[DueDelivery], now: DateTime<Utc>) {
        let event = |due| webhook_delivery_requested(due, "new", new_trace(&*self.entropy), now);
        let events: Vec<_> = due.iter().map(event).collect();
        self.publisher.publish_after(0, &events).await;
    }

    /// Decides the rows of a notification. Returns none for one that has expired: a redriven event
    /// must not notify the athlete twice.
    fn decide(
        &self,
        notification: &Notification<'_>,
        preferences: &Preferences,
        now: DateTime<Utc>,
    ) -> NewNotification {
        let kind = notification.kind;
        let expires_at = notification.event.time + TimeDelta::days(kind.policy().retention_days);
        if expires_at <= now {
            return NewNotification::default();
        }
        let mut deliveries = Vec::new();
        if preferences.channels.allows(kind, Channel::Webhook) {
            // Fails only for a payload that is too long even in thin form, which none of ours is.
            deliveries = fan_out::deliveries(notification, &preferences.targets)
                .inspect_err(|error| tracing::error!(worker = "webhook", %error, "no payload"))
                .unwrap_or_default();
        }
        let in_app = preferences.channels.allows(kind, Channel::InApp);
        let local_clock =
            LocalClock { zone: &preferences.time_zone, time_zones: &*self.time_zones };
        let mail_due_at_ms = is_emailed(notification, preferences)
            .then(|| local_clock.email_due_at(now, preferences.quiet_hours).timestamp_millis());
        let row = (in_app || mail_due_at_ms.is_some()).then(|| NewInboxRow {
            athlete_id: notification.athlete_id,
            event_id: notification.event.id,
            kind,
            title: notification.title.clone(),
            body: notification.body.clone(),
            data: notification.data.clone(),
            created_at_ms: notification.event.time.timestamp_millis(),
            expires_at_ms: expires_at.timestamp_millis(),
            in_app,
            mail_due_at_ms,
        });
        NewNotification { inbox_row: row, deliveries }
    }
}

const fn key(notification: &Notification<'_>) -> Key {
    (notification.athlete_id, notification.event.id)
}

fn all(batch: &[&Notification<'_>], outcome: &Outcome) -> BTreeMap<Key, Outcome> {
    batch.iter().map(|item| (key(item), outcome.clone())).collect()
}

/// A notification is emailed when the athlete has an address, allows emails of its kind, and its
/// confidence reaches the athlete's threshold.
fn is_emailed(notification: &Notification<'_>, preferences: &Preferences) -> bool {
    preferences.email.is_some()
        && preferences.channels.allows(notification.kind, Channel::Email)
        && notification.confidence.is_none_or(|it| it >= preferences.email_threshold)
}
