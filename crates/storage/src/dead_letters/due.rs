//! Redrives of the sweep: dead letters whose cause was an outage.
//!
//! A sweep claims what is due, as an operator does, but its claim yields to an operator's: each of its later
//! statements changes only what it still holds.

use super::CLAIM_BYTES_MAX;
use super::actions::{CLAIM_MS, ClaimedDeadLetter};
use crate::database::{Database, DatabaseError, Param, Results};
use crate::sql::query;
use serde_json::json;
use uuid::Uuid;

/// A claim of a sweep.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// New for each claim.
    pub id: Uuid,
    pub at_ms: i64,
}

impl Claim {
    fn id(&self) -> (&'static str, Param) {
        ("claim_id", Param::Text(format!("sweep {}", self.id)))
    }
}

/// Claims the dead letters that have been due the longest, `limit` at most and [`CLAIM_BYTES_MAX`] bytes of bodies.
pub async fn claim(
    database: &dyn Database,
    claim: Claim,
    limit: i64,
) -> Result<Vec<ClaimedDeadLetter>, DatabaseError> {
    let update = query!("dead_letters/claim_due.sql").bind([
        claim.id(),
        ("claimed_until_ms", (claim.at_ms + CLAIM_MS).into()),
        ("now_ms", claim.at_ms.into()),
        ("bytes_max", CLAIM_BYTES_MAX.into()),
        ("limit", limit.into()),
    ])?;
    let mut claimed: Vec<ClaimedDeadLetter> =
        Results::new(database.batch(vec![update]).await?).rows()?;
    claimed.sort();
    Ok(claimed)
}

/// The results of the sends of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    pub accepted: Vec<Uuid>,
    /// Their queue rejected them: they are due again after `retry_after_ms`.
    pub rejected: Vec<Uuid>,
    pub retry_after_ms: i64,
    /// No queue accepts them: they are left to an operator.
    pub unsendable: Vec<Uuid>,
}

/// Ends a claim, in one round trip. A repeat changes nothing.
pub async fn finish(
    database: &dyn Database,
    claim: Claim,
    sent: &Sent,
) -> Result<(), DatabaseError> {
    let entry = json!({ "at_ms": claim.at_ms, "what": "redrive", "operator": "sweep" });
    let mark = query!("dead_letters/mark_due.sql", entry = "json(:entry)").bind([
        claim.id(),
        ("ids", Param::json(&sent.accepted)?),
        ("entry", Param::text(entry)),
    ])?;
    let release = |ids: &[Uuid], due_at_ms: Option<i64>| {
        query!("dead_letters/release_due.sql").bind([
            claim.id(),
            ("ids", Param::json(&ids)?),
            ("due_at_ms", due_at_ms.into()),
        ])
    };
    let due_at_ms = claim.at_ms + sent.retry_after_ms;
    let statements =
        vec![mark, release(&sent.rejected, Some(due_at_ms))?, release(&sent.unsendable, None)?];
    database.batch_repeatable(statements).await.map(drop)
}
