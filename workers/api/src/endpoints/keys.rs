//! /v1/keys: an athlete's API keys.

use crate::auth::new_key;
use crate::call::AthleteCall;
use crate::error::ApiResult;
use crate::extract::{Json, Path};
use crate::reply::{Created, NoContent, Reply};
use contract::keys::{ApiKey, CreatedApiKey, NewApiKey};
use contract::{Instant, Items};
use storage::keys::{self, NewKey};

/// POST /v1/keys: creates a key (await). When only the response is lost, the key is of no use: the list
/// shows it, and it can be deleted.
pub async fn post(
    call: AthleteCall,
    Json(new): Json<NewApiKey>,
) -> ApiResult<Created<CreatedApiKey>> {
    let created = new_key(call.key.athlete_id, &*call.app.entropy);
    let key = NewKey {
        name: new.name,
        scopes: new.scopes.into_iter().collect(),
        expires_at_ms: new.expires_at.map(|expiry| expiry.at.timestamp_millis()),
        ..created.key
    };
    keys::create(call.database(), &call.key, &key).await?;
    let location = format!("/v1/keys/{}", key.key_id);
    let created = CreatedApiKey {
        id: key.key_id,
        api_key: created.api_key,
        name: key.name,
        scopes: key.scopes.into_iter().collect(),
        created_at: Instant(call.key.now_ms),
        last_used_on: None,
        expires_at: key.expires_at_ms.map(Instant),
    };
    Ok(Reply::new(created).location(location))
}

/// GET /v1/keys: the live keys, the oldest first.
pub async fn list(call: AthleteCall, (): ()) -> ApiResult<Reply<Items<ApiKey>>> {
    let keys = keys::list(call.database(), &call.key).await?;
    let items = keys.into_iter().map(|key| ApiKey {
        id: key.key_id,
        name: key.name,
        scopes: key.scopes.into_iter().collect(),
        created_at: Instant(key.created_at_ms),
        last_used_on: key.last_used_on,
        expires_at: key.expires_at_ms.map(Instant),
    });
    Ok(Reply::new(Items { items: items.collect() }))
}

/// DELETE /v1/keys/{id}: ends a key (await), which may be the one of this call. A retry is 404, or 401
/// for the key's own.
pub async fn delete(call: AthleteCall, Path(id): Path<String>) -> ApiResult<NoContent> {
    keys::revoke(call.database(), &call.key, &id).await?;
    Ok(NoContent)
}
