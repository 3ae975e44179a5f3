//! GET /healthz: the worker responds. It does not read the database.

use crate::error::ApiError;
use platform::http::{Response, StatusCode, json};

/// Returns 200.
pub fn get() -> Result<Response, ApiError> {
    Ok(json(StatusCode::OK, &serde_json::json!({ "status": "ok" }))?)
}
