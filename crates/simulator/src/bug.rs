//! Bugs that the simulator must find: each is what a port makes of what the product does, so that
//! no line of the product knows of it.

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
        let (text, instead) = match self {
            Self::RevisionCheckDropped => (" WHERE excluded.revision > volume_ledger.revision", ""),
            Self::ClaimForgotten => (
                "mailed_at_ms IS NULL AND mail_due_at_ms <= ?2 RETURNING",
                "mailed_at_ms IS NULL RETURNING",
            ),
            Self::AckBeforePublish | Self::NonDeterministicId | Self::MarkBeforePublish => {
                return sql;
            }
        };
        // A statement is never built from data; these few are made once a run, and kept.
        if sql.contains(text) { String::leak(sql.replace(text, instead)) } else { sql }
    }
}
