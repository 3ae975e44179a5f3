//! Replay: what an endpoint has missed, rebuilt from current workouts and inbox rows.
//!
//! Nothing is stored in advance. A page lists candidates in the order of their sources, workouts first;
//! the caller derives their event ids, asks which of them the endpoint has, and stores the others.

use super::EndpointKey;
use super::deliveries::DeliveryStatus;
use super::endpoints::EndpointStatus;
use super::fan_out::{NewDelivery, Target};
use super::workouts::{DOCUMENT_CHARS_MAX, WorkoutState};
use crate::database::{Database, Param};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::inbox::Notification;
use crate::json_text;
use crate::keys::{KeyProof, rows_with_key, with_key};
use crate::sql::query;
use crate::workouts::StoredWorkout;
use serde::{Deserialize, Serialize};
use shared_kernel::{ChannelPreferences, EventId, WorkoutId};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Waiting deliveries of an endpoint, at most, before nothing more is replayed.
const WAITING_MAX: i64 = 1_000;

/// The position after a page.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReplayPosition {
    /// The `change_seq` of the last workout.
    pub change_seq: i64,
    /// The `seq` of the last notification.
    pub seq: i64,
}

/// A page of candidates to read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplayQuery {
    /// Only what has changed since this instant.
    pub since_ms: i64,
    pub after: ReplayPosition,
    /// Of each source.
    pub limit: i64,
}

/// A workout that was completed at some time, with the position of its last change.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct CandidateWorkout {
    pub change_seq: i64,
    #[serde(flatten)]
    pub state: WorkoutState,
}

/// The events that an endpoint may have missed.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidates {
    pub target: Target,
    pub status: EndpointStatus,
    pub channels: ChannelPreferences,
    /// In the order of their changes.
    pub workouts: Vec<CandidateWorkout>,
    /// In the order of the inbox; hidden rows too.
    pub notifications: Vec<Notification>,
}

/// An endpoint with its athlete's channels.
#[derive(Deserialize)]
struct EndpointRow {
    #[serde(flatten)]
    target: Target,
    status: EndpointStatus,
    #[serde(with = "json_text")]
    channels: ChannelPreferences,
}

/// Returns a page of what an endpoint may have missed, in one round trip.
pub async fn candidates(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    query: &ReplayQuery,
    now_ms: i64,
) -> Guarded<Candidates> {
    let endpoint = proof.statement(
        "SELECT endpoint.athlete_id, endpoint.endpoint_id, endpoint.event_types, endpoint.form, \
         endpoint.version, endpoint.status, athlete.channels \
         FROM webhook_endpoints AS endpoint JOIN athletes AS athlete USING (athlete_id) \
         WHERE endpoint.athlete_id = ?1 AND endpoint.endpoint_id = ?4",
        [Param::text(endpoint_id)],
    );
    let workouts = proof.statement(
        "SELECT change_seq, athlete_id, workout_id, revision, completed_revision, status, \
         created_at_ms, changed_at_ms FROM workouts INDEXED BY workouts_by_change \
         WHERE athlete_id = ?1 AND change_seq > ?4 AND changed_at_ms >= ?5 \
         AND completed_revision > 0 ORDER BY change_seq LIMIT ?6",
        [query.after.change_seq.into(), query.since_ms.into(), query.limit.into()],
    );
    let notifications = proof.statement(
        "SELECT seq, notification_id, kind, title, body, data, created_at_ms, read_at_ms \
         FROM notifications INDEXED BY notifications_by_seq WHERE athlete_id = ?1 AND seq > ?4 \
         AND expires_at_ms > ?7 AND created_at_ms >= ?5 ORDER BY seq LIMIT ?6",
        [query.after.seq.into(), query.since_ms.into(), query.limit.into(), now_ms.into()],
    );
    let mut results = with_key(database, proof, vec![endpoint, workouts, notifications]).await?;
    let EndpointRow { target, status, channels } =
        results.first::<EndpointRow>()?.ok_or(Rejection::NotFound)?;
    let (workouts, notifications) = (results.rows()?, results.rows()?);
    Ok(Candidates { target, status, channels, workouts, notifications })
}

/// A delivery that the endpoint has or had.
#[derive(Deserialize)]
struct KnownRow {
    event_id: EventId,
    status: DeliveryStatus,
}

/// Returns the statuses of an endpoint's deliveries of these events.
pub async fn known(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    events: &[EventId],
) -> Guarded<BTreeMap<EventId, DeliveryStatus>> {
    let select = proof.statement(
        "SELECT event_id, status FROM webhook_deliveries WHERE athlete_id = ?1 \
         AND endpoint_id = ?4 AND event_id IN (SELECT value FROM json_each(?5))",
        [Param::text(endpoint_id), Param::json(&events)?],
    );
    let rows = rows_with_key::<KnownRow>(database, proof, select).await?;
    Ok(rows.into_iter().map(|row| (row.event_id, row.status)).collect())
}

/// Returns those of the key's workouts that are short enough for a full payload.
pub async fn documents(
    database: &dyn Database,
    proof: &KeyProof,
    workouts: &[WorkoutId],
) -> Guarded<Vec<StoredWorkout>> {
    let keys: Vec<_> = workouts.iter().map(|id| (proof.athlete_id, *id)).collect();
    let select = query!("webhooks/workouts.sql")
        .bind([("keys", Param::json(&keys)?), ("document_chars_max", DOCUMENT_CHARS_MAX.into())])?;
    rows_with_key(database, proof, select).await
}

/// Stores replayed deliveries of one endpoint, due at once, and returns the events of the stored ones. A
/// failed delivery of the same event starts over, with the new body and under the same `webhook-id`;
/// any other one stays as it is.
pub async fn store(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint: EndpointKey,
    deliveries: &[NewDelivery],
    now_ms: i64,
) -> Guarded<Vec<EventId>> {
    let standing = proof.statement(
        "SELECT status, (SELECT count(*) FROM webhook_deliveries AS waiting \
         WHERE waiting.athlete_id = ?1 AND waiting.endpoint_id = ?4 \
         AND waiting.status = 'waiting') AS waiting \
         FROM webhook_endpoints WHERE athlete_id = ?1 AND endpoint_id = ?4",
        [Param::text(endpoint.endpoint_id)],
    );
    let insert = query!("webhooks/store_replayed.sql").bind(proof.named().into_iter().chain([
        ("endpoint_id", Param::text(endpoint.endpoint_id)),
        ("deliveries", Param::json(&deliveries)?),
        ("now_ms", now_ms.into()),
        ("waiting_max", WAITING_MAX.into()),
    ]))?;
    let mut results = with_key(database, proof, vec![standing, insert]).await?;
    let standing = results.first::<Standing>()?.ok_or(Rejection::NotFound)?;
    match standing.status {
        EndpointStatus::Disabled => Err(Conflict::EndpointDisabled.into()),
        EndpointStatus::Enabled if standing.waiting >= WAITING_MAX => {
            Err(Conflict::TooManyWaitingDeliveries.into())
        }
        EndpointStatus::Enabled => Ok(results.column()?),
    }
}

#[derive(Deserialize)]
struct Standing {
    status: EndpointStatus,
    waiting: i64,
}
