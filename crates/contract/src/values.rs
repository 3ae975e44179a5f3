//! Values that several models share: days, times, read-only fields and nullable fields.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, SecondsFormat, TimeDelta, Timelike, Utc};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use training::limits::is_offset_in_use;

/// A field that only the server sets. Requests may have it, so that what a GET returns can be sent back;
/// its value is ignored.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReadOnly;

impl<'de> Deserialize<'de> for ReadOnly {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl JsonSchema for ReadOnly {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ReadOnly".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "description": "Set by the server; ignored in requests.", "readOnly": true })
    }
}

/// A document that the server stored earlier, sent as it is stored; `T` is its model.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored<T>(pub serde_json::Value, PhantomData<T>);

impl<T> Stored<T> {
    /// A stored document.
    pub const fn new(document: serde_json::Value) -> Self {
        Self(document, PhantomData)
    }
}

impl<T> Serialize for Stored<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: JsonSchema> JsonSchema for Stored<T> {
    fn inline_schema() -> bool {
        T::inline_schema()
    }

    fn schema_name() -> Cow<'static, str> {
        T::schema_name()
    }

    fn schema_id() -> Cow<'static, str> {
        T::schema_id()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        T::json_schema(generator)
    }
}

/// A field for which null and absence differ: absent keeps the value, null removes it.
pub mod nullable {
    use serde::{Deserialize, Deserializer};

    /// Deserializes a present field; `Some(None)` is null.
    pub fn deserialize<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
        deserializer: D,
    ) -> Result<Option<Option<T>>, D::Error> {
        Option::deserialize(deserializer).map(Some)
    }

    /// Serializes a field that is skipped when it is absent.
    pub fn serialize<S: serde::Serializer, T: serde::Serialize>(
        value: &Option<Option<T>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().serialize(serializer)
    }

    use serde::Serialize;
}

/// Deserializes an optional field that is not null when it is present.
pub fn non_null<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

/// A day of the calendar: `2026-11-23`, with a year of four digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[schemars(inline, with = "NaiveDate", example = "2026-11-23")]
#[serde(transparent)]
pub struct Day(pub NaiveDate);

impl std::str::FromStr for Day {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let day = text.parse::<NaiveDate>().ok().filter(|day| day.to_string() == text);
        day.filter(|day| (1..=9_999).contains(&day.year()))
            .map(Self)
            .ok_or("must be a day such as 2026-11-23")
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A time of a request: RFC 3339 with an offset. A leap second is read as the second before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Timestamp {
    pub at: DateTime<FixedOffset>,
    /// Whether it was written with `Z`: the local offset is unknown (RFC 9557).
    pub is_zulu: bool,
}

impl From<DateTime<FixedOffset>> for Timestamp {
    fn from(at: DateTime<FixedOffset>) -> Self {
        Self { at, is_zulu: false }
    }
}

impl std::str::FromStr for Timestamp {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let at = DateTime::parse_from_rfc3339(text)
            .ok()
            .filter(|at| is_offset_in_use(*at.offset()))
            .filter(|at| (0..=9_999).contains(&at.year()))
            .ok_or("must be an RFC 3339 time with an offset between -12:00 and +14:00, such as 2026-11-23T18:00:00+01:00")?;
        // chrono writes a leap second as nanoseconds past a whole second.
        let leap_ns = i64::from(at.nanosecond() / 1_000_000_000) * 1_000_000_000;
        let is_zulu = text.ends_with(['Z', 'z']);
        Ok(Self { at: at - TimeDelta::nanoseconds(leap_ns), is_zulu })
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(D::Error::custom)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.at.to_rfc3339_opts(SecondsFormat::AutoSi, self.is_zulu))
    }
}

impl JsonSchema for Timestamp {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "examples": ["2026-11-23T18:00:00+01:00"],
        })
    }
}

/// An instant of a response: RFC 3339 in UTC, to the millisecond. In milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant(pub i64);

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = DateTime::from_timestamp_millis(self.0).unwrap_or_default();
        f.write_str(&instant.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Instant {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        DateTime::<Utc>::deserialize(deserializer).map(|at| Self(at.timestamp_millis()))
    }
}

impl JsonSchema for Instant {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Instant".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "format": "date-time",
            "examples": ["2026-11-23T17:00:00.000Z"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_has_one_spelling() {
        let check =
            |text: &str, valid: bool| assert_eq!(text.parse::<Day>().is_ok(), valid, "{text}");
        check("2026-11-23", true);
        check("0001-01-01", true);
        check("2026-1-1", false);
        check("+12026-01-01", false);
        check("2026-02-30", false);
        check("", false);
    }

    #[test]
    fn leap_second_is_the_second_before_it() {
        let time: Timestamp = "2016-12-31T23:59:60Z".parse().unwrap();
        assert_eq!(time.at.to_rfc3339(), "2016-12-31T23:59:59+00:00");
        let fraction: Timestamp = "2026-11-23T10:30:60.5+01:00".parse().unwrap();
        assert_eq!(fraction.at.to_rfc3339(), "2026-11-23T10:30:59.500+01:00");
    }

    #[test]
    fn offsets_of_no_time_zone_are_rejected() {
        let check = |offset: &str, valid: bool| {
            let text = format!("2026-11-23T10:00:00{offset}");
            assert_eq!(text.parse::<Timestamp>().is_ok(), valid, "{offset}");
        };
        check("Z", true);
        check("+14:00", true);
        check("-12:00", true);
        check("+14:01", false);
        check("-12:30", false);
        check("+23:59", false);
        check("", false);
    }
}
