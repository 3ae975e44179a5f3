//! GET /healthz: the worker answers. It asks nothing of the database.

use crate::error::ApiError;
use platform::http::{Response, StatusCode, json};

/// 200.
pub fn get() -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &serde_json::json!({ "status": "ok" }))?)
}
