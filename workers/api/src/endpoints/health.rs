//! GET /healthz: the worker responds. It does not read the database.

use crate::error::ApiResult;
use platform::http::{StatusCode, json};

/// Returns 200.
pub fn get() -> ApiResult {
    Ok(json(StatusCode::OK, &serde_json::json!({ "status": "ok" }))?)
}
