//! What reached the world: events that a queue accepted, mails, and posts to receivers.

use crate::world::SKEW_MS_MAX;
use platform::{Mail, Post};
use shared_kernel::event::Label;
use std::collections::{BTreeMap, BTreeSet};
use storage::notifications::CLAIM_MS;

/// For so long nobody takes a claim over, whatever their clock shows: they are set by up to two
/// seconds either way.
const HELD_MS: i64 = CLAIM_MS - 2 * SKEW_MS_MAX;

/// All of it.
#[derive(Default)]
pub struct Effects {
    /// The events, by id.
    pub published: BTreeMap<String, String>,
    /// The mails that the service accepted.
    pub mails: Vec<SentMail>,
    /// By URL the `webhook-id`s that a receiver has.
    pub received: BTreeMap<String, BTreeSet<String>>,
    /// By invocation, when it claimed mails last.
    claimed_at_ms: BTreeMap<u64, i64>,
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

    /// An invocation has committed statements.
    pub fn committed(&mut self, sql: &str, invocation: u64, now_ms: i64) {
        if sql.contains("mail_attempt = mail_attempt + 1") {
            self.claimed_at_ms.insert(invocation, now_ms);
        }
        if sql.contains("SET mailed_at_ms = mail.mailed_at_ms") {
            let in_time =
                self.claimed_at_ms.get(&invocation).is_some_and(|at| now_ms - at < HELD_MS);
            for mail in self.mails.iter_mut().filter(|mail| mail.recorder == Some(invocation)) {
                (mail.recorder, mail.is_recorded) = (None, in_time);
            }
        }
    }

    /// The last mail was accepted, and its sender was told otherwise: so it records a refusal.
    pub fn last_mail_was_denied(&mut self) {
        if let Some(mail) = self.mails.last_mut() {
            mail.recorder = None;
        }
    }
}
