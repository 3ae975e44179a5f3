//! Lists and their pages.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// Items of a page, at most (public contract).
pub const LIMIT_MAX: i64 = 100;
/// Items of a page without a limit.
const LIMIT_DEFAULT: i64 = 50;

/// A list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}List")]
pub struct Items<T> {
    pub items: Vec<T>,
}

/// A page of a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "{T}Page")]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The `cursor` of the next page; null on the last one.
    pub next_cursor: Option<String>,
}

/// The number of items of a page, 1 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Limit(pub i64);

impl Default for Limit {
    fn default() -> Self {
        Self(LIMIT_DEFAULT)
    }
}

impl<'de> Deserialize<'de> for Limit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        integer(deserializer, LIMIT_MAX).map(Self)
    }
}

/// Parses an integer of a query, from 1 to `max`, in its only spelling.
pub fn integer<'de, D: Deserializer<'de>>(deserializer: D, max: i64) -> Result<i64, D::Error> {
    let text = Cow::<str>::deserialize(deserializer)?;
    let number = text.parse::<i64>().ok().filter(|number| number.to_string() == *text);
    number.filter(|number| (1..=max).contains(number)).ok_or_else(|| {
        let expected = format!("an integer between 1 and {max}");
        D::Error::invalid_value(Unexpected::Str(&text), &&*expected)
    })
}

impl JsonSchema for Limit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Limit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "integer",
            "minimum": 1,
            "maximum": LIMIT_MAX,
            "default": LIMIT_DEFAULT,
            "description": "The number of items of the page.",
        })
    }
}

/// The query of a list with pages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Cursor {
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
    #[serde(default)]
    pub limit: Limit,
}
