//! The scopes of API keys.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A set of calls that a key may make.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// The calls that change nothing: every GET.
    Read,
    /// The calls that change something: every other method.
    Write,
}

impl Scope {
    /// Every scope.
    pub const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// Returns the stored and wire name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}
