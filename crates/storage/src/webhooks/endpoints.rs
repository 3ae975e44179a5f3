//! Webhook endpoints, as their owner configures and reads them.
//!
//! Only a rotation reads signing keys.

use super::{SealedKey, Signature, disabled};
use crate::database::{Database, DatabaseError, Param, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::json_text;
use crate::keys::{KeyProof, live_key, rows_with_key, with_key, write_with_key};
use crate::sql::query;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Endpoints of one athlete, at most. An athlete has a few apps, and each event is stored once for
/// each endpoint.
pub const ENDPOINTS_MAX: i64 = 20;

/// Whether an endpoint gets deliveries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EndpointStatus {
    Enabled,
    /// It gets no deliveries; those that waited have failed.
    Disabled,
}

/// An endpoint as its owner reads it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Endpoint {
    pub endpoint_id: Uuid,
    pub url: String,
    pub description: String,
    /// Empty means all types.
    #[serde(with = "json_text")]
    pub event_types: Vec<String>,
    /// `full` or `thin`.
    pub form: String,
    pub version: i64,
    pub signature: Signature,
    pub status: EndpointStatus,
    pub disabled_reason: Option<String>,
    pub created_at_ms: i64,
    pub failing_since_ms: Option<i64>,
    pub waiting: i64,
    pub delivered: i64,
    pub failed: i64,
}

fn select_one(proof: &KeyProof, endpoint_id: Uuid) -> Result<Statement, DatabaseError> {
    query!("webhooks/endpoints.sql", rest = "AND endpoint.endpoint_id = :endpoint_id")
        .bind(named(proof, endpoint_id))
}

fn named(proof: &KeyProof, endpoint_id: Uuid) -> impl Iterator<Item = (&'static str, Param)> {
    proof.named().into_iter().chain([("endpoint_id", Param::text(endpoint_id))])
}

/// A new endpoint.
#[derive(Clone, Debug)]
pub struct NewEndpoint {
    pub endpoint_id: Uuid,
    pub url: String,
    pub description: String,
    pub event_types: Vec<String>,
    pub form: &'static str,
    pub version: i64,
    pub signing_key: SealedKey,
}

/// Adds an endpoint, if the athlete has fewer than [`ENDPOINTS_MAX`].
pub async fn add(
    database: &dyn Database,
    proof: &KeyProof,
    new: &NewEndpoint,
    now_ms: i64,
) -> Guarded<Endpoint> {
    let insert =
        query!("webhooks/add_endpoint.sql").bind(named(proof, new.endpoint_id).chain([
            ("url", new.url.as_str().into()),
            ("description", new.description.as_str().into()),
            ("event_types", Param::json(&new.event_types)?),
            ("form", new.form.into()),
            ("version", new.version.into()),
            ("signing_keys", Param::json(&[&new.signing_key])?),
            ("now_ms", now_ms.into()),
            ("endpoints_max", ENDPOINTS_MAX.into()),
        ]))?;
    let batch = vec![insert, select_one(proof, new.endpoint_id)?];
    let mut results = with_key(database, proof, batch).await?;
    results.skip(1);
    results.first()?.ok_or(Conflict::TooManyEndpoints.into())
}

/// Returns the endpoints of the key's athlete, the oldest first.
pub async fn list(database: &dyn Database, proof: &KeyProof) -> Guarded<Vec<Endpoint>> {
    let select = query!(
        "webhooks/endpoints.sql",
        rest = "ORDER BY endpoint.created_at_ms, endpoint.endpoint_id",
    )
    .bind(proof.named())?;
    rows_with_key(database, proof, select).await
}

/// Returns one endpoint.
pub async fn get(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
) -> Guarded<Endpoint> {
    let mut results = with_key(database, proof, vec![select_one(proof, endpoint_id)?]).await?;
    results.first()?.ok_or(Rejection::NotFound)
}

/// A change of an endpoint. `None` leaves a field as it is.
#[derive(Clone, Debug, Default)]
pub struct EndpointChange {
    pub url: Option<String>,
    pub description: Option<String>,
    pub event_types: Option<Vec<String>>,
    pub form: Option<&'static str>,
    pub version: Option<i64>,
    pub enabled: Option<bool>,
}

/// Changes an endpoint and returns the changed one. A new URL or enabling it clears
/// `failing_since_ms`. Disabling fails its waiting deliveries, each with an entry in its log, so
/// that they can be retried ([`disabled`]). The first reason for disabling stays.
pub async fn change(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    change: &EndpointChange,
    now_ms: i64,
) -> Guarded<Endpoint> {
    let event_types = change.event_types.as_ref().map(Param::json).transpose()?;
    let update = query!("webhooks/change_endpoint.sql").bind(named(proof, endpoint_id).chain([
        ("url", change.url.as_deref().into()),
        ("description", change.description.as_deref().into()),
        ("event_types", event_types.unwrap_or(Param::Null)),
        ("form", change.form.into()),
        ("version", change.version.into()),
        ("enabled", change.enabled.map(i64::from).into()),
    ]))?;
    let disables = change.enabled == Some(false);
    let fail = disables.then(|| fail_waiting(proof, endpoint_id, now_ms)).transpose()?;
    let select = select_one(proof, endpoint_id)?;
    let batch = [update].into_iter().chain(fail).chain([select]).collect();
    let mut results = with_key(database, proof, batch).await?;
    results.skip(if disables { 2 } else { 1 });
    results.first()?.ok_or(Rejection::NotFound)
}

fn fail_waiting(
    proof: &KeyProof,
    endpoint_id: Uuid,
    now_ms: i64,
) -> Result<Statement, DatabaseError> {
    let named = named(proof, endpoint_id).chain([("now_ms", now_ms.into())]);
    disabled::fail_of_owner().bind(named.chain(disabled::limits()))
}

/// Removes an endpoint with its log.
pub async fn remove(database: &dyn Database, proof: &KeyProof, endpoint_id: Uuid) -> Guarded<()> {
    let delete = proof.statement(
        concat!(
            "DELETE FROM webhook_endpoints WHERE athlete_id = ?1 AND endpoint_id = ?4 AND ",
            live_key!(),
            " RETURNING endpoint_id"
        ),
        [Param::text(endpoint_id)],
    );
    write_with_key(database, proof, delete).await
}

/// The signing keys of an endpoint as they were read, the basis of a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct StoredSigningKeys {
    signing_keys: String,
}

impl StoredSigningKeys {
    /// Returns the keys, the newest first.
    pub fn keys(&self) -> Result<Vec<SealedKey>, DatabaseError> {
        shared_kernel::json::from_str(&self.signing_keys).map_err(DatabaseError::Row)
    }
}

/// Returns the signing keys of an endpoint.
pub async fn signing_keys(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
) -> Guarded<StoredSigningKeys> {
    let select = Statement::new(
        "SELECT signing_keys FROM webhook_endpoints WHERE athlete_id = ?1 AND endpoint_id = ?2",
        [Param::text(proof.athlete_id), Param::text(endpoint_id)],
    );
    let mut results = with_key(database, proof, vec![select]).await?;
    results.first()?.ok_or(Rejection::NotFound)
}

/// Replaces the keys that were read. [`Rejection::StaleRevision`]: they were replaced in the
/// meantime, or the endpoint was removed.
pub async fn rotate(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    replaced: &StoredSigningKeys,
    keys: &[SealedKey],
) -> Guarded<()> {
    let update = proof.statement(
        concat!(
            "UPDATE webhook_endpoints SET signing_keys = ?6 \
             WHERE athlete_id = ?1 AND endpoint_id = ?4 AND signing_keys = ?5 AND ",
            live_key!(),
            " RETURNING endpoint_id"
        ),
        [Param::text(endpoint_id), replaced.signing_keys.as_str().into(), Param::json(&keys)?],
    );
    let replaced = with_key(database, proof, vec![update]).await?.has_rows()?;
    if replaced { Ok(()) } else { Err(Rejection::StaleRevision) }
}
