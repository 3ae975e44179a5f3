//! Bugs that the simulator must find: each is what a port makes of what the product does, so that
//! no line of the product knows of it.

use crate::known::Known;

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A message is acknowledged when it is delivered, before what follows from it is published.
    AckBeforePublish,
    /// An event that is published again has another id.
    NonDeterministicId,
    /// The ledger takes an older revision after a newer one.
    RevisionCheckDropped,
    /// What a week crossed is marked as announced, and only then published.
    MarkBeforePublish,
    /// A mail that somebody is sending is claimed by another.
    ClaimForgotten,
}

impl Bug {
    /// Every one.
    pub const ALL: [Self; 5] = [
        Self::AckBeforePublish,
        Self::NonDeterministicId,
        Self::RevisionCheckDropped,
        Self::MarkBeforePublish,
        Self::ClaimForgotten,
    ];

    /// What a statement becomes: itself, but for those that the bug is about.
    pub fn rewrite(self, sql: &'static str) -> &'static str {
        let (known, instead) = match self {
            Self::RevisionCheckDropped => (Known::WriteLedger, ""),
            Self::ClaimForgotten => (Known::ClaimNewMails, "mailed_at_ms IS NULL RETURNING"),
            Self::AckBeforePublish | Self::NonDeterministicId | Self::MarkBeforePublish => {
                return sql;
            }
        };
        // A statement is never built from data; these few are made once a run, and kept.
        if known.is(sql) { String::leak(sql.replace(known.text(), instead)) } else { sql }
    }
}
