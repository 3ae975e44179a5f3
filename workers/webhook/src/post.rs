//! The mails that this worker holds a claim on: which of them go, and what became of each.
//!
//! A row of the inbox is the outbox of its mail. Claim, send, record: who dies between the first two
//! sends nothing, and after a minute the mail is anybody's again; who dies between the last two has
//! sent a mail that will be sent again (docs/adr/0007-mail-claims.md).

use crate::letter::Letter;
use crate::local_time::WallClock;
use chrono::{DateTime, Utc};
use platform::clock::TimeZones;
use platform::{Clock, Mailer, UnsubscribeKey};
use shared_kernel::{AthleteId, Channel, NotificationKind};
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::Database;
use storage::notifications::{self, CLAIM_MS, ClaimedMail, MailRecord, Preferences};

/// The record of sent mails is tried so often at once: what is not recorded is sent again.
const RECORD_TRIES: u32 = 3;
/// How long after each refusal a mail is tried again (ours: a hiccup, a restart, an outage).
const BACKOFF_MS: [i64; 4] = [60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000];
/// No mail is begun with less than this left of its claim: half of it, to send the mail and to record
/// it. A claim runs from when it was asked for: what a slow database takes is gone.
const LEFT_TO_SEND_MS: i64 = CLAIM_MS / 2;

/// Sends mails.
#[derive(Clone)]
pub struct Post {
    /// Who sends them.
    pub mailer: Rc<dyn Mailer>,
    /// For the time of a mail.
    pub clock: Rc<dyn Clock>,
    /// For the athletes' days and nights.
    pub time_zones: Rc<dyn TimeZones>,
    /// What makes links that end mails; without it mails have none.
    pub unsubscribe: Option<UnsubscribeLinks>,
}

/// What makes links that end mails of a kind.
#[derive(Clone)]
pub struct UnsubscribeLinks {
    /// Where the api is for everybody, without a slash at the end.
    pub base_url: String,
    /// The key of their tokens.
    pub key: UnsubscribeKey,
}

/// What is to be done with a claimed mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    /// It goes.
    Send(NotificationKind),
    /// It waits until then.
    PutOff(DateTime<Utc>),
    /// It never goes.
    Drop(&'static str),
}

/// What a mail is decided by.
#[derive(Clone, Copy)]
struct Situation<'a> {
    preferences: &'a Preferences,
    wall: WallClock<'a>,
    now: DateTime<Utc>,
    /// Mails of the athlete's day so far.
    mailed_today: i64,
}

impl Post {
    /// Sends the claimed mails that may go, in order.
    ///
    /// 1. decide, for each: whether it is still wanted, may go at this hour and on this day;
    /// 2. send (await each): a crash frees the claims after a minute;
    /// 3. record (await): sent, or when to try again. A crash before it, or a database that is
    ///    away for all tries, sends again what was sent and not recorded, once the claim is over.
    ///    That is the window that docs/operations.md admits.
    pub async fn send(
        &self,
        database: &dyn Database,
        claimed: &[ClaimedMail],
        preferences: &BTreeMap<AthleteId, Preferences>,
    ) {
        let mut mailed_today = self.mailed_today(claimed, preferences, self.clock.now());
        let mut records = Vec::new();
        for mail in claimed {
            // Who is gone took their rows along.
            let Some(preferences) = preferences.get(&mail.athlete_id) else { continue };
            let today = mailed_today.entry(mail.athlete_id).or_default();
            let wall = self.wall(preferences);
            let now = self.clock.now();
            let situation = Situation { preferences, wall, now, mailed_today: *today };
            let is_late = mail.claim_ends_at_ms - now.timestamp_millis() <= LEFT_TO_SEND_MS;
            let decision = if is_late { Decision::PutOff(now) } else { decide(mail, situation) };
            let record = self.carry_out(mail, decision, preferences).await;
            *today += i64::from(record.mailed_at_ms.is_some());
            records.push(record);
        }
        if !records.is_empty() {
            record(database, &records).await;
        }
    }

    async fn carry_out(
        &self,
        mail: &ClaimedMail,
        decision: Decision,
        preferences: &Preferences,
    ) -> MailRecord {
        let undone = MailRecord {
            athlete_id: mail.athlete_id,
            notification_id: mail.notification_id,
            claim_ends_at_ms: mail.claim_ends_at_ms,
            tries: mail.mail_attempt,
            mailed_at_ms: None,
            mail_due_at_ms: None,
            mail_error: None,
        };
        let kind = match decision {
            Decision::PutOff(until) => {
                log(mail, "put off", None);
                let mail_due_at_ms = Some(until.timestamp_millis());
                return MailRecord { tries: mail.mail_attempt - 1, mail_due_at_ms, ..undone };
            }
            Decision::Drop(reason) => {
                log(mail, "dropped", Some(reason));
                return MailRecord { mail_error: Some(reason.to_owned()), ..undone };
            }
            Decision::Send(kind) => kind,
        };
        match self.mailer.send(&self.letter(mail, kind, preferences)).await {
            Ok(()) => {
                log(mail, "sent", None);
                MailRecord { mailed_at_ms: Some(self.clock.now_ms()), ..undone }
            }
            Err(error) => {
                let error = error.to_string();
                log(mail, "refused", Some(&error));
                let mail_due_at_ms = next_try_at_ms(mail.mail_attempt, self.clock.now_ms());
                MailRecord { mail_due_at_ms, mail_error: Some(error), ..undone }
            }
        }
    }

    fn letter(
        &self,
        mail: &ClaimedMail,
        kind: NotificationKind,
        preferences: &Preferences,
    ) -> platform::Mail {
        let unsubscribe_url = self
            .unsubscribe
            .as_ref()
            .map(|links| links.key.link(&links.base_url, mail.athlete_id, kind))
            .unwrap_or_default();
        let letter = Letter {
            to: preferences.email.as_deref().unwrap_or_default(),
            display_name: &preferences.display_name,
            kind,
            title: &mail.title,
            body: &mail.body,
            data: &mail.data,
            unsubscribe_url: &unsubscribe_url,
        };
        letter.to_mail()
    }

    fn wall<'a>(&'a self, preferences: &'a Preferences) -> WallClock<'a> {
        WallClock { zone: &preferences.time_zone, time_zones: &*self.time_zones }
    }

    fn mailed_today(
        &self,
        claimed: &[ClaimedMail],
        preferences: &BTreeMap<AthleteId, Preferences>,
        now: DateTime<Utc>,
    ) -> BTreeMap<AthleteId, i64> {
        let mut counts = BTreeMap::new();
        for mail in claimed {
            let Some(preferences) = preferences.get(&mail.athlete_id) else { continue };
            counts.entry(mail.athlete_id).or_insert_with(|| {
                let began_ms = self.wall(preferences).day_began_at(now).timestamp_millis();
                preferences.mailed_at_ms.iter().map(|at| i64::from(*at >= began_ms)).sum()
            });
        }
        counts
    }
}

/// What is to be done with a claimed mail, by what its athlete wants now.
fn decide(mail: &ClaimedMail, situation: Situation<'_>) -> Decision {
    let Situation { preferences, wall, now, mailed_today } = situation;
    let Some(kind) = NotificationKind::parse(&mail.kind) else {
        return Decision::Drop("there is no such kind of news any more");
    };
    // Whoever held the claims before died of it, or lost what it had to record.
    if tries_before(mail) > BACKOFF_MS.len() {
        return Decision::Drop("given up");
    }
    if preferences.email.is_none() {
        return Decision::Drop("there is no address any more");
    }
    if !preferences.channels.allows(kind, Channel::Email) {
        return Decision::Drop("mail of this kind is switched off");
    }
    let due = wall.mail_due_at(now, preferences.quiet_hours);
    if due > now {
        return Decision::PutOff(due);
    }
    if mailed_today >= preferences.daily_mail_limit {
        return Decision::Drop("over the daily limit");
    }
    Decision::Send(kind)
}

fn tries_before(mail: &ClaimedMail) -> usize {
    usize::try_from(mail.mail_attempt - 1).unwrap_or(0)
}

/// When a refused mail is tried again; `None`: it was the last try.
fn next_try_at_ms(mail_attempt: i64, now_ms: i64) -> Option<i64> {
    let place = usize::try_from(mail_attempt - 1).ok()?;
    BACKOFF_MS.get(place).map(|pause_ms| now_ms + pause_ms)
}

async fn record(database: &dyn Database, records: &[MailRecord]) {
    for tries_left in (0..RECORD_TRIES).rev() {
        match notifications::record_mails(database, records).await {
            Ok(()) => return,
            Err(error) if tries_left == 0 => {
                tracing::error!(%error, mails = records.len(), "mails not recorded");
            }
            Err(_) => {}
        }
    }
}

fn log(mail: &ClaimedMail, outcome: &str, reason: Option<&str>) {
    tracing::info!(
        worker = "webhook",
        event_id = %mail.notification_id,
        athlete_id = %mail.athlete_id,
        kind = mail.kind,
        attempt = mail.mail_attempt,
        outcome,
        reason,
        "mail"
    );
}
