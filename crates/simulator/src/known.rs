//! The statements that the simulator knows by their text. Were one of them worded anew, a second mail
//! would be excused, or a bug not planted, and nobody would notice: so each run counts them.

/// A statement, by a part of its text that no other has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// It claims mails. Parameter 2 is the instant.
    ClaimMails,
    /// It claims the mails of new news, as a part of this kind; what a planted bug changes.
    ClaimNewMails,
    /// It records what became of mails. Parameter 1 lists them.
    RecordMails,
    /// It records what came of attempts at webhooks. Parameter 1 lists them.
    RecordAttempts,
    /// It writes the ledger.
    WriteLedger,
    /// It marks workouts as aggregated.
    MarkWorkouts,
}

impl Known {
    /// Every one.
    pub const ALL: [Self; 6] = [
        Self::ClaimMails,
        Self::ClaimNewMails,
        Self::RecordMails,
        Self::RecordAttempts,
        Self::WriteLedger,
        Self::MarkWorkouts,
    ];

    /// The part of its text.
    pub const fn text(self) -> &'static str {
        match self {
            Self::ClaimMails => "mail_attempt = mail_attempt + 1",
            Self::ClaimNewMails => "mailed_at_ms IS NULL AND mail_due_at_ms <= ?2 RETURNING",
            Self::RecordMails => "SET mailed_at_ms = mail.mailed_at_ms",
            Self::RecordAttempts => "UPDATE webhook_deliveries SET status = done.status",
            Self::WriteLedger => " WHERE excluded.revision > volume_ledger.revision",
            Self::MarkWorkouts => "SET aggregated_revision = mark.revision",
        }
    }

    /// Whether a statement is this one.
    pub fn is(self, sql: &str) -> bool {
        sql.contains(self.text())
    }
}
