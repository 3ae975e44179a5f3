//! Delivering news to people: the row in the inbox, and the mail that goes with it.

use crate::letter::Letter;
use platform::{Clock, Mail, Mailer};
use serde_json::{Map, Value};
use shared_kernel::{AthleteId, Event, EventId, NewsKind, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use storage::database::write_splitting;
use storage::notifications::{self, NewNotification, Preferences};
use storage::{Database, Shards};

/// The record of sent mails is tried so often at once: what is not recorded is sent again.
const RECORD_TRIES: u32 = 3;

/// News for one athlete, as an event brought it.
#[derive(Clone, Debug, PartialEq)]
pub struct News<'a> {
    /// The event; its id is the key of the inbox row.
    pub event: &'a Event,
    /// Whose.
    pub athlete_id: AthleteId,
    /// Which delivery of the event this is.
    pub attempt: u32,
    /// What kind of news.
    pub kind: String,
    /// A line.
    pub title: String,
    /// The text.
    pub body: String,
    /// The numbers for machines.
    pub data: Map<String, Value>,
    /// How sure it is; news without a confidence is not mailed.
    pub confidence: Option<f64>,
}

/// Delivers news.
#[derive(Clone)]
pub struct Inbox {
    /// Where inboxes and preferences are.
    pub shards: Shards,
    /// Who sends the mails.
    pub mailer: Rc<dyn Mailer>,
    /// For the time of a mail.
    pub clock: Rc<dyn Clock>,
}

type Key = (AthleteId, EventId);

impl Inbox {
    /// Delivers a batch of news: one outcome for each, in order.
    ///
    /// 1. read (await): the preferences of all athletes, one round trip;
    /// 2. decide: the rows, and which of them are mailed;
    /// 3. write (await): the rows, keyed by event id, and the claims on the mails; a repeat
    ///    changes no row and wins no claim;
    /// 4. act (await): send the mails whose claim was won;
    /// 5. record (await): sent, or refused and free again.
    ///
    /// A crash between 4 and 5, or a database that is away for all tries of 5, leaves claims that
    /// a later attempt takes over: it sends the mails of this batch again that were sent and not
    /// recorded. That is the window that docs/operations.md admits.
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
        let athletes: BTreeSet<_> = news.iter().map(|item| item.athlete_id).collect();
        let athletes: Vec<_> = athletes.into_iter().collect();
        let preferences = match notifications::preferences(database, &athletes).await {
            Ok(preferences) => preferences,
            Err(error) => return all(news, &error.into()),
        };
        let (known, strangers): (Vec<_>, Vec<_>) =
            news.iter().copied().partition(|item| preferences.contains_key(&item.athlete_id));
        let mut outcomes = all(&strangers, &Outcome::permanent("there is no such athlete"));
        let rows: Vec<_> = known.iter().map(|item| row(item, &preferences)).collect();
        let written = write_splitting(&rows, async |part| {
            notifications::store_and_claim(database, part).await
        })
        .await;
        let mut claimed = BTreeSet::new();
        for (range, result) in written {
            let part = known.get(range).unwrap_or_default();
            match result {
                Ok(won) => {
                    outcomes.extend(all(part, &Outcome::Done));
                    claimed.extend(won);
                }
                Err(error) => outcomes.extend(all(part, &error.into())),
            }
        }
        if !claimed.is_empty() {
            let mails: Vec<_> = known
                .into_iter()
                .filter(|item| claimed.contains(&(item.athlete_id, item.event.id)))
                .collect();
            outcomes.extend(self.send_mails(database, &mails, &preferences).await);
        }
        outcomes
    }

    async fn send_mails(
        &self,
        database: &dyn Database,
        news: &[&News<'_>],
        preferences: &BTreeMap<AthleteId, Preferences>,
    ) -> BTreeMap<Key, Outcome> {
        let mut sent = BTreeSet::new();
        let mut refused = BTreeMap::new();
        for item in news {
            let key = (item.athlete_id, item.event.id);
            let Some(mail) = preferences.get(&item.athlete_id).and_then(|p| mail(item, p)) else {
                continue;
            };
            // A batch may hold an event twice; its mail goes once.
            if sent.contains(&key) {
                continue;
            }
            match self.mailer.send(&mail).await {
                Ok(()) => {
                    sent.insert(key);
                    refused.remove(&key);
                }
                Err(error) => {
                    refused.insert(key, Outcome::transient(error));
                }
            }
        }
        let sent: Vec<_> = sent.into_iter().collect();
        let free: Vec<_> = news
            .iter()
            .filter(|item| refused.contains_key(&(item.athlete_id, item.event.id)))
            .map(|item| (item.athlete_id, item.event.id, item.attempt))
            .collect();
        let mut recorded = Ok(());
        for _ in 0..RECORD_TRIES {
            let now_ms = self.clock.now_ms();
            recorded = notifications::record_mails(database, &sent, &free, now_ms).await;
            if recorded.is_ok() {
                break;
            }
        }
        match recorded {
            Ok(()) => refused,
            Err(error) => all(news, &error.into()),
        }
    }
}

fn all(news: &[&News<'_>], outcome: &Outcome) -> BTreeMap<Key, Outcome> {
    news.iter().map(|item| ((item.athlete_id, item.event.id), outcome.clone())).collect()
}

fn row(news: &News<'_>, preferences: &BTreeMap<AthleteId, Preferences>) -> NewNotification {
    let mailed =
        preferences.get(&news.athlete_id).is_some_and(|preferences| is_mailed(news, preferences));
    NewNotification {
        athlete_id: news.athlete_id,
        event_id: news.event.id,
        kind: news.kind.clone(),
        title: news.title.clone(),
        body: news.body.clone(),
        data: news.data.clone(),
        created_at_ms: news.event.time.timestamp_millis(),
        mail_attempt: mailed.then_some(news.attempt),
    }
}

/// News goes by mail when it is at least as sure as the athlete wants it, and an address is set.
fn is_mailed(news: &News<'_>, preferences: &Preferences) -> bool {
    preferences.email.is_some()
        && news.confidence.is_some_and(|confidence| confidence >= preferences.email_threshold)
}

fn mail(news: &News<'_>, preferences: &Preferences) -> Option<Mail> {
    let letter = Letter {
        to: preferences.email.as_deref()?,
        display_name: &preferences.display_name,
        kind: NewsKind::parse(&news.kind)?,
        title: &news.title,
        body: &news.body,
        data: &news.data,
        unsubscribe_url: "",
    };
    Some(letter.to_mail())
}
