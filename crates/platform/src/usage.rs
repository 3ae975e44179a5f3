//! The cost of one invocation: D1 round trips, rows written and queue messages, for its log lines.

use crate::database_retry::RetryBudget;
use std::cell::Cell;

/// Counters of one invocation.
#[derive(Debug, Default)]
pub struct Usage {
    round_trips: Cell<u64>,
    rows_written: Cell<u64>,
    messages_sent: Cell<u64>,
    /// Repetitions of database calls.
    pub retries: RetryBudget,
}

impl Usage {
    /// Counts a round trip to the database, and the rows that it wrote as the platform bills them.
    pub fn database_round_trip(&self, rows_written: u64) {
        self.round_trips.set(self.round_trips.get() + 1);
        self.rows_written.set(self.rows_written.get() + rows_written);
    }

    /// Counts messages sent to a queue.
    pub fn queue_messages(&self, count: usize) {
        self.messages_sent.set(self.messages_sent.get() + count as u64);
    }

    /// The round trips to the database.
    pub fn round_trips(&self) -> u64 {
        self.round_trips.get()
    }

    /// The rows written, index entries included.
    pub fn rows_written(&self) -> u64 {
        self.rows_written.get()
    }

    /// The messages sent to queues.
    pub fn messages_sent(&self) -> u64 {
        self.messages_sent.get()
    }
}
