//! The fan-out of messages to deliveries: target endpoints and new rows.

use super::{DueDelivery, EndpointKey, delivery_id};
use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::json_text;
use crate::sql::query;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared_kernel::{AthleteId, EventId, TraceContext, WebhookEventType};
use standard_webhooks::PayloadFormat;
use standard_webhooks::payload::{PayloadError, WebhookEvent, build_body};
use std::collections::BTreeSet;
use uuid::Uuid;

/// An event of an athlete for endpoints.
#[derive(Clone, Copy, Debug)]
pub struct Message<'a> {
    pub athlete_id: AthleteId,
    pub event_id: EventId,
    pub event_type: WebhookEventType,
    pub occurred_at: DateTime<Utc>,
    pub trace: TraceContext,
    /// The `data` of a full payload.
    pub full: &'a Value,
    pub thin: &'a Value,
}

impl Message<'_> {
    /// Returns a delivery for each endpoint that has selected the type. The same message gives the same
    /// deliveries, byte for byte.
    pub fn deliveries(&self, targets: &[Target]) -> Result<Vec<NewDelivery>, PayloadError> {
        let receives = |target: &&Target| {
            target.key.athlete_id == self.athlete_id && target.has_selected(self.event_type)
        };
        targets.iter().filter(receives).map(|target| self.delivery(target)).collect()
    }

    fn delivery(&self, target: &Target) -> Result<NewDelivery, PayloadError> {
        let event = WebhookEvent {
            event_type: self.event_type.as_str(),
            occurred_at: self.occurred_at,
            full: self.full,
            thin: self.thin,
        };
        let format = PayloadFormat::parse(&target.form).unwrap_or(PayloadFormat::Full);
        Ok(NewDelivery {
            key: target.key,
            delivery_id: delivery_id(self.event_id, self.occurred_at.timestamp_millis()),
            event_id: self.event_id,
            event_type: event.event_type.to_owned(),
            body: build_body(&event, format)?.text,
            traceparent: self.trace.to_string(),
        })
    }
}

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

impl Target {
    /// Returns an endpoint that receives every type in full.
    pub fn of_all_types(key: EndpointKey) -> Self {
        let form = PayloadFormat::Full.as_str().to_owned();
        Self { key, event_types: Vec::new(), form, version: 1 }
    }

    /// Returns whether it receives events of this type. It receives tests whatever it has selected.
    pub fn has_selected(&self, event_type: WebhookEventType) -> bool {
        self.event_types.is_empty()
            || event_type == WebhookEventType::Test
            || self.event_types.iter().any(|selected| selected == event_type.as_str())
    }
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
pub const KEPT_MS: i64 = 30 * 86_400_000;

/// Returns the oldest delivery id that is kept.
pub(crate) fn oldest_kept(now_ms: i64) -> Uuid {
    delivery_id(EventId(Uuid::nil()), now_ms - KEPT_MS)
}

/// Stores deliveries, due at once, in one round trip, and returns the new ones. A duplicate is skipped.
pub async fn store(
    database: &dyn Database,
    deliveries: &[&NewDelivery],
    now_ms: i64,
) -> Result<Vec<DueDelivery>, DatabaseError> {
    if deliveries.is_empty() {
        return Ok(Vec::new());
    }
    let mut results = Results::new(database.batch(insert(deliveries, now_ms)?.into()).await?);
    results.skip(1);
    results.rows()
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
    let insert = query!("webhooks/store.sql").bind([
        ("deliveries", Param::json(&deliveries)?),
        ("now_ms", now_ms.into()),
        ("oldest_kept", Param::text(oldest_kept(now_ms))),
    ])?;
    Ok([expire, insert])
}
