//! What one invocation cost: counted where it is spent, shown on its log lines.

use std::cell::Cell;

/// Counters of one invocation.
#[derive(Debug, Default)]
pub struct Usage {
    round_trips: Cell<u64>,
    rows_written: Cell<u64>,
    messages_sent: Cell<u64>,
}

impl Usage {
    /// A round trip to the database, and the rows that it wrote as they are billed.
    pub fn database_round_trip(&self, rows_written: u64) {
        self.round_trips.set(self.round_trips.get() + 1);
        self.rows_written.set(self.rows_written.get() + rows_written);
    }

    /// Messages given to a queue.
    pub fn queue_messages(&self, count: usize) {
        self.messages_sent.set(self.messages_sent.get() + count as u64);
    }

    /// Round trips to the database.
    pub fn round_trips(&self) -> u64 {
        self.round_trips.get()
    }

    /// Rows written, index entries included.
    pub fn rows_written(&self) -> u64 {
        self.rows_written.get()
    }

    /// Messages given to queues.
    pub fn messages_sent(&self) -> u64 {
        self.messages_sent.get()
    }
}
