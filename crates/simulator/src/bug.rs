//! Bugs that the simulator must find. The ports plant them, so that no line of the product knows
//! about them.

use crate::statement::KnownStatement;
use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    /// Statements are static: those that runs rewrite are leaked, once each.
    static REWRITTEN: RefCell<HashMap<String, &'static str>> = RefCell::default();
}

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
    /// A slice of an import is finished when it is loaded, before its workouts are stored.
    SliceFinishedFirst,
    /// An import stores a session that another one has stored.
    DuplicatesStored,
}

impl Bug {
    /// Every bug.
    pub const ALL: [Self; 11] = [
        Self::AckBeforePublish,
        Self::NonDeterministicId,
        Self::IdFromState,
        Self::RevisionCheckDropped,
        Self::MarkBeforePublish,
        Self::ClaimIgnored,
        Self::RedriveUnbounded,
        Self::ByteBoundOff,
        Self::SweepChained,
        Self::SliceFinishedFirst,
        Self::DuplicatesStored,
    ];

    /// Returns the statement that is executed in place of `sql`; mostly `sql` itself.
    pub fn rewrite(self, sql: &'static str) -> &'static str {
        let whole = |known: KnownStatement, replacement| (known, known.text(), replacement);
        let (known, part, replacement) = match self {
            Self::RevisionCheckDropped => whole(KnownStatement::WriteLedger, ""),
            Self::ClaimIgnored => {
                whole(KnownStatement::ClaimNewEmails, "mailed_at_ms IS NULL RETURNING")
            }
            Self::RedriveUnbounded => {
                whole(KnownStatement::StoreDeadLetters, "failures = failures")
            }
            Self::ByteBoundOff => (KnownStatement::TakeWorkouts, "place = 1 OR", "true OR"),
            Self::DuplicatesStored => (
                KnownStatement::SameSessions,
                "stored.status <> 'deleted'",
                "stored.status = 'none'",
            ),
            Self::SliceFinishedFirst
            | Self::SweepChained
            | Self::AckBeforePublish
            | Self::NonDeterministicId
            | Self::IdFromState
            | Self::MarkBeforePublish => {
                return sql;
            }
        };
        if !known.matches(sql) {
            return sql;
        }
        let rewritten = sql.replace(part, replacement);
        assert_ne!(rewritten, sql, "the statement has no {part:?}");
        REWRITTEN.with_borrow_mut(|texts| {
            *texts.entry(rewritten).or_insert_with_key(|text| String::leak(text.clone()))
        })
    }
}
