//! What reached the world: events that a queue accepted, mails, and posts to receivers.

use crate::known::Known;
use crate::world::SKEW_MS_MAX;
use platform::{Mail, Post};
use serde_json::Value;
use shared_kernel::event::Label;
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
    /// By invocation, until when nobody takes over what it claimed last, whatever their clock shows.
    held_until_ms: BTreeMap<u64, i64>,
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
    /// Who is to record it; `None`: it is recorded, or its sender believes that it did not go.
    recorder: Option<u64>,
}

impl Effects {
    /// A queue has accepted an event.
    pub fn event(&mut self, body: &str) {
        if let Some(id) = Label::read(body).id
            && !self.published.contains_key(&id)
        {
            self.order.push(id.clone());
            self.published.insert(id, body.to_owned());
        }
    }

    /// The mail service has accepted a mail.
    pub fn mail(&mut self, mail: &Mail, invocation: u64) {
        let (to, text) = (mail.to.clone(), mail.text.clone());
        self.mails.push(SentMail { to, text, is_recorded: false, recorder: Some(invocation) });
    }

    /// A receiver has a post.
    pub fn post(&mut self, post: &Post) {
        let id = post.headers.iter().find(|(name, _)| *name == "webhook-id");
        let id = id.map(|(_, id)| id.clone()).unwrap_or_default();
        self.received.entry(post.url.clone()).or_default().insert(id);
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
                self.held_until_ms.insert(invocation, at_ms + CLAIM_MS - SKEW_MS_MAX);
            }
            Committed::Record => {
                let held_until_ms = self.held_until_ms.get(&invocation).copied().unwrap_or(0);
                for mail in self.mails.iter_mut().filter(|mail| mail.recorder == Some(invocation)) {
                    (mail.recorder, mail.is_recorded) = (None, now_ms < held_until_ms);
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
    /// It records what became of mails.
    Record,
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
            _ if is(Known::RecordMails) => Self::Record,
            _ if is(Known::MarkWorkouts) => Self::Mark,
            _ => Self::Other,
        }
    }
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
