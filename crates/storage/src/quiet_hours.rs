//! Quiet hours: the local hours in which an athlete gets no e-mail.

use chrono::{NaiveDateTime, NaiveTime, Timelike};
use serde::{Deserialize, Serialize};

/// The hours from a time of day (inclusive) to another (exclusive), over midnight if the second is
/// earlier: `{"from": "22:00", "to": "07:00"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Texts", into = "Texts")]
pub struct QuietHours {
    from: NaiveTime,
    to: NaiveTime,
}

/// The reason why two texts are not valid quiet hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuietHoursError {
    #[error("must be a time of day: 22:00")]
    From,
    #[error("must be a time of day: 07:00")]
    To,
    /// They are equal: the hours would never start or never end.
    #[error("must differ from `from`")]
    Same,
}

#[derive(Serialize, Deserialize)]
struct Texts {
    from: String,
    to: String,
}

impl QuietHours {
    /// Parses two times of the form `HH:MM`.
    pub fn parse(from: &str, to: &str) -> Result<Self, QuietHoursError> {
        let from = time_of_day(from).ok_or(QuietHoursError::From)?;
        let to = time_of_day(to).ok_or(QuietHoursError::To)?;
        if from == to { Err(QuietHoursError::Same) } else { Ok(Self { from, to }) }
    }

    /// Returns the end of the quiet hours that contain a local time.
    pub fn end_after(self, wall: NaiveDateTime) -> Option<NaiveDateTime> {
        let (time, today) = (wall.time(), wall.date());
        let ends_tomorrow = if self.from < self.to {
            (self.from <= time && time < self.to).then_some(false)
        } else {
            (time >= self.from || time < self.to).then_some(time >= self.from)
        };
        let day = if ends_tomorrow? { today.succ_opt()? } else { today };
        Some(day.and_time(self.to))
    }
}

fn time_of_day(text: &str) -> Option<NaiveTime> {
    let digits = text.len() == 5 && text.bytes().filter(u8::is_ascii_digit).count() == 4;
    digits.then(|| NaiveTime::parse_from_str(text, "%H:%M").ok())?
}

fn text(time: NaiveTime) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

impl From<QuietHours> for Texts {
    fn from(hours: QuietHours) -> Self {
        Self { from: text(hours.from), to: text(hours.to) }
    }
}

impl TryFrom<Texts> for QuietHours {
    type Error = QuietHoursError;

    fn try_from(texts: Texts) -> Result<Self, QuietHoursError> {
        Self::parse(&texts.from, &texts.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_include_their_start_and_exclude_their_end() {
        let check = |from: &str, to: &str, wall: &str, end: Option<&str>| {
            let hours = QuietHours::parse(from, to).unwrap();
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
        let check = |from: &str, to: &str, error: QuietHoursError| {
            assert_eq!(QuietHours::parse(from, to), Err(error), "{from}-{to}");
        };
        check("24:00", "07:00", QuietHoursError::From);
        check("9:00", "07:00", QuietHoursError::From);
        check("+9:00", "07:00", QuietHoursError::From);
        check("22:00", "07:60", QuietHoursError::To);
        check("22:00", "", QuietHoursError::To);
        check("07:00", "07:00", QuietHoursError::Same);
        let text = r#"{"from":"22:05","to":"07:00"}"#;
        let hours: QuietHours = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&hours).unwrap(), text);
    }
}
