//! The athlete's clock: when a mail may go, and when their day began.

use chrono::{DateTime, FixedOffset, NaiveDateTime, NaiveTime, Offset, Utc};
use platform::clock::TimeZones;
use shared_kernel::QuietHours;

/// A clock on a wall of this zone. A zone that the runtime no longer knows is UTC.
#[derive(Clone, Copy)]
pub struct WallClock<'a> {
    /// Of the IANA database.
    pub zone: &'a str,
    /// The rules of time zones.
    pub time_zones: &'a dyn TimeZones,
}

impl WallClock<'_> {
    /// When a mail of now may go: now, or when the quiet hours are over.
    pub fn mail_due_at(self, now: DateTime<Utc>, quiet_hours: Option<QuietHours>) -> DateTime<Utc> {
        let wall = now.with_timezone(&self.offset(now)).naive_local();
        let end = quiet_hours.and_then(|hours| hours.end_after(wall));
        end.map_or(now, |end| self.instant_near(end, now))
    }

    /// When the day of now began.
    pub fn day_began_at(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let today = now.with_timezone(&self.offset(now)).date_naive();
        self.instant_near(today.and_time(NaiveTime::MIN), now)
    }

    /// The instant at which the clock shows a time, within a day of `now`; of a time that a clock
    /// change skips, the instant after the change, and of one that it repeats, the one nearer to
    /// `now` by the offset of now.
    fn instant_near(self, wall: NaiveDateTime, now: DateTime<Utc>) -> DateTime<Utc> {
        let at = |offset: FixedOffset| {
            let local = wall.and_local_timezone(offset).single();
            local.map_or(now, |local| local.with_timezone(&Utc))
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
    use testkit::DatabaseZones;

    fn clock(zone: &str) -> WallClock<'_> {
        WallClock { zone, time_zones: &DatabaseZones }
    }

    fn instant(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_mail_waits_for_the_end_of_the_quiet_hours_on_the_athletes_wall() {
        let check = |zone: &str, (from, to): (&str, &str), now: &str, due: &str| {
            let hours = QuietHours::parse(from, to).unwrap();
            let found = clock(zone).mail_due_at(instant(now), Some(hours));
            assert_eq!(found, instant(due), "{zone} {from}-{to} at {now}");
        };
        let night = ("22:00", "07:00");
        let berlin = "Europe/Berlin";
        // Before, at the first minute, over midnight, at the last minute, at the end.
        check(berlin, night, "2026-11-23T20:59:59Z", "2026-11-23T20:59:59Z");
        check(berlin, night, "2026-11-23T21:00:00Z", "2026-11-24T06:00:00Z");
        check(berlin, night, "2026-11-23T23:30:00Z", "2026-11-24T06:00:00Z");
        check(berlin, night, "2026-11-24T05:59:59Z", "2026-11-24T06:00:00Z");
        check(berlin, night, "2026-11-24T06:00:00Z", "2026-11-24T06:00:00Z");
        // The same instant elsewhere.
        check("Asia/Tokyo", night, "2026-11-23T21:00:00Z", "2026-11-23T22:00:00Z");
        check("America/New_York", night, "2026-11-23T21:00:00Z", "2026-11-23T21:00:00Z");
        check("UTC", night, "2026-11-23T22:00:00Z", "2026-11-24T07:00:00Z");
        check("Moon/Tycho", night, "2026-11-23T22:00:00Z", "2026-11-24T07:00:00Z");
        // The night that has 25 hours, and the one that has 23.
        check(berlin, night, "2026-10-24T20:30:00Z", "2026-10-25T06:00:00Z");
        check(berlin, night, "2026-03-28T21:30:00Z", "2026-03-29T05:00:00Z");
        check(berlin, night, "2026-03-29T01:30:00Z", "2026-03-29T05:00:00Z");
        // An end that the clock skips: after the change. One that it repeats: the first.
        check(berlin, ("22:00", "02:30"), "2026-03-28T22:00:00Z", "2026-03-29T01:30:00Z");
        let new_york = "America/New_York";
        check(new_york, ("22:00", "02:30"), "2026-03-08T03:00:00Z", "2026-03-08T07:30:00Z");
        check(new_york, ("22:00", "02:30"), "2026-03-08T06:40:00Z", "2026-03-08T07:30:00Z");
        check(new_york, ("22:00", "01:30"), "2026-11-01T02:00:00Z", "2026-11-01T05:30:00Z");
        check(new_york, ("22:00", "01:30"), "2026-11-01T06:10:00Z", "2026-11-01T06:30:00Z");
    }

    #[test]
    fn without_quiet_hours_a_mail_may_go_now() {
        let now = instant("2026-11-23T23:00:00Z");
        assert_eq!(clock("Europe/Berlin").mail_due_at(now, None), now);
    }

    #[test]
    fn a_day_begins_at_midnight_of_its_zone_whatever_the_clock_does_in_it() {
        let check = |zone: &str, now: &str, began: &str| {
            assert_eq!(clock(zone).day_began_at(instant(now)), instant(began), "{zone} {now}");
        };
        check("UTC", "2026-11-23T00:00:00Z", "2026-11-23T00:00:00Z");
        check("Europe/Berlin", "2026-11-23T22:59:59Z", "2026-11-22T23:00:00Z");
        check("Europe/Berlin", "2026-11-23T23:00:00Z", "2026-11-23T23:00:00Z");
        check("Europe/Berlin", "2026-10-25T12:00:00Z", "2026-10-24T22:00:00Z");
        check("Europe/Berlin", "2026-03-29T12:00:00Z", "2026-03-28T23:00:00Z");
        check("Asia/Kathmandu", "2026-11-23T12:00:00Z", "2026-11-22T18:15:00Z");
        // Midnight itself is skipped there.
        check("Africa/Cairo", "2026-04-24T09:00:00Z", "2026-04-23T22:00:00Z");
    }
}
