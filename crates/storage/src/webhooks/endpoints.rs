//! Webhook endpoints, as their owner configures and reads them.
//!
//! Only a rotation reads signing keys.

use super::{LOGGED_ATTEMPTS_MAX, SealedKey, Signature};
use crate::database::{Database, DatabaseError, Param, Statement};
use crate::guard::{Conflict, Guarded, Rejection};
use crate::json_text;
use crate::keys::{KeyProof, live_key, rows_with_key, with_key, write_with_key};
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

/// The endpoints of parameter 1's athlete. The counts only read an index.
macro_rules! select_endpoints {
    () => {
        "SELECT endpoint.endpoint_id, endpoint.url, endpoint.description, endpoint.event_types, \
         endpoint.form, endpoint.version, endpoint.signing_keys ->> '$[0].signature' AS signature, \
         endpoint.status, endpoint.disabled_reason, endpoint.created_at_ms, \
         endpoint.failing_since_ms, \
         (SELECT count(*) FROM webhook_deliveries AS log WHERE log.athlete_id = endpoint.athlete_id \
         AND log.endpoint_id = endpoint.endpoint_id AND log.status = 'waiting') AS waiting, \
         (SELECT count(*) FROM webhook_deliveries AS log WHERE log.athlete_id = endpoint.athlete_id \
         AND log.endpoint_id = endpoint.endpoint_id AND log.status = 'delivered') AS delivered, \
         (SELECT count(*) FROM webhook_deliveries AS log WHERE log.athlete_id = endpoint.athlete_id \
         AND log.endpoint_id = endpoint.endpoint_id AND log.status = 'failed') AS failed \
         FROM webhook_endpoints AS endpoint WHERE endpoint.athlete_id = ?1"
    };
}

fn select_one(proof: &KeyProof, endpoint_id: Uuid) -> Statement {
    Statement::new(
        concat!(select_endpoints!(), " AND endpoint.endpoint_id = ?2"),
        [Param::text(proof.athlete_id), Param::text(endpoint_id)],
    )
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
    let insert = proof.statement(
        concat!(
            "INSERT INTO webhook_endpoints (athlete_id, endpoint_id, url, description, \
             event_types, form, version, signing_keys, created_at_ms) \
             SELECT ?1, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 WHERE ",
            live_key!(),
            " AND (SELECT count(*) FROM webhook_endpoints WHERE athlete_id = ?1) < ?12"
        ),
        [
            Param::text(new.endpoint_id),
            new.url.as_str().into(),
            new.description.as_str().into(),
            Param::json(&new.event_types)?,
            new.form.into(),
            new.version.into(),
            Param::json(&[&new.signing_key])?,
            now_ms.into(),
            ENDPOINTS_MAX.into(),
        ],
    );
    let batch = vec![insert, select_one(proof, new.endpoint_id)];
    let mut results = with_key(database, proof, batch).await?;
    results.skip(1);
    results.first()?.ok_or(Conflict::TooManyEndpoints.into())
}

/// Returns the endpoints of the key's athlete, the oldest first.
pub async fn list(database: &dyn Database, proof: &KeyProof) -> Guarded<Vec<Endpoint>> {
    let select = Statement::new(
        concat!(select_endpoints!(), " ORDER BY endpoint.created_at_ms, endpoint.endpoint_id"),
        [Param::text(proof.athlete_id)],
    );
    rows_with_key(database, proof, select).await
}

/// Returns one endpoint.
pub async fn get(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
) -> Guarded<Endpoint> {
    let mut results = with_key(database, proof, vec![select_one(proof, endpoint_id)]).await?;
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
/// that they can be retried. The first reason for disabling stays.
pub async fn change(
    database: &dyn Database,
    proof: &KeyProof,
    endpoint_id: Uuid,
    change: &EndpointChange,
    now_ms: i64,
) -> Guarded<Endpoint> {
    let update = proof.statement(
        concat!(
            "UPDATE webhook_endpoints SET url = coalesce(?5, url), \
             description = coalesce(?6, description), event_types = coalesce(?7, event_types), \
             form = coalesce(?8, form), version = coalesce(?9, version), \
             failing_since_ms = iif(coalesce(?5, url) <> url OR (?10 AND status = 'disabled'), \
             NULL, failing_since_ms), \
             generation = generation + (coalesce(?5, url) <> url OR ?10 IS NOT NULL), \
             disabled_reason = CASE WHEN ?10 THEN NULL \
             WHEN NOT ?10 AND status = 'enabled' THEN 'by its owner' ELSE disabled_reason END, \
             status = CASE ?10 WHEN 1 THEN 'enabled' WHEN 0 THEN 'disabled' ELSE status END \
             WHERE athlete_id = ?1 AND endpoint_id = ?4 AND ",
            live_key!()
        ),
        [
            Param::text(endpoint_id),
            change.url.as_deref().into(),
            change.description.as_deref().into(),
            change.event_types.as_ref().map(Param::json).transpose()?.unwrap_or(Param::Null),
            change.form.into(),
            change.version.into(),
            change.enabled.map(i64::from).into(),
        ],
    );
    let disables = change.enabled == Some(false);
    let fail = disables.then(|| fail_waiting(proof, endpoint_id, now_ms));
    let select = select_one(proof, endpoint_id);
    let batch = [update].into_iter().chain(fail).chain([select]).collect();
    let mut results = with_key(database, proof, batch).await?;
    results.skip(if disables { 2 } else { 1 });
    results.first()?.ok_or(Rejection::NotFound)
}

/// Fails the waiting deliveries of an endpoint. The CAST: D1 binds a number as a float, and
/// `json_object` would write it as one.
fn fail_waiting(proof: &KeyProof, endpoint_id: Uuid, now_ms: i64) -> Statement {
    proof.statement(
        concat!(
            "UPDATE webhook_deliveries SET status = 'failed', attempts = json_insert(\
             iif(json_array_length(attempts) < ?6, attempts, json_remove(attempts, '$[0]')), \
             '$[#]', json_object('at_ms', CAST(?5 AS INTEGER), 'outcome', 'disabled', \
             'status', NULL, 'error', 'endpoint disabled', 'duration_ms', 0, 'answer', NULL)) \
             WHERE athlete_id = ?1 AND endpoint_id = ?4 AND status = 'waiting' AND ",
            live_key!()
        ),
        [Param::text(endpoint_id), now_ms.into(), LOGGED_ATTEMPTS_MAX.into()],
    )
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
        serde_json::from_str(&self.signing_keys).map_err(DatabaseError::Row)
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
