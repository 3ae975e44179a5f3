//! API keys.
//!
//! Limits without a source are project defaults.

use crate::checks::{Checks, FieldCode, Validate};
use crate::values::{Instant, Timestamp};
use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared_kernel::Scope;

/// Characters of a key's name, at most.
const NAME_CHARS_MAX: usize = 100;

/// A new API key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example())]
pub struct NewApiKey {
    /// The purpose of the key, such as the name of the app that uses it.
    #[schemars(length(min = 1, max = NAME_CHARS_MAX))]
    pub name: String,
    /// The calls that the key may make; none that the caller's key may not make.
    #[schemars(length(min = 1, max = 2), extend("uniqueItems" = true))]
    pub scopes: Vec<Scope>,
    /// A time in the future; by default the key does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

fn example() -> serde_json::Value {
    serde_json::json!({
        "name": "Watch app",
        "scopes": ["read", "write"],
        "expires_at": "2027-11-23T18:00:00+01:00",
    })
}

impl Validate for NewApiKey {
    fn validate(&self, checks: &mut Checks) {
        checks.line("name", Some(&self.name), NAME_CHARS_MAX);
        if self.scopes.is_empty() {
            checks.reject("scopes", FieldCode::Empty, "must have a scope: read, write or both");
        }
        if checks.length("scopes", self.scopes.len(), Scope::ALL.len()) {
            checks.unique("scopes", &self.scopes);
        }
        if self.expires_at.is_some_and(|expiry| expiry.at <= checks.now()) {
            checks.reject("expires_at", FieldCode::OutOfRange, "must be in the future");
        }
    }
}

/// A live API key, without its secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ApiKey {
    /// For `DELETE /v1/keys/{id}`.
    pub id: String,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub created_at: Instant,
    /// The UTC day of the last call. It may lag a day.
    pub last_used_on: Option<NaiveDate>,
    /// Null: it does not expire.
    pub expires_at: Option<Instant>,
}

/// A new API key. The key itself is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedApiKey {
    /// For `DELETE /v1/keys/{id}`. It is not the part between the underscores of `api_key`.
    pub id: String,
    /// For `Authorization: Bearer`.
    pub api_key: String,
    pub name: String,
    pub scopes: Vec<Scope>,
    pub created_at: Instant,
    pub last_used_on: Option<NaiveDate>,
    pub expires_at: Option<Instant>,
}
