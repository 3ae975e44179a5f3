//! The training calendar: an athlete's local day, and the ISO week that starts on Monday.

use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, de};

/// Returns the local date of a workout: the date of `started_at` in its own UTC offset.
pub fn local_date(started_at: DateTime<FixedOffset>) -> NaiveDate {
    started_at.date_naive()
}

/// The age, in days, up to which athletes are notified of what happened; a project default.
pub const RECENT_DAYS_MAX: i64 = 14;

/// Whether athletes are notified of what ended on `last_day`, given the time of the change that is the
/// cause. It is the time of the change and not of its handling, so that a redelivery decides the same.
pub fn is_recent(last_day: NaiveDate, changed_at: DateTime<Utc>) -> bool {
    (changed_at.date_naive() - last_day).num_days() <= RECENT_DAYS_MAX
}

/// The Monday of an ISO 8601 week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct WeekStart(NaiveDate);

impl WeekStart {
    /// Returns the week that contains this date.
    pub fn containing(date: NaiveDate) -> Self {
        let since_monday = u64::from(date.weekday().num_days_from_monday());
        // Only the first days of chrono's calendar, 262,000 years ago, have no preceding Monday.
        Self(date.checked_sub_days(Days::new(since_monday)).unwrap_or(date))
    }

    /// Returns the Monday.
    pub const fn date(self) -> NaiveDate {
        self.0
    }

    /// Returns the Sunday.
    pub fn last_day(self) -> NaiveDate {
        self.plus_days(6).0
    }

    /// Returns the following week.
    #[must_use]
    pub fn next(self) -> Self {
        self.plus_days(7)
    }

    /// Returns the preceding week.
    #[must_use]
    pub fn previous(self) -> Self {
        self.weeks_before(1)
    }

    /// Returns the week that is `weeks` weeks earlier.
    #[must_use]
    pub fn weeks_before(self, weeks: u32) -> Self {
        Self(self.0.checked_sub_days(Days::new(u64::from(weeks) * 7)).unwrap_or(self.0))
    }

    fn plus_days(self, days: u64) -> Self {
        Self(self.0.checked_add_days(Days::new(days)).unwrap_or(self.0))
    }
}

impl std::fmt::Display for WeekStart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl<'de> Deserialize<'de> for WeekStart {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let date = NaiveDate::deserialize(deserializer)?;
        let week = Self::containing(date);
        if week.0 == date {
            Ok(week)
        } else {
            Err(de::Error::custom(format!("{date} is not a Monday")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(started_at: &str, day: &str, week: &str) {
        let at = DateTime::parse_from_rfc3339(started_at).unwrap();
        let date = local_date(at);
        assert_eq!(date.to_string(), day, "{started_at}");
        assert_eq!(WeekStart::containing(date).to_string(), week, "{started_at}");
    }

    #[test]
    fn local_date_uses_the_offset_of_the_workout() {
        check("2026-11-22T23:30:00+01:00", "2026-11-22", "2026-11-16");
        check("2026-11-22T23:30:00Z", "2026-11-22", "2026-11-16");
        check("2026-11-23T00:30:00+13:00", "2026-11-23", "2026-11-23");
        // ISO week 53 of 2026 holds the first days of 2027.
        check("2027-01-03T10:00:00-08:00", "2027-01-03", "2026-12-28");
        check("2027-01-04T00:00:00-08:00", "2027-01-04", "2027-01-04");
    }

    #[test]
    fn two_weeks_are_recent() {
        let check = |last_day: &str, expected| {
            let changed_at = "2026-11-23T23:59:59Z".parse().unwrap();
            assert_eq!(is_recent(last_day.parse().unwrap(), changed_at), expected, "{last_day}");
        };
        check("2026-11-24", true);
        check("2026-11-23", true);
        check("2026-11-09", true);
        check("2026-11-08", false);
        check("2025-11-23", false);
    }

    #[test]
    fn deserializing_a_week_requires_a_monday() {
        assert!(serde_json::from_str::<WeekStart>("\"2026-11-23\"").is_ok());
        let error = serde_json::from_str::<WeekStart>("\"2026-11-24\"").unwrap_err();
        assert!(error.to_string().contains("not a Monday"), "{error}");
    }
}
