//! POST, GET, PATCH, DELETE /v1/webhooks: the endpoints of an athlete's outgoing webhooks, and their
//! signing keys.
//!
//! Thresholds without a source are project defaults.

use crate::app::App;
use crate::call::AthleteCall;
use crate::error::ApiResult;
use crate::extract::{Json, Path};
use crate::reply::{Created, NoContent, Reply};
use contract::webhooks::{
    CreatedEndpoint, DeliveryCounts, Endpoint, EndpointChange, EndpointStatus, EventTypeInfo,
    NewEndpoint, PayloadForm, RotatedSecret, SignatureKind,
};
use contract::{FieldCode, FieldError, Instant, Items, Problem, ProblemCode};
use platform::clock::new_uuid;
use standard_webhooks::secret::{ED25519_BYTES, SECRET_BYTES};
use standard_webhooks::{Environment, PrivateKey, Secret, SigningKey, check_url};
use storage::webhooks::endpoints::{self, StoredSigningKeys};
use storage::webhooks::{EndpointKey, SealedKey, Signature};
use storage::{KeyProof, Rejection};
use uuid::Uuid;

/// The time that a rotated key still signs along with the new one (Svix: 24 hours), in milliseconds.
const OVERLAP_MS: i64 = 24 * 3_600_000;
/// Keys that sign at once, at most: each adds 90 bytes to the header.
const LIVE_KEYS_MAX: usize = 5;
/// Attempts of a rotation that concurrent rotations overtake: two at once are a double click.
const ROTATION_ATTEMPTS_MAX: u32 = 2;
/// The catalogue of event types, which a test of the contract generates.
const EVENT_TYPES: &str = include_str!("../../../../docs/reference/webhook-event-types.json");

/// GET /v1/webhooks: oldest first.
pub async fn list(call: AthleteCall, (): ()) -> ApiResult<Reply<Items<Endpoint>>> {
    let listed = endpoints::list(call.database(), &call.key).await?;
    Ok(Reply::new(Items { items: listed.into_iter().map(to_model).collect() }))
}

/// GET /v1/webhooks/{id}.
pub async fn get(call: AthleteCall, Path(id): Path<Uuid>) -> ApiResult<Reply<Endpoint>> {
    Ok(Reply::new(to_model(endpoints::get(call.database(), &call.key, id).await?)))
}

/// GET /v1/webhooks/event-types: checks the key (await), since the types are in no database.
pub async fn event_types(call: AthleteCall, (): ()) -> ApiResult<Reply<Items<EventTypeInfo>>> {
    storage::check_live(call.database(), &call.key).await?;
    Ok(Reply::new(serde_json::from_str(EVENT_TYPES)?))
}

/// POST /v1/webhooks: creates an endpoint. Only this response shows its secret.
///
/// 1. seal the new key (await). It stores nothing;
/// 2. store the endpoint (await). A client that lost the response finds the endpoint in the list,
///    without the secret, and rotates the secret or deletes the endpoint. A retry creates another one.
pub async fn post(
    call: AthleteCall,
    Json(new): Json<NewEndpoint>,
) -> ApiResult<Created<CreatedEndpoint>> {
    let url = check(&new.url, call.app.environment)?;
    let endpoint_id = new_uuid(&*call.app.clock, &*call.app.entropy);
    let signature = match new.signature {
        SignatureKind::V1 => Signature::V1,
        SignatureKind::V1a => Signature::V1a,
    };
    let new_key = NewKey::generate(&call.app, &call.key, endpoint_id, signature).await?;
    let row = endpoints::NewEndpoint {
        endpoint_id,
        url,
        description: new.description,
        event_types: new.event_types,
        form: new.payload.as_str(),
        version: new.version,
        signing_key: new_key.sealed,
    };
    let now_ms = call.app.clock.now_ms();
    let stored = endpoints::add(call.database(), &call.key, &row, now_ms).await?;
    let created = CreatedEndpoint { endpoint: to_model(stored), secret: new_key.shown };
    Ok(Created::new(created).location(format!("/v1/webhooks/{endpoint_id}")))
}

/// PATCH /v1/webhooks/{id}: absent fields stay unchanged. Disabling rejects new deliveries and fails
/// the waiting ones; enabling resets the failures.
///
/// 1. change and read (await). A retry changes nothing more.
pub async fn patch(
    call: AthleteCall,
    (Path(id), Json(change)): (Path<Uuid>, Json<EndpointChange>),
) -> ApiResult<Reply<Endpoint>> {
    let url = change.url.map(|url| check(&url, call.app.environment)).transpose()?;
    let change = endpoints::EndpointChange {
        url,
        description: change.description.map(Option::unwrap_or_default),
        event_types: change.event_types,
        form: change.payload.map(PayloadForm::as_str),
        version: change.version,
        enabled: change.enabled,
    };
    let now_ms = call.app.clock.now_ms();
    let changed = endpoints::change(call.database(), &call.key, id, &change, now_ms).await?;
    Ok(Reply::new(to_model(changed)))
}

/// DELETE /v1/webhooks/{id}: deletes the endpoint and its log. An attempt in progress continues, and
/// its result is discarded.
///
/// 1. delete (await). A retry is 404.
pub async fn delete(call: AthleteCall, Path(id): Path<Uuid>) -> ApiResult<NoContent> {
    endpoints::remove(call.database(), &call.key, id).await?;
    Ok(NoContent)
}

/// POST /v1/webhooks/{id}/rotate-secret: creates a new key, which only this response shows. The old one
/// still signs for 24 hours.
///
/// 1. read the keys (await);
/// 2. seal the new key (await). It stores nothing;
/// 3. store it (await), if the keys are still those read; otherwise from 1 once more. A client that
///    lost the response rotates again: the lost key ends after 24 hours.
pub async fn rotate_secret(
    call: AthleteCall,
    Path(id): Path<Uuid>,
) -> ApiResult<Reply<RotatedSecret>> {
    for _ in 0..ROTATION_ATTEMPTS_MAX {
        let current = endpoints::signing_keys(call.database(), &call.key, id).await?;
        if let Some(rotated) = rotate(&call, id, &current).await? {
            return Ok(Reply::new(rotated));
        }
    }
    let detail = "another call rotated the secret at the same time";
    Err(ProblemCode::ConcurrentChange.with(detail).into())
}

/// Rotates once. Returns `None` when another rotation came first.
async fn rotate(
    call: &AthleteCall,
    id: Uuid,
    current: &StoredSigningKeys,
) -> ApiResult<Option<RotatedSecret>> {
    let now_ms = call.app.clock.now_ms();
    let old = old_keys(current.keys()?, now_ms);
    if old.len() >= LIVE_KEYS_MAX {
        let detail = "5 keys sign already: wait until the first expires";
        return Err(ProblemCode::LimitReached.with(detail).into());
    }
    let signature = old.first().map_or(Signature::V1, |key| key.signature);
    let new_key = NewKey::generate(&call.app, &call.key, id, signature).await?;
    let keys: Vec<_> = [new_key.sealed].into_iter().chain(old).collect();
    match endpoints::rotate(call.database(), &call.key, id, current, &keys).await {
        Ok(()) => Ok(Some(RotatedSecret {
            secret: new_key.shown,
            old_secret_expires_at: Instant(now_ms + OVERLAP_MS),
        })),
        Err(Rejection::StaleRevision) => Ok(None),
        Err(rejection) => Err(rejection.into()),
    }
}

/// Returns the URL as it is stored, if this deployment allows it.
fn check(url: &str, environment: Environment) -> ApiResult<String> {
    let checked = check_url(url, environment).map_err(|error| {
        Problem::invalid([FieldError::at("/url", FieldCode::InvalidValue, error.to_string())])
    })?;
    Ok(checked.as_str().to_owned())
}

/// The keys that sign along with a new one: those not expired. The current key gets an expiry.
fn old_keys(keys: Vec<SealedKey>, now_ms: i64) -> Vec<SealedKey> {
    let mut live = keys;
    live.retain(|key| key.expires_at_ms.is_none_or(|expires_at_ms| expires_at_ms > now_ms));
    for key in &mut live {
        key.expires_at_ms.get_or_insert(now_ms + OVERLAP_MS);
    }
    live
}

/// A new signing key.
struct NewKey {
    sealed: SealedKey,
    /// The text that the response shows once.
    shown: String,
}

impl NewKey {
    async fn generate(
        app: &App,
        owner: &KeyProof,
        endpoint_id: Uuid,
        signature: Signature,
    ) -> ApiResult<Self> {
        let key = match signature {
            Signature::V1 => {
                let mut random = [0; SECRET_BYTES];
                app.entropy.fill(&mut random);
                SigningKey::Shared(Secret::generate(random))
            }
            Signature::V1a => {
                let mut random = [0; ED25519_BYTES];
                app.entropy.fill(&mut random);
                SigningKey::Ed25519(PrivateKey::generate(random))
            }
        };
        let endpoint = EndpointKey { athlete_id: owner.athlete_id, endpoint_id };
        let sealed = app.vault.seal(&key.reveal(), &endpoint.to_string()).await?;
        let sealed = SealedKey { sealed, signature, expires_at_ms: None };
        Ok(Self { sealed, shown: key.reveal_to_receiver() })
    }
}

fn to_model(stored: endpoints::Endpoint) -> Endpoint {
    let payload = if stored.form == PayloadForm::Thin.as_str() {
        PayloadForm::Thin
    } else {
        PayloadForm::Full
    };
    Endpoint {
        id: stored.endpoint_id,
        url: stored.url,
        description: stored.description,
        event_types: stored.event_types,
        payload,
        version: stored.version,
        signature: match stored.signature {
            Signature::V1 => SignatureKind::V1,
            Signature::V1a => SignatureKind::V1a,
        },
        status: match stored.status {
            endpoints::EndpointStatus::Enabled => EndpointStatus::Enabled,
            endpoints::EndpointStatus::Disabled => EndpointStatus::Disabled,
        },
        disabled_reason: stored.disabled_reason,
        created_at: Instant(stored.created_at_ms),
        failing_since: stored.failing_since_ms.map(Instant),
        counts: DeliveryCounts {
            waiting: stored.waiting,
            delivered: stored.delivered,
            failed: stored.failed,
        },
    }
}
