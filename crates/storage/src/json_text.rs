//! A column that holds JSON as text, for `#[serde(with = "json_text")]`.

use serde::de::{DeserializeOwned, Error};
use serde::{Deserialize, Deserializer};

pub fn deserialize<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    serde_json::from_str(&text).map_err(D::Error::custom)
}
