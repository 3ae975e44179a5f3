//! GET /v1/exercises: the catalogue.

use crate::app::App;
use crate::error::ApiError;
use platform::http::{Response, StatusCode, json};
use storage::{KeyProof, keys};
use training::catalogue::CATALOGUE;

/// The catalogue, for the holder of a live key.
pub async fn list(app: &App, key: &KeyProof) -> Result<Response, ApiError> {
    if !keys::is_live(app.shards.for_athlete(key.athlete_id), key).await? {
        return Err(ApiError::Unauthorized);
    }
    Ok(json(StatusCode::OK, &serde_json::json!({ "items": CATALOGUE }))?)
}
