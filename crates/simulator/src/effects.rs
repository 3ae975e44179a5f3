//! What reached the world: events that a queue accepted, mails, and posts to receivers.

use crate::known::Known;
use crate::world::SKEW_MS_MAX;
use platform::{Email, HttpRequest};
use serde_json::Value;
use shared_kernel::event::EventHeader;
use std::collections::{BTreeMap, BTreeSet};
use storage::Statement;
use storage::database::Param;
use storage::notifications::CLAIM_MS;

/// All of it.
#[derive(Default)]
pub struct Effects {
    /// The events, by id.
    pub published: BTreeMap<String, String>,
    /// Their ids, in the order in which they were accepted first.
    pub order: Vec<String>,
    /// The mails that the service accepted.
    pub mails: Vec<SentMail>,
    /// By URL the `webhook-id`s that a receiver has.
    pub received: BTreeMap<String, BTreeSet<String>>,
    /// By delivery the ends of the leases in which it was recorded that it arrived; one lease is not
    /// recorded twice. What is recorded too late may be made again: the window of
    /// docs/adr/0022-an-endpoint-is-a-lane.md.
    pub arrived: BTreeMap<String, BTreeSet<i64>>,
    /// How often a statement came of each kind that is known.
    pub known_met: [u64; Known::ALL.len()],
    /// By invocation, when its last claim on mails ends.
    claim_ends_at_ms: BTreeMap<u64, i64>,
}

/// A mail that was accepted.
pub struct SentMail {
    /// Whom it went to.
    pub to: String,
    /// What it says.
    pub text: String,
    /// Whether its sender has recorded it while it held the claim. What is not recorded is sent
    /// again: the window of docs/adr/0007-mail-claims.md.
    pub is_recorded: bool,
    /// Who is to record it, and when the claim ends that it was sent by; `None`: it is recorded, or
    /// its sender believes that it did not go. The invocation alone would not do: one whose record of
    /// a message's mails is lost, all three times, goes on to the next message, claims and sends
    /// others, and records those.
    recorder: Option<(u64, i64)>,
}

impl Effects {
    /// A queue has accepted an event.
    pub fn event(&mut self, body: &str) {
        if let Some(id) = EventHeader::read(body).id
            && !self.published.contains_key(&id)
        {
            self.order.push(id.clone());
            self.published.insert(id, body.to_owned());
        }
    }

    /// The mail service has accepted a mail.
    pub fn mail(&mut self, mail: &Email, invocation: u64) {
        let (to, text) = (mail.to.clone(), mail.text.clone());
        let claim_ends_at_ms = self.claim_ends_at_ms.get(&invocation).copied().unwrap_or(0);
        let recorder = Some((invocation, claim_ends_at_ms));
        self.mails.push(SentMail { to, text, is_recorded: false, recorder });
    }

    /// A receiver has a post.
    pub fn post(&mut self, request: &HttpRequest) {
        let id = request.headers.iter().find(|(name, _)| *name == "webhook-id");
        let id = id.map(|(_, id)| id.clone()).unwrap_or_default();
        self.received.entry(request.url.clone()).or_default().insert(id);
    }

    /// A statement has come.
    pub fn met(&mut self, sql: &str) {
        for (count, known) in self.known_met.iter_mut().zip(Known::ALL) {
            *count += u64::from(known.is(sql));
        }
    }

    /// An invocation has committed a statement.
    pub fn committed(&mut self, statement: &Committed, invocation: u64, now_ms: i64) {
        match statement {
            Committed::Claim { at_ms } => {
                self.claim_ends_at_ms.insert(invocation, at_ms + CLAIM_MS);
            }
            Committed::Record(claims) => {
                for mail in &mut self.mails {
                    if let Some((recorder, claim_ends_at_ms)) = mail.recorder
                        && recorder == invocation
                        && claims.contains(&claim_ends_at_ms)
                    {
                        // Until then nobody takes the claim over, whatever their clock shows.
                        mail.is_recorded = now_ms < claim_ends_at_ms - SKEW_MS_MAX;
                        mail.recorder = None;
                    }
                }
            }
            Committed::Attempts(attempts) => {
                for (delivery_id, leased_until_ms) in attempts {
                    if now_ms < leased_until_ms - SKEW_MS_MAX {
                        let recorded = self.arrived.entry(delivery_id.clone()).or_default();
                        recorded.insert(*leased_until_ms);
                    }
                }
            }
            Committed::Mark | Committed::Other => {}
        }
    }

    /// The last mail was accepted, and its sender was told otherwise: so it records a refusal.
    pub fn last_mail_was_denied(&mut self) {
        if let Some(mail) = self.mails.last_mut() {
            mail.recorder = None;
        }
    }
}

/// What a statement does, as far as the simulator cares.
pub enum Committed {
    /// It claims mails, at an instant of the claimant's clock.
    Claim {
        /// That instant.
        at_ms: i64,
    },
    /// It records what became of mails; of those that went the ends of their claims.
    Record(BTreeSet<i64>),
    /// It records attempts; of those that arrived the delivery, and the end of its lease.
    Attempts(Vec<(String, i64)>),
    /// It marks workouts as aggregated.
    Mark,
    /// Anything else.
    Other,
}

impl Committed {
    /// Read off its text.
    pub fn of(statement: &Statement) -> Self {
        let is = |known: Known| known.is(statement.sql);
        match statement.params.as_slice() {
            [_, Param::Integer(at_ms), ..] if is(Known::ClaimMails) => {
                Self::Claim { at_ms: *at_ms }
            }
            [Param::Text(attempts), ..] if is(Known::RecordAttempts) => {
                Self::Attempts(arrived(attempts))
            }
            [Param::Text(records), ..] if is(Known::RecordMails) => Self::Record(went(records)),
            _ if is(Known::MarkWorkouts) => Self::Mark,
            _ => Self::Other,
        }
    }
}

fn went(records: &str) -> BTreeSet<i64> {
    let records: Vec<Value> = serde_json::from_str(records).unwrap();
    let went = records.iter().filter(|record| record["mailed_at_ms"].is_i64());
    went.map(|record| record["claim_ends_at_ms"].as_i64().unwrap()).collect()
}

fn arrived(attempts: &str) -> Vec<(String, i64)> {
    let attempts: Vec<Value> = serde_json::from_str(attempts).unwrap();
    let arrived = attempts.iter().filter(|attempt| attempt["status"] == "delivered");
    let lease = |attempt: &Value| {
        let delivery_id = attempt["delivery_id"].as_str().unwrap().to_owned();
        (delivery_id, attempt["taken_until_ms"].as_i64().unwrap())
    };
    arrived.map(lease).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The time of a first claim.
    const CLAIMED_AT_MS: i64 = 1_000_000;
    /// How much later its invocation made the second.
    const LATER_MS: i64 = 1_000;

    /// One invocation claims and sends a mail, then another, and commits one record.
    fn check(record: &str, recorded_at_ms: i64, expected: [bool; 2]) {
        let mut effects = Effects::default();
        let nothing = String::new;
        let mail = Email {
            to: nothing(),
            subject: nothing(),
            text: nothing(),
            html: nothing(),
            headers: Vec::new(),
            inline_images: Vec::new(),
        };
        for at_ms in [CLAIMED_AT_MS, CLAIMED_AT_MS + LATER_MS] {
            effects.committed(&Committed::Claim { at_ms }, 1, at_ms);
            effects.mail(&mail, 1);
        }
        effects.committed(&Committed::Record(went(record)), 1, recorded_at_ms);
        let recorded: Vec<_> = effects.mails.iter().map(|mail| mail.is_recorded).collect();
        assert_eq!(recorded, expected, "{record} at {recorded_at_ms}");
    }

    #[test]
    fn a_record_is_of_the_mails_that_went_by_its_own_claims() {
        let first = CLAIMED_AT_MS + CLAIM_MS;
        let second = first + LATER_MS;
        let of = |claim_ends_at_ms: i64, mailed_at_ms: Value| serde_json::json!({ "claim_ends_at_ms": claim_ends_at_ms, "mailed_at_ms": mailed_at_ms });
        let soon = CLAIMED_AT_MS + 2 * LATER_MS;
        let records = |of: &[Value]| Value::from(of).to_string();
        let (one, other) = (of(first, soon.into()), of(second, soon.into()));
        // The record of the first was lost: the window of docs/adr/0007-mail-claims.md.
        check(&records(std::slice::from_ref(&other)), soon, [false, true]);
        check(&records(&[one.clone(), other.clone()]), soon, [true, true]);
        // What did not go by the first claim says nothing of what did.
        check(&records(&[of(first, Value::Null), other]), soon, [false, true]);
        // Too late: the claim may be another's.
        check(&records(std::slice::from_ref(&one)), first - SKEW_MS_MAX - 1, [true, false]);
        check(&records(&[one]), first - SKEW_MS_MAX, [false, false]);
    }
}
