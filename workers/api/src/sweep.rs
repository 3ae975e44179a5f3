//! The sweep: the workout row is its own outbox, and what did not come through is sent again.

use crate::app::App;
use crate::publisher::event_about;
use storage::workouts;

/// Workouts taken at once; a batch of the queue.
const TAKEN_MAX: i64 = 100;
/// Rounds of one sweep: 1,000 workouts a minute, and the sweep ends.
const ROUNDS_MAX: u32 = 10;

impl App {
    /// Sends the events of workouts that are overdue, and logs one line.
    ///
    /// 1. take (await): overdue workouts, and put their next turn off. A crash after it delays
    ///    them to that turn;
    /// 2. publish (await): the same events as before, by the same ids. A repeat collapses at
    ///    aggregation, whose ledger knows the revision.
    pub async fn sweep(&self) {
        let began_ms = self.clock.now_ms();
        let mut sent = 0;
        let mut error = None;
        for database in self.shards.every() {
            for _ in 0..ROUNDS_MAX {
                match self.sweep_round(database).await {
                    Ok(0) => break,
                    Ok(count) => sent += count,
                    Err(reason) => {
                        error = Some(reason);
                        break;
                    }
                }
            }
        }
        tracing::info!(
            worker = "api",
            sent,
            error,
            duration_ms = self.clock.now_ms() - began_ms,
            d1_round_trips = self.usage.round_trips(),
            d1_rows_written = self.usage.rows_written(),
            messages_sent = self.usage.messages_sent(),
            "sweep"
        );
    }

    async fn sweep_round(&self, database: &dyn storage::Database) -> Result<usize, String> {
        let overdue = workouts::take_overdue(database, self.clock.now_ms(), TAKEN_MAX)
            .await
            .map_err(|error| error.to_string())?;
        let mut events = Vec::new();
        for workout in &overdue {
            match event_about(workout) {
                Ok(event) => events.push(event),
                // One document that cannot be read holds back no other.
                Err(error) => tracing::error!(workout_id = %workout.workout_id, %error, "document"),
            }
        }
        self.publisher.publish(&events).await.map_err(|error| error.to_string())?;
        Ok(overdue.len())
    }
}
