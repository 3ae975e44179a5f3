//! The statements that the simulator recognises by their text. If one were reworded unnoticed, the
//! checks would excuse a duplicate email or a bug would not be planted: so each run counts them.

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
}

impl KnownStatement {
    /// Every known statement, with the part of its text that identifies it.
    pub const ALL: [(Self, &str); 9] = [
        (Self::ClaimEmails, "mail_attempt = mail_attempt + 1"),
        (Self::ClaimNewEmails, "mailed_at_ms IS NULL AND mail_due_at_ms <= ?1 RETURNING"),
        (Self::RecordEmails, "SET mailed_at_ms = mail.mailed_at_ms"),
        (Self::RecordAttempts, "UPDATE webhook_deliveries SET status = done.status"),
        (Self::WriteLedger, " WHERE excluded.revision > volume_ledger.revision"),
        (Self::MarkWorkouts, "SET aggregated_revision = mark.revision"),
        (Self::TakeWorkouts, " OR total = bytes ) RETURNING"),
        (Self::TakeSlices, "UPDATE import_slices SET resends = resends + 1"),
        (Self::StoreDeadLetters, "failures = failures + 1"),
    ];

    /// Returns the part of its text that identifies it.
    pub const fn text(self) -> &'static str {
        Self::ALL[self as usize].1
    }

    /// Returns whether this is the statement of `sql`.
    pub fn matches(self, sql: &str) -> bool {
        sql.contains(self.text())
    }
}
