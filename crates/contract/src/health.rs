//! The health of the API.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The state of the worker that responded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Health {
    /// Always `ok`: a worker that is not does not respond.
    pub status: String,
    /// The version of the API.
    pub version: String,
}
