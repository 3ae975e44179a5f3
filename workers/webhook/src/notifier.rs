//! Delivers notifications: to the inbox, by email and to webhook endpoints.

use crate::email_sender::EmailSender;
use crate::fan_out;
use crate::local_time::LocalClock;
use crate::notification::{Confirmation, Notification, Requested};
use crate::publisher::{SOURCE, WebhookEventPublisher};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use platform::clock::{TimeZones, new_trace};
use platform::{Clock, Entropy};
use serde_json::Map;
use shared_kernel::links::CONFIRMATION_DAYS;
use shared_kernel::{Channel, EmailKind, Event, Outcome};
use std::collections::BTreeSet;
use std::rc::Rc;
use storage::database::write_splitting;
use storage::notifications::{
    self, NewInboxRow, NewNotification, Preferences, Slot, StoredNotifications,
};
use storage::shards::concurrently;
use storage::webhooks::DueDelivery;
use storage::{Database, Shards};

/// The age up to which a notification is shown, as that of the training in `training::calendar`.
const RECENT: TimeDelta = TimeDelta::days(14);

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

impl Notifier {
    /// Delivers a batch of requested messages. Returns one outcome for each, in order.
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
    pub async fn deliver(&self, batch: &[Requested<'_>]) -> Vec<Outcome> {
        let unreached = || Outcome::transient("the athlete's database was not reached");
        let mut outcomes: Vec<_> = batch.iter().map(|_| unreached()).collect();
        let items = batch.iter().zip(&mut outcomes);
        let parts = self.shards.partition(items, |(requested, _)| requested.athlete_id());
        let work = parts.into_iter().map(|(database, part)| self.deliver_part(database, part));
        concurrently(work).await;
        outcomes
    }

    /// Delivers the notifications of one database, and sets their outcomes.
    async fn deliver_part(
        &self,
        database: &dyn Database,
        part: Vec<(&Requested<'_>, &mut Outcome)>,
    ) {
        let now = self.clock.now();
        let now_ms = now.timestamp_millis();
        let athletes: BTreeSet<_> =
            part.iter().map(|(requested, _)| requested.athlete_id()).collect();
        let athletes: Vec<_> = athletes.into_iter().collect();
        let preferences = match notifications::preferences(database, &athletes, now_ms).await {
            Ok(preferences) => preferences,
            Err(error) => {
                let failed = Outcome::from(error);
                for (_, outcome) in part {
                    outcome.clone_from(&failed);
                }
                return;
            }
        };
        let (mut rows, mut outcomes) = (Vec::new(), Vec::new());
        for (requested, outcome) in part {
            if let Some(preferences) = preferences.get(&requested.athlete_id()) {
                rows.push(match requested {
                    Requested::Notification(it) => self.decide(it, preferences, now),
                    Requested::Confirmation(it) => decide_confirmation(*it, preferences, now),
                });
                outcomes.push(outcome);
            } else {
                *outcome = Outcome::permanent("no such athlete");
            }
        }
        let stored = write(database, &rows, &mut outcomes, now_ms).await;
        self.publish_due(&stored.due, now).await;
        self.email_sender.send(database, &stored.claimed, &preferences).await;
    }

    /// Publishes a request to deliver for each new delivery. The sweep publishes those that are lost.
    pub async fn publish_due(&self, due: &[DueDelivery], now: DateTime<Utc>) {
        let event = |due: &DueDelivery| {
            let trace = new_trace(&*self.entropy);
            Event::webhook_delivery_requested(due.request(), SOURCE, "new", trace, now)
        };
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
            // A thin payload is always short enough.
            deliveries = fan_out::notification_deliveries(notification, &preferences.targets)
                .inspect_err(|error| tracing::error!(worker = "webhook", %error, "no payload"))
                .unwrap_or_default();
        }
        let local_clock =
            LocalClock { zone: &preferences.time_zone, time_zones: &*self.time_zones };
        let slot = slot(notification, local_clock.today(now), now);
        let is_held = slot.held == Some(1);
        let in_app = preferences.channels.allows(kind, Channel::InApp);
        let is_emailed = !is_held && is_emailed(notification, preferences);
        let mail_due_at_ms = is_emailed
            .then(|| local_clock.email_due_at(now, preferences.quiet_hours).timestamp_millis());
        let row = (in_app || mail_due_at_ms.is_some()).then(|| NewInboxRow {
            athlete_id: notification.athlete_id,
            event_id: notification.event.id,
            kind: EmailKind::Notification(kind),
            title: notification.title.clone(),
            body: notification.body.clone(),
            data: notification.data.clone(),
            created_at_ms: notification.event.time.timestamp_millis(),
            expires_at_ms: expires_at.timestamp_millis(),
            in_app: in_app && !is_held,
            mail_due_at_ms,
            slot,
        });
        NewNotification { inbox_row: row, deliveries }
    }
}

/// Decides the row of a confirmation, which is only the outbox of its email. Returns none for one that
/// has expired, and for an address that is confirmed.
fn decide_confirmation(
    confirmation: Confirmation<'_>,
    preferences: &Preferences,
    now: DateTime<Utc>,
) -> NewNotification {
    let expires_at = confirmation.event.time + TimeDelta::days(CONFIRMATION_DAYS);
    if expires_at <= now || preferences.email_confirmed {
        return NewNotification::default();
    }
    let row = NewInboxRow {
        athlete_id: confirmation.athlete_id,
        event_id: confirmation.event.id,
        kind: EmailKind::Confirmation,
        title: String::new(),
        body: String::new(),
        data: Map::new(),
        created_at_ms: confirmation.event.time.timestamp_millis(),
        expires_at_ms: expires_at.timestamp_millis(),
        in_app: false,
        mail_due_at_ms: Some(now.timestamp_millis()),
        slot: Slot::EXEMPT,
    };
    NewNotification { inbox_row: Some(row), deliveries: Vec::new() }
}

/// Stores the notifications, and sets the outcome of each.
async fn write(
    database: &dyn Database,
    rows: &[NewNotification],
    outcomes: &mut [&mut Outcome],
    now_ms: i64,
) -> StoredNotifications {
    let mut stored = StoredNotifications::default();
    let store = async |rows: &[_]| notifications::store(database, rows, now_ms).await;
    for (range, result) in write_splitting(rows, store).await {
        let outcome = match result {
            Ok(part) => {
                stored.claimed.extend(part.claimed);
                stored.due.extend(part.due);
                Outcome::Done
            }
            Err(error) => error.into(),
        };
        for slot in outcomes.get_mut(range).unwrap_or_default() {
            slot.clone_from(&outcome);
        }
    }
    stored
}

/// Returns the claim of a notification on the attention budget. One about what happened more than two weeks ago
/// is held.
fn slot(notification: &Notification<'_>, today: NaiveDate, now: DateTime<Utc>) -> Slot {
    let confidence = notification.confidence.unwrap_or(1.0);
    let Some(rank) = notification.kind.slot_rank(confidence) else {
        return Slot::EXEMPT;
    };
    if now - notification.event.time > RECENT {
        return Slot { slot_day: None, slot_rank: Some(rank), held: Some(1) };
    }
    Slot::claim(today, rank)
}

/// A notification is emailed when the athlete has a confirmed address, allows emails of its kind, and its
/// confidence reaches the athlete's threshold.
fn is_emailed(notification: &Notification<'_>, preferences: &Preferences) -> bool {
    preferences.email.is_some()
        && preferences.email_confirmed
        && preferences.channels.allows(notification.kind, Channel::Email)
        && notification.confidence.is_none_or(|it| it >= preferences.email_threshold)
}
