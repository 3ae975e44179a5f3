//! POST, GET, PATCH, DELETE /v1/webhooks: the endpoints of an athlete's outgoing webhooks, and their
//! signing keys.
//!
//! Thresholds without a source are project defaults.

use super::{fields, instant};
use crate::app::App;
use crate::call::Call;
use crate::error::{ApiError, ApiResult};
use crate::input::{Errors, Fields, json_body};
use contract::ProblemCode;
use platform::clock::new_uuid;
use platform::http::{Response, StatusCode, empty, json, set_header};
use serde_json::{Map, Value, json};
use shared_kernel::WebhookEventType;
use standard_webhooks::secret::{ED25519_BYTES, SECRET_BYTES};
use standard_webhooks::{Environment, PayloadFormat, PrivateKey, Secret, SigningKey, check_url};
use storage::webhooks::endpoints::{
    self, Endpoint, EndpointChange, NewEndpoint, StoredSigningKeys,
};
use storage::webhooks::{EndpointKey, SealedKey, Signature};
use storage::{Database, KeyProof, Rejection};
use uuid::Uuid;

/// The version of the payloads.
const VERSION: i64 = 1;
/// The time that a rotated key still signs along with the new one (Svix: 24 hours), in milliseconds.
const OVERLAP_MS: i64 = 24 * 3_600_000;
/// Keys that sign at once, at most: each adds 90 bytes to the header.
const LIVE_KEYS_MAX: usize = 5;
/// Attempts of a rotation that concurrent rotations overtake: two at once are a double click.
const ROTATION_ATTEMPTS_MAX: u32 = 2;

/// GET /v1/webhooks: oldest first.
pub async fn list(app: &App, key: &KeyProof) -> ApiResult {
    let listed = endpoints::list(app.database(key), key).await?;
    let items: Vec<_> = listed.iter().map(item).collect();
    Ok(json(StatusCode::OK, &json!({ "items": items }))?)
}

/// GET /v1/webhooks/{id}.
pub async fn get(app: &App, key: &KeyProof, id: Uuid) -> ApiResult {
    let endpoint = endpoints::get(app.database(key), key, id).await?;
    Ok(json(StatusCode::OK, &item(&endpoint))?)
}

/// POST /v1/webhooks: creates an endpoint. Only this response shows its secret.
///
/// 1. seal the new key (await). It stores nothing;
/// 2. store the endpoint (await). A client that lost the response finds the endpoint in the list,
///    without the secret, and rotates the secret or deletes the endpoint. A retry creates another one.
pub async fn post(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let (settings, signature) = parse_new(&json_body(&call.request)?, app.environment)?;
    let endpoint_id = new_uuid(&*app.clock, &*app.entropy);
    let new_key = NewKey::generate(app, key, endpoint_id, signature).await?;
    let new = NewEndpoint {
        endpoint_id,
        url: settings.url.unwrap_or_default(),
        description: settings.description.unwrap_or_default(),
        event_types: settings.event_types.unwrap_or_default(),
        form: settings.form.unwrap_or(PayloadFormat::Full.as_str()),
        version: settings.version.unwrap_or(VERSION),
        signing_key: new_key.sealed,
    };
    let endpoint = endpoints::add(app.database(key), key, &new, app.clock.now_ms()).await?;
    let mut fields = item(&endpoint);
    fields.insert("secret".to_owned(), json!(new_key.shown));
    let mut response = json(StatusCode::CREATED, &fields)?;
    set_header(&mut response, "location", &format!("/v1/webhooks/{endpoint_id}"));
    Ok(response)
}

/// PATCH /v1/webhooks/{id}: absent fields stay unchanged. Disabling rejects new deliveries and fails
/// the waiting ones; enabling resets the failures.
///
/// 1. change and read (await). A retry changes nothing more.
pub async fn patch(app: &App, call: &Call, key: &KeyProof, id: Uuid) -> ApiResult {
    let change = parse_change(&json_body(&call.request)?, app.environment)?;
    let changed =
        endpoints::change(app.database(key), key, id, &change, app.clock.now_ms()).await?;
    Ok(json(StatusCode::OK, &item(&changed))?)
}

/// DELETE /v1/webhooks/{id}: deletes the endpoint and its log. An attempt in progress continues, and
/// its result is discarded.
///
/// 1. delete (await). A retry is 404.
pub async fn delete(app: &App, key: &KeyProof, id: Uuid) -> ApiResult {
    endpoints::remove(app.database(key), key, id).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}

/// POST /v1/webhooks/{id}/rotate-secret: creates a new key, which only this response shows. The old one
/// still signs for 24 hours.
///
/// 1. read the keys (await);
/// 2. seal the new key (await). It stores nothing;
/// 3. store it (await), if the keys are still those read; otherwise from 1 once more. A client that
///    lost the response rotates again: the lost key ends after 24 hours.
pub async fn rotate_secret(app: &App, key: &KeyProof, id: Uuid) -> ApiResult {
    let database = app.database(key);
    for _ in 0..ROTATION_ATTEMPTS_MAX {
        let current = endpoints::signing_keys(database, key, id).await?;
        if let Some(response) = rotate(app, database, key, id, &current).await? {
            return Ok(response);
        }
    }
    Err(ApiError::concurrent_change())
}

/// Rotates once. Returns `None` when another rotation came first.
async fn rotate(
    app: &App,
    database: &dyn Database,
    key: &KeyProof,
    id: Uuid,
    current: &StoredSigningKeys,
) -> ApiResult<Option<Response>> {
    let now_ms = app.clock.now_ms();
    let old = old_keys(current.keys()?, now_ms);
    if old.len() >= LIVE_KEYS_MAX {
        return Err(ProblemCode::LimitReached
            .with("5 keys sign already: wait until the first expires")
            .into());
    }
    let signature = old.first().map_or(Signature::V1, |key| key.signature);
    let new_key = NewKey::generate(app, key, id, signature).await?;
    let keys: Vec<_> = [new_key.sealed].into_iter().chain(old).collect();
    match endpoints::rotate(database, key, id, current, &keys).await {
        Ok(()) => {}
        Err(Rejection::StaleRevision) => return Ok(None),
        Err(rejection) => return Err(rejection.into()),
    }
    let body = json!({
        "secret": new_key.shown,
        "old_secret_expires_at": instant(now_ms + OVERLAP_MS),
    });
    Ok(Some(json(StatusCode::OK, &body)?))
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

fn item(endpoint: &Endpoint) -> Map<String, Value> {
    fields([
        ("id", json!(endpoint.endpoint_id)),
        ("url", json!(endpoint.url)),
        ("description", json!(endpoint.description)),
        ("event_types", json!(endpoint.event_types)),
        ("payload", json!(endpoint.form)),
        ("version", json!(endpoint.version)),
        ("signature", json!(endpoint.signature)),
        ("status", json!(endpoint.status)),
        ("disabled_reason", json!(endpoint.disabled_reason)),
        ("created_at", json!(instant(endpoint.created_at_ms))),
        ("failing_since", json!(endpoint.failing_since_ms.map(instant))),
        (
            "counts",
            json!({
                "waiting": endpoint.waiting,
                "delivered": endpoint.delivered,
                "failed": endpoint.failed,
            }),
        ),
    ])
}

fn parse_new(body: &Value, environment: Environment) -> ApiResult<(EndpointChange, Signature)> {
    let errors = Errors::default();
    let known = ["url", "description", "event_types", "payload", "version", "signature"];
    let new = Fields::of(body, "", &known, &errors).map(|fields| {
        fields.require("url");
        (settings(&fields, environment), signature(&fields).unwrap_or(Signature::V1))
    });
    errors.finish(new)
}

fn parse_change(body: &Value, environment: Environment) -> ApiResult<EndpointChange> {
    let errors = Errors::default();
    let known = ["url", "description", "event_types", "payload", "version", "enabled"];
    let change = Fields::of(body, "", &known, &errors).map(|fields| {
        for name in ["url", "event_types", "payload", "version", "enabled"] {
            if fields.has(name) {
                fields.require(name);
            }
        }
        let mut change = settings(&fields, environment);
        if fields.has("description") {
            change.description.get_or_insert_default();
        }
        change.enabled = fields.flag("enabled");
        change
    });
    errors.finish(change)
}

/// Parses the settings of a new endpoint and of a change.
fn settings(fields: &Fields<'_>, environment: Environment) -> EndpointChange {
    EndpointChange {
        url: url(fields, environment),
        description: fields.text("description"),
        event_types: event_types(fields),
        form: fields
            .parse("payload", "full or thin", |value| PayloadFormat::parse(value.as_str()?))
            .map(PayloadFormat::as_str),
        version: fields.parse("version", &VERSION.to_string(), |value| {
            value.as_i64().filter(|version| *version == VERSION)
        }),
        enabled: None,
    }
}

fn url(fields: &Fields<'_>, environment: Environment) -> Option<String> {
    match check_url(&fields.text("url")?, environment) {
        Ok(url) => Some(url.as_str().to_owned()),
        Err(error) => {
            fields.reject("url", error.to_string());
            None
        }
    }
}

/// Parses the event types, in the order of the body.
fn event_types(fields: &Fields<'_>) -> Option<Vec<String>> {
    fields.get("event_types")?;
    let known = WebhookEventType::ALL.into_iter().filter(|it| it.is_selectable());
    let known: Vec<_> = known.map(WebhookEventType::as_str).collect();
    let mut types: Vec<String> = Vec::new();
    for (pointer, value) in fields.list("event_types")? {
        match value.as_str().filter(|name| known.contains(name)) {
            Some(name) if types.iter().any(|earlier| earlier == name) => {
                fields.errors().add(pointer, "is a duplicate");
            }
            Some(name) => types.push(name.to_owned()),
            None => {
                fields.errors().add(pointer, format!("must be one of {}", known.join(", ")));
            }
        }
    }
    Some(types)
}

fn signature(fields: &Fields<'_>) -> Option<Signature> {
    fields.parse("signature", "v1 or v1a", |value| match value.as_str() {
        Some("v1") => Some(Signature::V1),
        Some("v1a") => Some(Signature::V1a),
        Some(_) | None => None,
    })
}
