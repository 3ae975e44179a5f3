//! Quiet hours: the local hours in which an athlete gets no email.

use chrono::{NaiveDateTime, NaiveTime, Timelike};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::str::FromStr;

/// The local hours of a day in which no email is sent: from a time (inclusive) to another (exclusive),
/// over midnight if the second is earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHours {
    pub from: TimeOfDay,
    /// Another time than `from`.
    pub to: TimeOfDay,
}

/// A time of day in whole minutes: `22:00`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Cow<'_, str>", into = "String")]
pub struct TimeOfDay(NaiveTime);

impl QuietHours {
    /// Returns the end of the quiet hours that contain a local time.
    pub fn end_after(self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let (time, today) = (wall.time(), wall.date());
        let (from, to) = (self.from.0, self.to.0);
        let ends_tomorrow = if from < to {
            (from <= time && time < to).then_some(false)
        } else {
            (time >= from || time < to).then_some(time >= from)
        };
        let day = if ends_tomorrow? { today.succ_opt()? } else { today };
        Some(day.and_time(to))
    }
}

impl FromStr for TimeOfDay {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.len() == 5 && text.bytes().filter(u8::is_ascii_digit).count() == 4;
        let time = digits.then(|| NaiveTime::parse_from_str(text, "%H:%M").ok()).flatten();
        time.map(Self).ok_or("must be a time of day such as 22:00")
    }
}

impl TryFrom<Cow<'_, str>> for TimeOfDay {
    type Error = &'static str;

    fn try_from(text: Cow<'_, str>) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(TimeOfDay(time): TimeOfDay) -> Self {
        format!("{:02}:{:02}", time.hour(), time.minute())
    }
}

impl JsonSchema for TimeOfDay {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "TimeOfDay".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$",
            "examples": ["22:00"],
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_include_their_start_and_exclude_their_end() {
        let check = |from: &str, to: &str, wall: &str, end: Option<&str>| {
            let hours = QuietHours { from: from.parse().unwrap(), to: to.parse().unwrap() };
            let expected = end.map(|end| end.parse::<NaiveDateTime>().unwrap());
            assert_eq!(hours.end_after(wall.parse().unwrap()), expected, "{from}-{to} at {wall}");
        };
        let night = ("22:00", "07:00");
        check(night.0, night.1, "2026-11-23T21:59:59", None);
        check(night.0, night.1, "2026-11-23T22:00:00", Some("2026-11-24T07:00:00"));
        check(night.0, night.1, "2026-11-23T23:59:59", Some("2026-11-24T07:00:00"));
        check(night.0, night.1, "2026-11-24T00:00:00", Some("2026-11-24T07:00:00"));
        check(night.0, night.1, "2026-11-24T06:59:59", Some("2026-11-24T07:00:00"));
        check(night.0, night.1, "2026-11-24T07:00:00", None);
        check("12:00", "13:30", "2026-11-23T11:59:59", None);
        check("12:00", "13:30", "2026-11-23T12:00:00", Some("2026-11-23T13:30:00"));
        check("12:00", "13:30", "2026-11-23T13:30:00", None);
        check("00:00", "06:00", "2026-11-23T00:00:00", Some("2026-11-23T06:00:00"));
        check("18:00", "00:00", "2026-12-31T23:00:00", Some("2027-01-01T00:00:00"));
        check("18:00", "00:00", "2026-12-31T00:00:00", None);
    }

    #[test]
    fn invalid_times_are_rejected_and_valid_ones_round_trip() {
        for invalid in ["24:00", "9:00", "+9:00", "07:60", "", "22:00:00", "22h00"] {
            assert!(invalid.parse::<TimeOfDay>().is_err(), "{invalid}");
        }
        let text = r#"{"from":"22:05","to":"07:00"}"#;
        let hours: QuietHours = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&hours).unwrap(), text);
    }
}
