//! A job of the sweep: redrives dead letters whose cause was an outage.
//!
//! Each waits between its redrives as `shared_kernel::routing::REDRIVE_AFTER_S` says: the redrive itself shows
//! whether the outage is over. Thresholds without a source are project defaults.

use super::job::Round;
use crate::app::App;
use crate::redrive::{BATCH_MAX, Batch, Pace};
use platform::clock::new_uuid;
use platform::sink::{Destination, send_all};
use storage::dead_letters::due::{self, Claim, Sent};
use storage::{Database, DatabaseError};

/// The time after which dead letters that their queue rejected are due again. Those of other queues are sent
/// meanwhile.
const REJECTED_AFTER_MS: i64 = 5 * 60_000;

impl App {
    /// Redrives a batch of the dead letters that are due.
    ///
    /// 1. claim (await): no other sweep claims them for a minute; an operator's action takes the claim away.
    ///    After a crash they are due again when the minute has passed;
    /// 2. send (awaits). After a crash between two sends some may be sent twice, which every handler
    ///    tolerates;
    /// 3. mark (await) those sent as redriven, and postpone those that a queue rejected. After a crash: as in
    ///    2. One that has failed again in the meantime has lost its claim, and keeps its new time.
    pub(super) async fn redrive_due(&self, database: &dyn Database) -> Result<Round, String> {
        let text = |error: DatabaseError| error.to_string();
        let id = new_uuid(&*self.clock, &*self.entropy);
        let claim = Claim { id, at_ms: self.clock.now_ms() };
        let claimed = due::claim(database, claim, BATCH_MAX).await.map_err(text)?;
        let found = claimed.len();
        if claimed.is_empty() {
            return Ok(Round::default());
        }
        let Batch { sends, unsendable } = Batch::new(claimed, 0, Pace::OF_SWEEP);
        let mut sent = Sent { unsendable, retry_after_ms: REJECTED_AFTER_MS, ..Sent::default() };
        let mut error = None;
        for ((delay_s, queue), (ids, bodies)) in sends {
            match send_all(&*self.sink, Destination::Events(queue), &bodies, delay_s).await {
                Ok(()) => sent.accepted.extend(ids),
                Err(rejected) => {
                    error = Some(rejected.to_string());
                    sent.rejected.extend(ids);
                }
            }
        }
        due::finish(database, claim, &sent).await.map_err(text)?;
        error.map_or(Ok(Round { found, handled: sent.accepted.len() }), Err)
    }
}
