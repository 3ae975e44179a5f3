//! What reached the world: events that a queue accepted, mails, and posts to receivers.

use crate::world::SKEW_MS_MAX;
use platform::{Mail, Post};
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
    /// The mails that the service accepted.
    pub mails: Vec<SentMail>,
    /// By URL the `webhook-id`s that a receiver has.
    pub received: BTreeMap<String, BTreeSet<String>>,
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
        if let Some(id) = Label::read(body).id {
            self.published.entry(id).or_insert_with(|| body.to_owned());
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

    /// An invocation has committed a statement.
    pub fn committed(&mut self, statement: &Committed, invocation: u64, now_ms: i64) {
        match *statement {
            Committed::Claim { at_ms } => {
                self.held_until_ms.insert(invocation, at_ms + CLAIM_MS - SKEW_MS_MAX);
            }
            Committed::Record => {
                let held_until_ms = self.held_until_ms.get(&invocation).copied().unwrap_or(0);
                for mail in self.mails.iter_mut().filter(|mail| mail.recorder == Some(invocation)) {
                    (mail.recorder, mail.is_recorded) = (None, now_ms < held_until_ms);
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
    /// It marks workouts as aggregated.
    Mark,
    /// Anything else.
    Other,
}

impl Committed {
    /// Read off its text.
    pub fn of(statement: &Statement) -> Self {
        let says = |words| statement.sql.contains(words);
        match statement.params.get(1) {
            Some(Param::Integer(at_ms)) if says("mail_attempt = mail_attempt + 1") => {
                Self::Claim { at_ms: *at_ms }
            }
            _ if says("SET mailed_at_ms = mail.mailed_at_ms") => Self::Record,
            _ if says("SET aggregated_revision") => Self::Mark,
            _ => Self::Other,
        }
    }
}
