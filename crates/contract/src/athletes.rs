//! Athletes and their keys, for operators.

use crate::checks::{Checks, FieldCode, Validate};
use crate::me::{NAME_CHARS_MAX, check_email};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use shared_kernel::AthleteId;

/// A new athlete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = example())]
pub struct NewAthlete {
    #[schemars(length(min = 1, max = NAME_CHARS_MAX))]
    pub display_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(email)]
    pub email: Option<String>,
    /// Whether the operator vouches for the address. Otherwise the athlete confirms it by a link.
    #[serde(default)]
    pub email_confirmed: bool,
}

fn example() -> serde_json::Value {
    serde_json::json!({
        "display_name": "Ada Lift", "email": "ada@example.com", "email_confirmed": true,
    })
}

impl Validate for NewAthlete {
    fn validate(&self, checks: &mut Checks) {
        checks.line("display_name", Some(&self.display_name), NAME_CHARS_MAX);
        check_email(checks, self.email.as_deref());
        if self.email_confirmed && self.email.is_none() {
            let detail = "must be false without an email";
            checks.reject("email_confirmed", FieldCode::Conflict, detail);
        }
    }
}

/// A new athlete with a key, which is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CreatedAthlete {
    pub athlete_id: AthleteId,
    /// For `Authorization: Bearer`.
    pub api_key: String,
}

/// A new key of an athlete, which is shown this once. It has both scopes and does not expire.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssuedKey {
    pub key_id: String,
    /// For `Authorization: Bearer`.
    pub api_key: String,
}

/// The address for which an operator vouches.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(example = serde_json::json!({ "email": "ada@example.com" }))]
pub struct VouchedEmail {
    /// The athlete's current address.
    #[schemars(email)]
    pub email: String,
}

impl Validate for VouchedEmail {
    fn validate(&self, checks: &mut Checks) {
        check_email(checks, Some(&self.email));
    }
}
