//! The athlete's local time: when an email may be sent, and when the athlete's day began.

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime, Offset, Utc};
use platform::clock::TimeZones;
use shared_kernel::QuietHours;

/// The local time of a zone. A zone that the runtime does not know is UTC.
#[derive(Clone, Copy)]
pub struct LocalClock<'a> {
    /// An IANA name.
    pub zone: &'a str,
    pub time_zones: &'a dyn TimeZones,
}

impl LocalClock<'_> {
    /// Returns when an email may be sent: now, or at the end of the quiet hours.
    pub fn email_due_at(
        self,
        now: DateTime<Utc>,
        quiet_hours: Option<QuietHours>,
    ) -> DateTime<Utc> {
        let local = now.with_timezone(&self.offset(now)).naive_local();
        let end = quiet_hours.and_then(|hours| hours.end_after(local));
        end.map_or(now, |end| self.instant_near(end, now))
    }

    /// Returns the current day.
    pub fn today(self, now: DateTime<Utc>) -> NaiveDate {
        now.with_timezone(&self.offset(now)).date_naive()
    }

    /// Returns the start of the current day.
    pub fn day_began_at(self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.instant_near(self.today(now).and_time(NaiveTime::MIN), now)
    }

    /// Returns the instant of a local time within a day of `now`. For a time that a clock change
    /// skips, returns the instant after the change; for a repeated one, prefers the offset of `now`.
    fn instant_near(self, local: NaiveDateTime, now: DateTime<Utc>) -> DateTime<Utc> {
        let at = |offset: FixedOffset| {
            let instant = local.and_local_timezone(offset).single();
            instant.map_or(now, |instant| instant.with_timezone(&Utc))
        };
        let guess = at(self.offset(now));
        let offset = self.offset(guess);
        let corrected = at(offset);
        if self.offset(corrected) == offset { corrected } else { guess.max(corrected) }
    }

    fn offset(self, instant: DateTime<Utc>) -> FixedOffset {
        self.time_zones.offset_at_instant(self.zone, instant).unwrap_or_else(|| Utc.fix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use testkit::IanaTimeZones;

    fn clock(zone: &str) -> LocalClock<'_> {
        LocalClock { zone, time_zones: &IanaTimeZones }
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn email_is_due_at_the_end_of_local_quiet_hours() {
        let check = |zone: &str, (from, to): (&str, &str), now: &str, due: &str| {
            let hours = QuietHours { from: from.parse().unwrap(), to: to.parse().unwrap() };
            let actual = clock(zone).email_due_at(instant(now), Some(hours));
            assert_eq!(actual, instant(due), "{zone} {from}-{to} at {now}");
        };
        let night = ("22:00", "07:00");
        let berlin = "Europe/Berlin";
        // Before, at the first minute, over midnight, at the last minute, at the end.
        check(berlin, night, "2026-11-23T20:59:59Z", "2026-11-23T20:59:59Z");
        check(berlin, night, "2026-11-23T21:00:00Z", "2026-11-24T06:00:00Z");
        check(berlin, night, "2026-11-23T23:30:00Z", "2026-11-24T06:00:00Z");
        check(berlin, night, "2026-11-24T05:59:59Z", "2026-11-24T06:00:00Z");
        check(berlin, night, "2026-11-24T06:00:00Z", "2026-11-24T06:00:00Z");
        // The same instant in other zones.
        check("Asia/Tokyo", night, "2026-11-23T21:00:00Z", "2026-11-23T22:00:00Z");
        check("America/New_York", night, "2026-11-23T21:00:00Z", "2026-11-23T21:00:00Z");
        check("UTC", night, "2026-11-23T22:00:00Z", "2026-11-24T07:00:00Z");
        check("Moon/Tycho", night, "2026-11-23T22:00:00Z", "2026-11-24T07:00:00Z");
        // A night of 25 hours, and one of 23.
        check(berlin, night, "2026-10-24T20:30:00Z", "2026-10-25T06:00:00Z");
        check(berlin, night, "2026-03-28T21:30:00Z", "2026-03-29T05:00:00Z");
        check(berlin, night, "2026-03-29T01:30:00Z", "2026-03-29T05:00:00Z");
        // A skipped end: after the change. A repeated end: the first.
        check(berlin, ("22:00", "02:30"), "2026-03-28T22:00:00Z", "2026-03-29T01:30:00Z");
        let new_york = "America/New_York";
        check(new_york, ("22:00", "02:30"), "2026-03-08T03:00:00Z", "2026-03-08T07:30:00Z");
        check(new_york, ("22:00", "02:30"), "2026-03-08T06:40:00Z", "2026-03-08T07:30:00Z");
        check(new_york, ("22:00", "01:30"), "2026-11-01T02:00:00Z", "2026-11-01T05:30:00Z");
        check(new_york, ("22:00", "01:30"), "2026-11-01T06:10:00Z", "2026-11-01T06:30:00Z");
    }

    #[test]
    fn email_is_due_now_without_quiet_hours() {
        let now = instant("2026-11-23T23:00:00Z");
        assert_eq!(clock("Europe/Berlin").email_due_at(now, None), now);
    }

    #[test]
    fn day_begins_at_local_midnight_despite_clock_changes() {
        let check = |zone: &str, now: &str, began: &str| {
            assert_eq!(clock(zone).day_began_at(instant(now)), instant(began), "{zone} {now}");
        };
        check("UTC", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z");
        check("Europe/Berlin", "2026-11-23T22:59:59Z", "2026-11-22T23:00:00Z");
        check("Europe/Berlin", "2026-11-23T23:00:00Z", "2026-11-23T23:00:00Z");
        check("Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z");
        check("Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z");
        check("Asia/Kathmandu", "2026-11-23T12:00:00Z", "2026-11-22T18:15:00Z");
        // A zone that skips midnight.
        check("Africa/Cairo", "2026-04-24T09:00:00Z", "2026-04-23T22:00:00Z");
    }
}
