//! Athletes and their keys, for operators. The response that creates a key shows it, and no other.

use super::me::parse_new;
use crate::app::App;
use crate::auth::new_key;
use crate::call::Call;
use crate::error::ApiResult;
use crate::input::json_body;
use platform::clock::new_uuid;
use platform::http::{StatusCode, empty, json};
use serde_json::json;
use shared_kernel::AthleteId;
use storage::{athletes, keys};

/// POST /v1/admin/athletes.
pub async fn post(app: &App, call: &Call) -> ApiResult {
    let athlete = parse_new(&json_body(&call.request)?)?;
    let athlete_id = AthleteId(new_uuid(&*app.clock, &*app.entropy));
    let key = new_key(athlete_id, &*app.entropy);
    let database = app.shards.for_athlete(athlete_id);
    athletes::create(database, &athlete, &key.key, app.clock.now_ms()).await?;
    let body = json!({ "athlete_id": athlete_id, "api_key": key.api_key });
    Ok(json(StatusCode::CREATED, &body)?)
}

/// POST /v1/admin/athletes/{id}/keys.
pub async fn post_key(app: &App, athlete_id: AthleteId) -> ApiResult {
    let key = new_key(athlete_id, &*app.entropy);
    keys::issue(app.shards.for_athlete(athlete_id), &key.key, app.clock.now_ms()).await?;
    let body = json!({ "key_id": key.key.key_id, "api_key": key.api_key });
    Ok(json(StatusCode::CREATED, &body)?)
}

/// DELETE /`v1/admin/athletes/{id}/keys/{key_id`}.
pub async fn delete_key(app: &App, athlete_id: AthleteId, key_id: &str) -> ApiResult {
    let database = app.shards.for_athlete(athlete_id);
    keys::revoke_by_operator(database, athlete_id, key_id, app.clock.now_ms()).await?;
    Ok(empty(StatusCode::NO_CONTENT))
}
