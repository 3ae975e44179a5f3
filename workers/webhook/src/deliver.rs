//! Delivering news to people: the row in the inbox, and the mail that goes with it.

use crate::fan_out;
use crate::local_time::WallClock;
use crate::post::Post;
use crate::publisher::{WebhookEventPublisher, webhook_delivery_requested};
use chrono::{DateTime, TimeDelta, Utc};
use platform::clock::TimeZones;
use platform::{Clock, Entropy};
use serde_json::{Map, Value};
use shared_kernel::{AthleteId, Channel, Event, EventId, NotificationKind, Outcome, TraceContext};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use storage::database::write_splitting;
use storage::notifications::{self, NewNews, NewNotification, Preferences, StoredNews};
use storage::webhooks::deliveries::Overdue;
use storage::{Database, Shards};

/// News for one athlete, as an event brought it.
#[derive(Clone, Debug, PartialEq)]
pub struct News<'a> {
    /// The event; its id is the key of the inbox row.
    pub event: &'a Event,
    /// Whose.
    pub athlete_id: AthleteId,
    /// What kind of news.
    pub kind: NotificationKind,
    /// A line.
    pub title: String,
    /// The text.
    pub body: String,
    /// The numbers for machines.
    pub data: Map<String, Value>,
    /// How sure it is; `None` is sure.
    pub confidence: Option<f64>,
}

/// Delivers news.
#[derive(Clone)]
pub struct Inbox {
    /// Where inboxes and preferences are.
    pub shards: Shards,
    /// The time.
    pub clock: Rc<dyn Clock>,
    /// For the athletes' nights.
    pub time_zones: Rc<dyn TimeZones>,
    /// Who sends the mails.
    pub post: Post,
    /// Who has the webhooks delivered.
    pub publisher: WebhookEventPublisher,
    /// For the traces of their deliveries.
    pub entropy: Rc<dyn Entropy>,
}

type Key = (AthleteId, EventId);

impl Inbox {
    /// Delivers a batch of news: one outcome for each, in order.
    ///
    /// 1. read (await): the preferences and the endpoints of all athletes, one round trip;
    /// 2. decide: the rows, from when on each is mailed, and what each endpoint gets;
    /// 3. write (await): the rows, keyed by event id, the claims on the mails that may go, and the
    ///    deliveries; a repeat changes no row and wins no claim while another holds it. From here on
    ///    the news is told, whatever becomes of the rest: the rows are the outbox of mails and
    ///    deliveries, and the api's sweep asks for what is due;
    /// 4. publish (await): that deliveries are due, one event each. A crash before it, or a queue that
    ///    refuses: the sweep wakes their endpoints within a minute;
    /// 5. mail (awaits): those of [`Post::send`].
    pub async fn deliver(&self, news: &[News<'_>]) -> Vec<Outcome> {
        let mut outcomes = BTreeMap::new();
        for (database, part) in self.shards.partition(news.iter().collect()) {
            outcomes.extend(self.deliver_part(database, &part).await);
        }
        news.iter()
            .map(|item| {
                outcomes
                    .get(&(item.athlete_id, item.event.id))
                    .cloned()
                    .unwrap_or_else(|| Outcome::transient("its athlete was not reached"))
            })
            .collect()
    }

    async fn deliver_part(
        &self,
        database: &dyn Database,
        news: &[&News<'_>],
    ) -> BTreeMap<Key, Outcome> {
        let now = self.clock.now();
        let now_ms = now.timestamp_millis();
        let athletes: BTreeSet<_> = news.iter().map(|item| item.athlete_id).collect();
        let athletes: Vec<_> = athletes.into_iter().collect();
        let preferences = match notifications::preferences(database, &athletes, now_ms).await {
            Ok(preferences) => preferences,
            Err(error) => return all(news, &error.into()),
        };
        let (known, strangers): (Vec<_>, Vec<_>) =
            news.iter().copied().partition(|item| preferences.contains_key(&item.athlete_id));
        let mut outcomes = all(&known, &Outcome::Done);
        outcomes.extend(all(&strangers, &Outcome::permanent("there is no such athlete")));
        let rows: Vec<_> = known
            .iter()
            .map(|item| self.decide(item, preferences.get(&item.athlete_id), now))
            .collect();
        let written =
            write_splitting(&rows, async |part| notifications::store(database, part, now_ms).await)
                .await;
        let mut stored = StoredNews::default();
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
        self.have_delivered(&stored.due, now).await;
        self.post.send(database, &stored.claimed, &preferences).await;
        outcomes
    }

    async fn have_delivered(&self, due: &[Overdue], now: DateTime<Utc>) {
        let requested = |due| {
            let mut random = [0; 24];
            self.entropy.fill(&mut random);
            webhook_delivery_requested(due, "new", TraceContext::from_random(random), now)
        };
        let events: Vec<_> = due.iter().map(requested).collect();
        if let Err(error) = self.publisher.publish_after(0, &events).await {
            tracing::warn!(worker = "webhook", %error, "left to the sweep");
        }
    }

    /// What news becomes. Nothing when it is too old for an inbox: sent back by an operator, it
    /// would be told a second time.
    fn decide(
        &self,
        news: &News<'_>,
        preferences: Option<&Preferences>,
        now: DateTime<Utc>,
    ) -> NewNews {
        let expires_at = news.event.time + TimeDelta::days(news.kind.policy().retention_days);
        let Some(preferences) = preferences.filter(|_| expires_at > now) else {
            return NewNews::default();
        };
        let mut deliveries = Vec::new();
        if preferences.channels.allows(news.kind, Channel::Webhook) {
            // Even a thin one is too long, or no JSON: none of our news is.
            deliveries = fan_out::deliveries(news, &preferences.targets)
                .inspect_err(|error| tracing::error!(worker = "webhook", %error, "no payload"))
                .unwrap_or_default();
        }
        NewNews { notification: self.row(news, preferences, now), deliveries }
    }

    /// The row that news becomes. `None`: no inbox shows it and no mail tells it.
    fn row(
        &self,
        news: &News<'_>,
        preferences: &Preferences,
        now: DateTime<Utc>,
    ) -> Option<NewNotification> {
        let expires_at = news.event.time + TimeDelta::days(news.kind.policy().retention_days);
        let in_app = preferences.channels.allows(news.kind, Channel::InApp);
        let wall = WallClock { zone: &preferences.time_zone, time_zones: &*self.time_zones };
        let mail_due_at_ms = is_mailed(news, preferences)
            .then(|| wall.mail_due_at(now, preferences.quiet_hours).timestamp_millis());
        let is_told = in_app || mail_due_at_ms.is_some();
        is_told.then(|| NewNotification {
            athlete_id: news.athlete_id,
            event_id: news.event.id,
            kind: news.kind,
            title: news.title.clone(),
            body: news.body.clone(),
            data: news.data.clone(),
            created_at_ms: news.event.time.timestamp_millis(),
            expires_at_ms: expires_at.timestamp_millis(),
            in_app,
            mail_due_at_ms,
        })
    }
}

fn all(news: &[&News<'_>], outcome: &Outcome) -> BTreeMap<Key, Outcome> {
    news.iter().map(|item| ((item.athlete_id, item.event.id), outcome.clone())).collect()
}

/// News goes by mail when an address is set, the athlete wants mail of its kind, and it is at least
/// as sure as they want it.
fn is_mailed(news: &News<'_>, preferences: &Preferences) -> bool {
    preferences.email.is_some()
        && preferences.channels.allows(news.kind, Channel::Email)
        && news.confidence.is_none_or(|confidence| confidence >= preferences.email_threshold)
}
