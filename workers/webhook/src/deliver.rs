//! Delivering news to people: the row in the inbox, and the mail that goes with it.

use crate::local_time::WallClock;
use crate::post::Post;
use chrono::{DateTime, TimeDelta, Utc};
use platform::Clock;
use platform::clock::TimeZones;
use serde_json::{Map, Value};
use shared_kernel::{AthleteId, Channel, Event, EventId, NewsKind, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use storage::database::write_splitting;
use storage::notifications::{self, NewNotification, Preferences};
use storage::{Database, Shards};

/// News for one athlete, as an event brought it.
#[derive(Clone, Debug, PartialEq)]
pub struct News<'a> {
    /// The event; its id is the key of the inbox row.
    pub event: &'a Event,
    /// Whose.
    pub athlete_id: AthleteId,
    /// What kind of news.
    pub kind: NewsKind,
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
}

type Key = (AthleteId, EventId);

impl Inbox {
    /// Delivers a batch of news: one outcome for each, in order.
    ///
    /// 1. read (await): the preferences of all athletes, one round trip;
    /// 2. decide: the rows, and from when on each is mailed;
    /// 3. write (await): the rows, keyed by event id, and the claims on the mails that may go; a
    ///    repeat changes no row and wins no claim while another holds it. From here on the news is
    ///    told, whatever becomes of its mail: the row is the outbox of it, and the api's sweep asks
    ///    for what falls due later;
    /// 4. mail (awaits): those of [`Post::send`].
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
            .filter_map(|item| self.row(item, preferences.get(&item.athlete_id)?, now))
            .collect();
        let written =
            write_splitting(&rows, async |part| notifications::store(database, part, now_ms).await)
                .await;
        let mut claimed = Vec::new();
        for (range, result) in written {
            match result {
                Ok(won) => claimed.extend(won),
                Err(error) => {
                    let outcome = Outcome::from(error);
                    let part = rows.get(range).unwrap_or_default();
                    let failed = part.iter().map(|row| (row.athlete_id, row.event_id));
                    outcomes.extend(failed.map(|key| (key, outcome.clone())));
                }
            }
        }
        self.post.send(database, &claimed, &preferences).await;
        outcomes
    }

    /// The row that news becomes. `None`: no inbox shows it and no mail tells it, or it is too old
    /// for an inbox: sent back by an operator, it would be told a second time.
    fn row(
        &self,
        news: &News<'_>,
        preferences: &Preferences,
        now: DateTime<Utc>,
    ) -> Option<NewNotification> {
        let expires_at = news.event.time + TimeDelta::days(news.kind.days_kept());
        let in_app = preferences.channels.allows(news.kind, Channel::InApp);
        let wall = WallClock { zone: &preferences.time_zone, time_zones: &*self.time_zones };
        let mail_due_at_ms = is_mailed(news, preferences)
            .then(|| wall.mail_due_at(now, preferences.quiet_hours).timestamp_millis());
        let is_told = expires_at > now && (in_app || mail_due_at_ms.is_some());
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
