//! Parses a column that holds JSON as text: `#[serde(with = "json_text")]`.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};
use shared_kernel::json;

/// Parses the text of a column.
pub fn deserialize<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    json::from_str(&text).map_err(D::Error::custom)
}

/// Parses a nullable JSON column: `#[serde(deserialize_with = "json_text::optional")]`.
pub fn optional<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| json::from_str(&text).map_err(D::Error::custom)).transpose()
}

/// Parses a JSON column that is NULL in place of the default:
/// `#[serde(deserialize_with = "json_text::or_default")]`.
pub fn or_default<'de, D: Deserializer<'de>, T: DeserializeOwned + Default>(
    deserializer: D,
) -> Result<T, D::Error> {
    optional(deserializer).map(Option::unwrap_or_default)
}
