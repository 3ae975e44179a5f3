//! The statements that the simulator recognises by their text. If one were reworded unnoticed, the
//! checks would excuse a duplicate email or a bug would not be planted: so each run counts them.

use std::cell::RefCell;
use std::collections::HashMap;

thread_local! {
    /// The known statements of each text, a bit each, by the address of the text: texts are static.
    static KNOWN: RefCell<HashMap<(usize, usize), u32>> = RefCell::default();
}

/// A statement, recognised by a part of its text that no other statement has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownStatement {
    /// Claims emails. Parameter 1 is the time of the claim.
    ClaimEmails,
    /// Claims the emails of new notifications: one form of `ClaimEmails`.
    ClaimNewEmails,
    /// Records the results of emails. Parameter 1 lists them.
    RecordEmails,
    /// Records the results of delivery attempts. Parameter 1 lists them.
    RecordAttempts,
    WriteLedger,
    /// Marks workouts as aggregated.
    MarkWorkouts,
    /// Takes due workouts by their bytes.
    TakeWorkouts,
    /// Takes overdue slices of imports: one job of the sweep.
    TakeSlices,
    StoreDeadLetters,
    /// Loads slices of imports. Parameter 1 lists their keys.
    LoadSlices,
    /// Reads, or requires that there are no other, stored workouts of the times of a file's.
    SameSessions,
}

impl KnownStatement {
    /// Every known statement, with the part of its text that identifies it.
    pub const ALL: [(Self, &str); 11] = [
        (Self::ClaimEmails, "mail_attempt = mail_attempt + 1"),
        (Self::ClaimNewEmails, "mailed_at_ms IS NULL AND mail_due_at_ms <= ?1 RETURNING"),
        (Self::RecordEmails, "SET mailed_at_ms = mail.mailed_at_ms"),
        (Self::RecordAttempts, "UPDATE webhook_deliveries SET status = done.status"),
        (Self::WriteLedger, " WHERE excluded.revision > volume_ledger.revision"),
        (Self::MarkWorkouts, "SET aggregated_revision = mark.revision"),
        (Self::TakeWorkouts, "UPDATE workouts SET resends = resends + 1"),
        (Self::TakeSlices, "UPDATE import_slices SET resends = resends + 1"),
        (Self::StoreDeadLetters, "failures = failures + 1"),
        (Self::LoadSlices, "FROM import_slices AS long"),
        (Self::SameSessions, "AND substr(stored.workout_id, 1, 18) <> substr("),
    ];

    /// Returns the part of its text that identifies it.
    pub const fn text(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Returns whether this is the statement of `sql`.
    pub fn matches(self, sql: &'static str) -> bool {
        known(sql) & (1 << self as u32) != 0
    }
}

/// The bits of the statements that a text is.
fn known(sql: &'static str) -> u32 {
    let bits = || {
        let bit =
            |(known, text): (KnownStatement, &str)| u32::from(sql.contains(text)) << known as u32;
        KnownStatement::ALL.map(bit).iter().sum()
    };
    let key = (sql.as_ptr().addr(), sql.len());
    KNOWN.with_borrow_mut(|texts| *texts.entry(key).or_insert_with(bits))
}
