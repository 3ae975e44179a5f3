//! Sends the emails that this worker has claimed, and records the results.
//!
//! An inbox row is the outbox of its email. The order is claim, send, record. After a crash before
//! sending, the claim expires within a minute, and the email is due again. After a crash between
//! sending and recording, the email is sent twice (docs/adr/0007-mail-claims.md). Limits without a
//! source are project defaults.

use crate::email::{ConfirmationEmail, EmailContent};
use crate::local_time::LocalClock;
use chrono::{DateTime, Utc};
use platform::clock::TimeZones;
use platform::email::{EmailError, EmailFailure};
use platform::{Clock, Email, Mailer};
use shared_kernel::{AthleteId, Channel, EmailKind, LinkKey, NotificationKind};
use std::collections::BTreeMap;
use std::rc::Rc;
use storage::Database;
use storage::notifications::{self, CLAIM_MS, ClaimedEmail, EmailResult, Preferences};
use tracing::Level;

/// Tries to record sent emails: an email that is not recorded is resent.
const RECORD_TRIES: u32 = 3;
/// The delay after each transient failure of the mail service: for a hiccup, a restart, an outage.
const BACKOFF_MS: [i64; 4] = [60_000, 5 * 60_000, 30 * 60_000, 2 * 3_600_000];
/// An email is held for this long when the account's daily quota is used up.
const QUOTA_HOLD_MS: i64 = DAY_MS;
/// An email is held for this long when the account is not set up: after a fix it is sent soon.
const FIX_HOLD_MS: i64 = 3_600_000;
/// An email is not held past this age of its notification: then it says nothing new, and more emails
/// wait than the quota can ever send.
const HELD_AGE_MS_MAX: i64 = 6 * DAY_MS;
const DAY_MS: i64 = 86_400_000;
/// No email is sent with less than this left of its claim, to leave time for recording it.
const CLAIM_LEFT_MS_MIN: i64 = CLAIM_MS / 2;

/// Sends emails.
#[derive(Clone)]
pub struct EmailSender {
    pub mailer: Rc<dyn Mailer>,
    pub clock: Rc<dyn Clock>,
    pub time_zones: Rc<dyn TimeZones>,
    /// Without it emails have no unsubscribe link, and no address can be confirmed by a link.
    pub links: Option<Links>,
}

/// Creates the links in emails.
#[derive(Clone)]
pub struct Links {
    /// The api's public URL, without a trailing slash.
    pub base_url: String,
    pub key: LinkKey,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Decision {
    Send(EmailKind),
    Postpone(DateTime<Utc>),
    Drop(&'static str),
}

/// The next step of an email that the mail service did not accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum AfterFailure {
    /// The try counts, and there is another one after this time.
    Retry { after_ms: i64 },
    /// The try does not count: no other email can be sent either.
    Hold { after_ms: i64 },
    /// The email is never sent.
    Drop,
}

/// Decides the next step after a failure and `retries` earlier tries, for an email whose notification is
/// `age_ms` old.
fn decide_after(failure: EmailFailure, retries: usize, age_ms: i64) -> AfterFailure {
    let hold = |after_ms| {
        let is_in_time = age_ms + after_ms <= HELD_AGE_MS_MAX;
        if is_in_time { AfterFailure::Hold { after_ms } } else { AfterFailure::Drop }
    };
    match failure {
        EmailFailure::Transient => BACKOFF_MS
            .get(retries)
            .map_or(AfterFailure::Drop, |after_ms| AfterFailure::Retry { after_ms: *after_ms }),
        EmailFailure::QuotaExhausted => hold(QUOTA_HOLD_MS),
        EmailFailure::Misconfigured => hold(FIX_HOLD_MS),
        EmailFailure::Suppressed | EmailFailure::Invalid => AfterFailure::Drop,
    }
}

impl EmailSender {
    /// Sends the claimed emails that may be sent, in order.
    ///
    /// 1. decide, for each: whether the athlete still wants it, and whether it may be sent now;
    /// 2. send (await each). After a crash the claims expire. Once one email is held, the service would
    ///    hold the others too: they are held without asking it;
    /// 3. record (await): that it was sent, or when to retry. After a crash before it, or when every
    ///    try to record fails, the email is resent once the claim has expired.
    pub async fn send(
        &self,
        database: &dyn Database,
        claimed: &[ClaimedEmail],
        preferences: &BTreeMap<AthleteId, Preferences>,
    ) {
        let started_at = self.clock.now();
        let mut sent_today = BTreeMap::new();
        let mut holding = None;
        let mut records = Vec::new();
        for email in claimed {
            // The rows of a deleted athlete are deleted too.
            let Some(preferences) = preferences.get(&email.athlete_id) else { continue };
            let sent_today = sent_today
                .entry(email.athlete_id)
                .or_insert_with(|| self.sent_today(preferences, started_at));
            let decision = self.decide(email, preferences, *sent_today);
            let record = self.carry_out(email, decision, preferences, &mut holding).await;
            let is_counted = email.kind != EmailKind::Confirmation.as_str();
            *sent_today += i64::from(is_counted && record.mailed_at_ms.is_some());
            records.push(record);
        }
        if !records.is_empty() {
            record(database, &records).await;
        }
    }

    /// Decides by the athlete's current preferences.
    fn decide(&self, email: &ClaimedEmail, preferences: &Preferences, sent_today: i64) -> Decision {
        let now = self.clock.now();
        if email.claim_ends_at_ms - now.timestamp_millis() <= CLAIM_LEFT_MS_MIN {
            return Decision::Postpone(now);
        }
        let Some(kind) = EmailKind::parse(&email.kind) else {
            return Decision::Drop("unknown kind of email");
        };
        // Earlier claims ended in a crash or were not recorded.
        if retries(email) > BACKOFF_MS.len() {
            return Decision::Drop("retries exhausted");
        }
        if preferences.email.is_none() {
            return Decision::Drop("no email address");
        }
        match kind {
            EmailKind::Confirmation => self.decide_confirmation(preferences),
            EmailKind::Notification(kind) => {
                self.decide_notification(kind, preferences, sent_today)
            }
        }
    }

    /// A confirmation follows no preference and no limit: the athlete has requested it.
    fn decide_confirmation(&self, preferences: &Preferences) -> Decision {
        if preferences.email_confirmed {
            Decision::Drop("email address is already confirmed")
        } else if self.links.is_none() {
            Decision::Drop("no public URL or key for the link")
        } else {
            Decision::Send(EmailKind::Confirmation)
        }
    }

    fn decide_notification(
        &self,
        kind: NotificationKind,
        preferences: &Preferences,
        sent_today: i64,
    ) -> Decision {
        let now = self.clock.now();
        if !preferences.email_confirmed {
            return Decision::Drop("email address is not confirmed");
        }
        if !preferences.channels.allows(kind, Channel::Email) {
            return Decision::Drop("emails of this kind are disabled");
        }
        let due = self.local_clock(preferences).email_due_at(now, preferences.quiet_hours);
        if due > now {
            return Decision::Postpone(due);
        }
        if sent_today >= preferences.daily_mail_limit {
            return Decision::Drop("over the daily limit");
        }
        Decision::Send(EmailKind::Notification(kind))
    }

    /// Sends, postpones or drops an email. `holding` is the error with which the service has held an earlier
    /// email of the batch.
    async fn carry_out(
        &self,
        email: &ClaimedEmail,
        decision: Decision,
        preferences: &Preferences,
        holding: &mut Option<EmailError>,
    ) -> EmailResult {
        let record = EmailResult {
            athlete_id: email.athlete_id,
            notification_id: email.notification_id,
            claim_ends_at_ms: email.claim_ends_at_ms,
            tries: email.mail_attempt,
            mailed_at_ms: None,
            mail_due_at_ms: None,
            mail_error: None,
        };
        let kind = match decision {
            Decision::Postpone(until) => {
                log(email, Level::INFO, "postponed", None);
                let mail_due_at_ms = Some(until.timestamp_millis());
                return EmailResult { tries: email.mail_attempt - 1, mail_due_at_ms, ..record };
            }
            Decision::Drop(reason) => {
                log(email, Level::INFO, "dropped", Some(reason));
                return EmailResult { mail_error: Some(reason.to_owned()), ..record };
            }
            Decision::Send(kind) => kind,
        };
        let sent = match &*holding {
            Some(error) => Err(error.clone()),
            None => self.mailer.send(&self.render(email, kind, preferences)).await,
        };
        match sent {
            Ok(()) => {
                log(email, Level::INFO, "sent", None);
                EmailResult { mailed_at_ms: Some(self.clock.now_ms()), ..record }
            }
            Err(error) => {
                let after = self.decide_after(email, &error);
                let (tries, after_ms) = match after {
                    AfterFailure::Retry { after_ms } => (email.mail_attempt, Some(after_ms)),
                    AfterFailure::Hold { after_ms } => (email.mail_attempt - 1, Some(after_ms)),
                    AfterFailure::Drop => (email.mail_attempt, None),
                };
                let mail_due_at_ms = after_ms.map(|after_ms| self.clock.now_ms() + after_ms);
                let mail_error = Some(error.to_string());
                if error.failure.is_of_account() {
                    *holding = Some(error);
                }
                EmailResult { tries, mail_due_at_ms, mail_error, ..record }
            }
        }
    }

    /// Decides the next step of an email after a failure, and logs it.
    fn decide_after(&self, email: &ClaimedEmail, error: &EmailError) -> AfterFailure {
        let level = match error.failure {
            EmailFailure::Transient | EmailFailure::QuotaExhausted => Level::WARN,
            EmailFailure::Misconfigured | EmailFailure::Invalid => Level::ERROR,
            EmailFailure::Suppressed => Level::INFO,
        };
        let age_ms = self.clock.now_ms() - email.created_at_ms;
        let after = decide_after(error.failure, retries(email), age_ms);
        let is_held = matches!(after, AfterFailure::Hold { .. });
        let outcome = if is_held { "held" } else { "rejected" };
        log(email, level, outcome, Some(&error.to_string()));
        after
    }

    fn render(&self, email: &ClaimedEmail, kind: EmailKind, preferences: &Preferences) -> Email {
        let to = preferences.email.as_deref().unwrap_or_default();
        let link = |create: &dyn Fn(&LinkKey, &str) -> String| {
            let link = self.links.as_ref().map(|links| create(&links.key, &links.base_url));
            link.unwrap_or_default()
        };
        let kind = match kind {
            EmailKind::Notification(kind) => kind,
            EmailKind::Confirmation => {
                let now = self.clock.now();
                let url = link(&|key, base| key.confirmation_link(base, email.athlete_id, to, now));
                return ConfirmationEmail { to, url: &url }.render();
            }
        };
        let unsubscribe_url = link(&|key, base| key.unsubscribe_link(base, email.athlete_id, kind));
        let content = EmailContent {
            to,
            display_name: &preferences.display_name,
            kind,
            title: &email.title,
            body: &email.body,
            data: &email.data,
            unsubscribe_url: &unsubscribe_url,
        };
        content.render()
    }

    fn local_clock<'a>(&'a self, preferences: &'a Preferences) -> LocalClock<'a> {
        LocalClock { zone: &preferences.time_zone, time_zones: &*self.time_zones }
    }

    fn sent_today(&self, preferences: &Preferences, now: DateTime<Utc>) -> i64 {
        let day_began_ms = self.local_clock(preferences).day_began_at(now).timestamp_millis();
        preferences.mailed_at_ms.iter().map(|at_ms| i64::from(*at_ms >= day_began_ms)).sum()
    }
}

/// Returns the number of earlier attempts.
fn retries(email: &ClaimedEmail) -> usize {
    usize::try_from(email.mail_attempt - 1).unwrap_or(0)
}

async fn record(database: &dyn Database, records: &[EmailResult]) {
    for tries_left in (0..RECORD_TRIES).rev() {
        match notifications::record_emails(database, records).await {
            Ok(()) => return,
            Err(error) if tries_left == 0 => {
                tracing::error!(%error, emails = records.len(), "emails not recorded");
            }
            Err(_) => {}
        }
    }
}

fn log(email: &ClaimedEmail, level: Level, outcome: &str, reason: Option<&str>) {
    tracing::info!(
        level = level.as_str(),
        worker = "webhook",
        event_id = %email.notification_id,
        athlete_id = %email.athlete_id,
        kind = email.kind,
        attempt = email.mail_attempt,
        outcome,
        reason,
        "email"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(failure: EmailFailure, retries: usize, age_days: i64, expected: AfterFailure) {
        assert_eq!(decide_after(failure, retries, age_days * DAY_MS), expected);
    }

    #[test]
    fn transient_failures_back_off_and_end() {
        let retry = |minutes: i64| AfterFailure::Retry { after_ms: minutes * 60_000 };
        for (retries, expected) in [retry(1), retry(5), retry(30), retry(120)].iter().enumerate() {
            check(EmailFailure::Transient, retries, 0, *expected);
        }
        check(EmailFailure::Transient, 4, 0, AfterFailure::Drop);
    }

    #[test]
    fn failures_of_the_account_hold_an_email() {
        let hold = |hours: i64| AfterFailure::Hold { after_ms: hours * 3_600_000 };
        check(EmailFailure::QuotaExhausted, 0, 0, hold(24));
        check(EmailFailure::QuotaExhausted, 4, 5, hold(24));
        check(EmailFailure::QuotaExhausted, 0, 6, AfterFailure::Drop);
        check(EmailFailure::Misconfigured, 4, 5, hold(1));
        check(EmailFailure::Misconfigured, 0, 6, AfterFailure::Drop);
    }

    #[test]
    fn suppressed_and_invalid_emails_are_dropped() {
        check(EmailFailure::Suppressed, 0, 0, AfterFailure::Drop);
        check(EmailFailure::Invalid, 0, 0, AfterFailure::Drop);
    }
}
