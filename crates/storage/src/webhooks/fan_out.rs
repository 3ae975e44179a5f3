//! The fan-out of notifications to deliveries: target endpoints and new rows.

use super::{EndpointKey, delivery_id};
use crate::database::{DatabaseError, Param, Statement};
use crate::json_text;
use serde::{Deserialize, Serialize};
use shared_kernel::{AthleteId, EventId};
use std::collections::BTreeSet;
use uuid::Uuid;

/// An endpoint that gets deliveries.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Target {
    #[serde(flatten)]
    pub key: EndpointKey,
    /// Empty means all types.
    #[serde(with = "json_text")]
    pub event_types: Vec<String>,
    /// `full` or `thin`.
    pub form: String,
    pub version: i64,
}

/// Selects the enabled endpoints of some athletes, as [`Target`] rows.
pub(crate) fn targets(athletes: &[AthleteId]) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(
        "SELECT endpoint.athlete_id, endpoint.endpoint_id, endpoint.event_types, endpoint.form, \
         endpoint.version FROM json_each(?1) AS asked JOIN webhook_endpoints AS endpoint \
         ON endpoint.athlete_id = asked.value WHERE endpoint.status = 'enabled'",
        [Param::json(&athletes)?],
    ))
}

/// A new delivery.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NewDelivery {
    #[serde(flatten)]
    pub key: EndpointKey,
    /// See [`super::delivery_id`].
    pub delivery_id: Uuid,
    pub event_id: EventId,
    pub event_type: String,
    /// The request body, signed as it is.
    pub body: String,
    pub traceparent: String,
}

/// Deliveries are kept for 30 days, in milliseconds: longer than any retry schedule.
const KEPT_MS: i64 = 30 * 86_400_000;

/// Returns the oldest delivery id that is kept.
pub(crate) fn oldest_kept(now_ms: i64) -> Uuid {
    delivery_id(EventId(Uuid::nil()), now_ms - KEPT_MS)
}

/// Returns statements that delete expired deliveries of the endpoints and store new ones, due at
/// once. Duplicates and disabled endpoints are skipped. The second returns the new ones as
/// [`super::deliveries::DueDelivery`] rows.
pub(crate) fn insert(
    deliveries: &[&NewDelivery],
    now_ms: i64,
) -> Result<[Statement; 2], DatabaseError> {
    let endpoints: BTreeSet<_> = deliveries.iter().map(|delivery| delivery.key).collect();
    let expire = Statement::new(
        "DELETE FROM webhook_deliveries WHERE (athlete_id, endpoint_id) IN (\
         SELECT value ->> 'athlete_id', value ->> 'endpoint_id' FROM json_each(?1)) \
         AND delivery_id < ?2 AND status <> 'waiting'",
        [Param::json(&endpoints)?, Param::text(oldest_kept(now_ms))],
    );
    let insert = Statement::new(
        "INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, \
         event_type, body, traceparent, created_at_ms, due_at_ms) \
         SELECT endpoint.athlete_id, endpoint.endpoint_id, value ->> 'delivery_id', \
         value ->> 'event_id', value ->> 'event_type', value ->> 'body', value ->> 'traceparent', \
         ?2, ?2 FROM json_each(?1) JOIN webhook_endpoints AS endpoint \
         ON endpoint.athlete_id = value ->> 'athlete_id' \
         AND endpoint.endpoint_id = value ->> 'endpoint_id' AND endpoint.status = 'enabled' \
         WHERE value ->> 'delivery_id' >= ?3 ON CONFLICT DO NOTHING \
         RETURNING athlete_id, endpoint_id, delivery_id, event_id, attempt",
        [Param::json(&deliveries)?, now_ms.into(), Param::text(oldest_kept(now_ms))],
    );
    Ok([expire, insert])
}
