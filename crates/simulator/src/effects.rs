//! The effects of a run: events that a queue accepted, emails, and webhook requests.

use crate::clock::SKEW_MS_MAX;
use crate::statement::KnownStatement;
use platform::{Email, HttpRequest};
use serde_json::Value;
use shared_kernel::MessageResult;
use shared_kernel::event::EventHeader;
use std::collections::{BTreeMap, BTreeSet};
use storage::Statement;
use storage::database::Param;
use storage::notifications::CLAIM_MS;

/// The effects so far.
#[derive(Default)]
pub struct Effects {
    /// By id.
    pub published: BTreeMap<String, String>,
    /// Their ids in the order of the first publication.
    pub publish_order: Vec<String>,
    pub emails: Vec<SentEmail>,
    /// The `webhook-id`s that each URL received.
    pub received: BTreeMap<String, BTreeSet<String>>,
    /// By delivery, the ends of the leases that recorded it as delivered in time. A delivery recorded
    /// late may be repeated: the window of docs/adr/0022-an-endpoint-is-a-lane.md.
    pub recorded_deliveries: BTreeMap<String, BTreeSet<i64>>,
    /// The number of messages that consumers handled.
    pub handled: u64,
    /// The workouts of each commit of the ledger, in order: athlete, workout and revision.
    pub ledger_commits: Vec<Vec<LedgerWrite>>,
    /// The bytes of the largest result of a statement.
    pub largest_result: usize,
    pub statement_counts: [u64; KnownStatement::ALL.len()],
    /// The end of the last claim on emails of each invocation in each database.
    claim_ends_at_ms: BTreeMap<Sender, i64>,
    /// The database of the athlete with an email address.
    databases: BTreeMap<String, &'static str>,
}

/// An athlete and a workout, with a revision.
pub type LedgerWrite = ((String, String), i64);

/// An invocation that sends emails, and the database that it claims and records them in.
type Sender = (u64, &'static str);

/// An email that the email service accepted.
pub struct SentEmail {
    pub to: String,
    pub text: String,
    /// Whether its sender recorded it within its claim. Otherwise it is resent: the window of
    /// docs/adr/0007-mail-claims.md.
    pub is_recorded: bool,
    /// The sender, and the end of the claim that it was sent under; `None` once it is recorded, or if the
    /// sender saw a failure. The sender alone does not identify it: one that fails to record a
    /// message's emails continues with those of the next message.
    recorder: Option<(Sender, i64)>,
}

impl Effects {
    /// Counts the messages that a consumer handled.
    pub fn count_results(&mut self, results: &[MessageResult]) {
        let handled = results.iter().filter(|result| **result == MessageResult::Ack);
        self.handled += handled.count() as u64;
    }

    /// Records an event that a queue accepted.
    pub fn record_event(&mut self, body: &str) {
        if let Some(id) = EventHeader::read(body).id
            && !self.published.contains_key(&id)
        {
            self.publish_order.push(id.clone());
            self.published.insert(id, body.to_owned());
        }
    }

    /// Records the database of an athlete.
    pub fn record_athlete(&mut self, email: String, binding: &'static str) {
        self.databases.insert(email, binding);
    }

    /// Records an email that the email service accepted.
    pub fn record_email(&mut self, email: &Email, invocation: u64) {
        let (to, text) = (email.to.clone(), email.text.clone());
        let sender = (invocation, self.databases.get(&to).copied().unwrap_or_default());
        let claim_ends_at_ms = self.claim_ends_at_ms.get(&sender).copied().unwrap_or(0);
        let recorder = Some((sender, claim_ends_at_ms));
        self.emails.push(SentEmail { to, text, is_recorded: false, recorder });
    }

    /// Records a webhook request that its receiver processed.
    pub fn record_webhook(&mut self, request: &HttpRequest) {
        let id = request.headers.iter().find(|(name, _)| *name == "webhook-id");
        let id = id.map(|(_, id)| id.clone()).unwrap_or_default();
        self.received.entry(request.url.clone()).or_default().insert(id);
    }

    /// Counts an execution of a statement.
    pub fn count_statement(&mut self, sql: &'static str) {
        for (count, (known, _)) in self.statement_counts.iter_mut().zip(KnownStatement::ALL) {
            *count += u64::from(known.matches(sql));
        }
    }

    /// Records a statement that an invocation committed in a database.
    pub fn record_commit(&mut self, statement: &Statement, sender: Sender, now_ms: i64) {
        let is = |known: KnownStatement| known.matches(statement.sql);
        match statement.params.as_slice() {
            [Param::Integer(claimed_at_ms), ..] if is(KnownStatement::ClaimEmails) => {
                self.claim_ends_at_ms.insert(sender, claimed_at_ms + CLAIM_MS);
            }
            [Param::Text(results), ..] if is(KnownStatement::RecordEmails) => {
                self.record_email_results(results, sender, now_ms);
            }
            [Param::Text(results), ..] if is(KnownStatement::RecordAttempts) => {
                self.record_attempts(results, now_ms);
            }
            [Param::Text(entries), ..] if is(KnownStatement::WriteLedger) => {
                self.record_ledger(entries);
            }
            _ => {}
        }
    }

    fn record_ledger(&mut self, entries: &str) {
        let entries: Vec<Value> = serde_json::from_str(entries).unwrap();
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let write = |entry: &Value| {
            let workout = (text(entry, "athlete_id"), text(entry, "workout_id"));
            (workout, entry["revision"].as_i64().unwrap())
        };
        self.ledger_commits.push(entries.iter().map(write).collect());
    }

    fn record_email_results(&mut self, results: &str, sender: Sender, now_ms: i64) {
        let results: Vec<Value> = serde_json::from_str(results).unwrap();
        let sent = results.iter().filter(|result| result["mailed_at_ms"].is_i64());
        let claims: BTreeSet<_> =
            sent.map(|result| result["claim_ends_at_ms"].as_i64().unwrap()).collect();
        for email in &mut self.emails {
            if let Some((recorder, claim_ends_at_ms)) = email.recorder
                && recorder == sender
                && claims.contains(&claim_ends_at_ms)
            {
                // No other invocation takes over the claim before, whatever its clock shows.
                email.is_recorded = now_ms < claim_ends_at_ms - SKEW_MS_MAX;
                email.recorder = None;
            }
        }
    }

    fn record_attempts(&mut self, results: &str, now_ms: i64) {
        let results: Vec<Value> = serde_json::from_str(results).unwrap();
        for attempt in results.iter().filter(|attempt| attempt["status"] == "delivered") {
            let leased_until_ms = attempt["taken_until_ms"].as_i64().unwrap();
            if now_ms < leased_until_ms - SKEW_MS_MAX {
                let delivery_id = attempt["delivery_id"].as_str().unwrap().to_owned();
                self.recorded_deliveries.entry(delivery_id).or_default().insert(leased_until_ms);
            }
        }
    }

    /// Records that the sender of the last email saw a failure, and will record a failure.
    pub fn report_last_email_as_failed(&mut self) {
        if let Some(email) = self.emails.last_mut() {
            email.recorder = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FIRST_CLAIM_MS: i64 = 1_000_000;
    const SECOND_CLAIM_MS: i64 = FIRST_CLAIM_MS + 1_000;

    /// One invocation claims and sends an email, then another, and commits one record.
    fn check(records: &[Value], recorded_at_ms: i64, expected: [bool; 2]) {
        check_in("ATHLETES_0", records, recorded_at_ms, expected);
        // An invocation that crashes between two databases has recorded the emails of one.
        check_in("ATHLETES_1", records, recorded_at_ms, [false; 2]);
    }

    /// The same, where the record is in this database.
    fn check_in(
        binding: &'static str,
        records: &[Value],
        recorded_at_ms: i64,
        expected: [bool; 2],
    ) {
        let mut effects = Effects::default();
        effects.record_athlete(String::new(), "ATHLETES_0");
        let email = Email {
            to: String::new(),
            subject: String::new(),
            text: String::new(),
            html: String::new(),
            headers: Vec::new(),
            inline_images: Vec::new(),
        };
        for at_ms in [FIRST_CLAIM_MS, SECOND_CLAIM_MS] {
            let params = [Param::Integer(at_ms)];
            let claim = Statement::new(KnownStatement::ClaimEmails.text(), params);
            effects.record_commit(&claim, (1, "ATHLETES_0"), at_ms);
            effects.record_email(&email, 1);
        }
        let records = Param::Text(Value::from(records).to_string());
        let record = Statement::new(KnownStatement::RecordEmails.text(), [records.clone()]);
        effects.record_commit(&record, (1, binding), recorded_at_ms);
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
