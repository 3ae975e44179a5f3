//! The effects of a run: events that a queue accepted, emails, and webhook requests.

use crate::clock::SKEW_MS_MAX;
use crate::statement::KnownStatement;
use platform::{Email, HttpRequest};
use serde_json::Value;
use shared_kernel::event::EventHeader;
use std::collections::{BTreeMap, BTreeSet};
use storage::Statement;
use storage::database::Param;
use storage::notifications::CLAIM_MS;

/// The effects so far.
#[derive(Default)]
pub struct Effects {
    /// The published events, by id.
    pub published: BTreeMap<String, String>,
    /// Their ids in the order of the first publication.
    pub publish_order: Vec<String>,
    /// The emails that the email service accepted.
    pub emails: Vec<SentEmail>,
    /// The `webhook-id`s that each URL received.
    pub received: BTreeMap<String, BTreeSet<String>>,
    /// By delivery, the ends of the leases that recorded it as delivered in time. A delivery recorded
    /// late may be repeated: the window of docs/adr/0022-an-endpoint-is-a-lane.md.
    pub recorded_deliveries: BTreeMap<String, BTreeSet<i64>>,
    /// The number of executions of each known statement.
    pub statement_counts: [u64; KnownStatement::ALL.len()],
    /// By invocation, the end of its last claim on emails.
    claim_ends_at_ms: BTreeMap<u64, i64>,
}

/// An email that the email service accepted.
pub struct SentEmail {
    pub to: String,
    pub text: String,
    /// Whether its sender recorded it within its claim. Otherwise it is sent again: the window of
    /// docs/adr/0007-mail-claims.md.
    pub is_recorded: bool,
    /// The invocation that must record it, and the end of the claim that it was sent under; `None`
    /// once it is recorded, or if the sender saw a failure. The invocation alone does not identify
    /// it: one that fails to record a message's emails goes on to those of the next message.
    recorder: Option<(u64, i64)>,
}

impl Effects {
    /// Records an event that a queue accepted.
    pub fn record_event(&mut self, body: &str) {
        if let Some(id) = EventHeader::read(body).id
            && !self.published.contains_key(&id)
        {
            self.publish_order.push(id.clone());
            self.published.insert(id, body.to_owned());
        }
    }

    /// Records an email that the email service accepted.
    pub fn record_email(&mut self, email: &Email, invocation: u64) {
        let (to, text) = (email.to.clone(), email.text.clone());
        let claim_ends_at_ms = self.claim_ends_at_ms.get(&invocation).copied().unwrap_or(0);
        let recorder = Some((invocation, claim_ends_at_ms));
        self.emails.push(SentEmail { to, text, is_recorded: false, recorder });
    }

    /// Records a webhook request that its receiver processed.
    pub fn record_webhook(&mut self, request: &HttpRequest) {
        let id = request.headers.iter().find(|(name, _)| *name == "webhook-id");
        let id = id.map(|(_, id)| id.clone()).unwrap_or_default();
        self.received.entry(request.url.clone()).or_default().insert(id);
    }

    /// Counts an execution of a statement.
    pub fn count_statement(&mut self, sql: &str) {
        for (count, known) in self.statement_counts.iter_mut().zip(KnownStatement::ALL) {
            *count += u64::from(known.matches(sql));
        }
    }

    /// Records a statement that an invocation committed.
    pub fn record_commit(&mut self, statement: &Committed, invocation: u64, now_ms: i64) {
        match statement {
            Committed::Claim { at_ms } => {
                self.claim_ends_at_ms.insert(invocation, at_ms + CLAIM_MS);
            }
            Committed::Emails(claims) => {
                for email in &mut self.emails {
                    if let Some((recorder, claim_ends_at_ms)) = email.recorder
                        && recorder == invocation
                        && claims.contains(&claim_ends_at_ms)
                    {
                        // No other invocation takes over the claim before, whatever its clock shows.
                        email.is_recorded = now_ms < claim_ends_at_ms - SKEW_MS_MAX;
                        email.recorder = None;
                    }
                }
            }
            Committed::Attempts(attempts) => {
                for (delivery_id, leased_until_ms) in attempts {
                    if now_ms < leased_until_ms - SKEW_MS_MAX {
                        let leases = self.recorded_deliveries.entry(delivery_id.clone());
                        leases.or_default().insert(*leased_until_ms);
                    }
                }
            }
            Committed::Mark | Committed::Other => {}
        }
    }

    /// Records that the sender of the last email saw a failure, and will record a failure.
    pub fn report_last_email_as_failed(&mut self) {
        if let Some(email) = self.emails.last_mut() {
            email.recorder = None;
        }
    }
}

/// The effect of a statement.
pub enum Committed {
    /// Emails are claimed, at a time of the invocation's clock.
    Claim {
        at_ms: i64,
    },
    /// The results of emails are recorded: the ends of the claims of those that were sent.
    Emails(BTreeSet<i64>),
    /// Attempts are recorded: delivery and end of the lease of those that succeeded.
    Attempts(Vec<(String, i64)>),
    /// Workouts are marked as aggregated.
    Mark,
    Other,
}

impl Committed {
    /// Recognises the statement by its text.
    pub fn from_statement(statement: &Statement) -> Self {
        let is = |known: KnownStatement| known.matches(statement.sql);
        match statement.params.as_slice() {
            [_, Param::Integer(at_ms), ..] if is(KnownStatement::ClaimEmails) => {
                Self::Claim { at_ms: *at_ms }
            }
            [Param::Text(attempts), ..] if is(KnownStatement::RecordAttempts) => {
                Self::Attempts(delivered(attempts))
            }
            [Param::Text(records), ..] if is(KnownStatement::RecordEmails) => {
                Self::Emails(sent_claims(records))
            }
            _ if is(KnownStatement::MarkWorkouts) => Self::Mark,
            _ => Self::Other,
        }
    }
}

fn sent_claims(records: &str) -> BTreeSet<i64> {
    let records: Vec<Value> = serde_json::from_str(records).unwrap();
    let sent = records.iter().filter(|record| record["mailed_at_ms"].is_i64());
    sent.map(|record| record["claim_ends_at_ms"].as_i64().unwrap()).collect()
}

fn delivered(attempts: &str) -> Vec<(String, i64)> {
    let attempts: Vec<Value> = serde_json::from_str(attempts).unwrap();
    let delivered = attempts.iter().filter(|attempt| attempt["status"] == "delivered");
    let lease = |attempt: &Value| {
        let delivery_id = attempt["delivery_id"].as_str().unwrap().to_owned();
        (delivery_id, attempt["taken_until_ms"].as_i64().unwrap())
    };
    delivered.map(lease).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIRST_CLAIM_MS: i64 = 1_000_000;
    const SECOND_CLAIM_MS: i64 = FIRST_CLAIM_MS + 1_000;

    /// One invocation claims and sends an email, then another, and commits one record.
    fn check(records: &[Value], recorded_at_ms: i64, expected: [bool; 2]) {
        let mut effects = Effects::default();
        let email = Email {
            to: String::new(),
            subject: String::new(),
            text: String::new(),
            html: String::new(),
            headers: Vec::new(),
            inline_images: Vec::new(),
        };
        for at_ms in [FIRST_CLAIM_MS, SECOND_CLAIM_MS] {
            effects.record_commit(&Committed::Claim { at_ms }, 1, at_ms);
            effects.record_email(&email, 1);
        }
        let claims = sent_claims(&Value::from(records).to_string());
        effects.record_commit(&Committed::Emails(claims), 1, recorded_at_ms);
        let recorded: Vec<_> = effects.emails.iter().map(|email| email.is_recorded).collect();
        assert_eq!(recorded, expected, "{records:?} at {recorded_at_ms}");
    }

    #[test]
    fn record_counts_only_for_the_claims_it_names() {
        let first = FIRST_CLAIM_MS + CLAIM_MS;
        let soon = SECOND_CLAIM_MS + 1_000;
        let record = |claim_ends_at_ms: i64, mailed_at_ms: Value| json!({ "claim_ends_at_ms": claim_ends_at_ms, "mailed_at_ms": mailed_at_ms });
        let one = record(first, soon.into());
        let other = record(SECOND_CLAIM_MS + CLAIM_MS, soon.into());
        // The record of the first was lost: the window of docs/adr/0007-mail-claims.md.
        check(std::slice::from_ref(&other), soon, [false, true]);
        check(&[one.clone(), other.clone()], soon, [true, true]);
        // The first email failed, as far as its sender knows.
        check(&[record(first, Value::Null), other], soon, [false, true]);
        // Too late: another invocation may hold the claim.
        check(std::slice::from_ref(&one), first - SKEW_MS_MAX - 1, [true, false]);
        check(&[one], first - SKEW_MS_MAX, [false, false]);
    }
}
