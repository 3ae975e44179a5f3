//! Bugs that the simulator must find. The ports plant them, so that no line of the product knows
//! about them.

use crate::statement::KnownStatement;

/// A planted bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bug {
    /// A message is acknowledged on delivery, before its events are published.
    AckBeforePublish,
    /// Publishing an event a second time creates a new id.
    NonDeterministicId,
    /// The id of a notification about records is made from the records that stand when it is made.
    IdFromState,
    /// The ledger accepts an older revision after a newer one.
    RevisionCheckDropped,
    /// The crossings of a week are marked as announced before they are published.
    MarkBeforePublish,
    /// An email that one invocation is sending is claimed by another.
    ClaimIgnored,
    /// The failures of a dead letter are not counted: it is redriven each minute, without an end.
    RedriveUnbounded,
    /// The sweep takes due workouts without regard to their bytes.
    ByteBoundOff,
    /// A job of the sweep that fails stops the others in its database.
    SweepChained,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 9] = [
        Self::AckBeforePublish,
        Self::NonDeterministicId,
        Self::IdFromState,
        Self::RevisionCheckDropped,
        Self::MarkBeforePublish,
        Self::ClaimIgnored,
        Self::RedriveUnbounded,
        Self::ByteBoundOff,
        Self::SweepChained,
    ];

    /// Returns the statement that is executed in place of `sql`; mostly `sql` itself.
    pub fn rewrite(self, sql: &'static str) -> &'static str {
        let (known, replacement) = match self {
            Self::RevisionCheckDropped => (KnownStatement::WriteLedger, ""),
            Self::ClaimIgnored => {
                (KnownStatement::ClaimNewEmails, "mailed_at_ms IS NULL RETURNING")
            }
            Self::RedriveUnbounded => (KnownStatement::StoreDeadLetters, "failures = failures"),
            Self::ByteBoundOff => (KnownStatement::TakeWorkouts, " OR true ) RETURNING"),
            Self::SweepChained
            | Self::AckBeforePublish
            | Self::NonDeterministicId
            | Self::IdFromState
            | Self::MarkBeforePublish => {
                return sql;
            }
        };
        // Statements are static: the few that a run rewrites are leaked.
        if known.matches(sql) { String::leak(sql.replace(known.text(), replacement)) } else { sql }
    }
}
