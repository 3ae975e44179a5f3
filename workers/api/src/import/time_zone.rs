//! The instants of a file's times.

use crate::error::{ApiResult, bad_parameter};
use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta, Utc};
use contract::FieldCode;
use interchange::{End, LoggedWorkout};
use platform::clock::TimeZones;
use training::limits::is_offset_in_use;

/// The start and the end of a workout; `None` outside the calendar.
pub type Times = (Option<DateTime<FixedOffset>>, Option<DateTime<FixedOffset>>);

/// The zone of times without an offset.
pub struct ImportZone<'a> {
    /// `Europe/Berlin`, `+01:00`, `UTC`.
    pub name: &'a str,
    zones: &'a dyn TimeZones,
    fixed: Option<FixedOffset>,
}

impl<'a> ImportZone<'a> {
    /// Creates a zone. Whether it exists shows when times are converted.
    pub fn new(name: &'a str, zones: &'a dyn TimeZones) -> Self {
        let fixed = if matches!(name, "UTC" | "Z") { "+00:00" } else { name };
        Self { name, zones, fixed: fixed.parse().ok() }
    }

    /// Returns the starts and ends of workouts, without an end where there is none.
    pub fn times(&self, workouts: &[LoggedWorkout]) -> ApiResult<Vec<Times>> {
        let written = workouts.iter().flat_map(|workout| {
            [workout.started_at, workout.ended_at().unwrap_or(workout.started_at)]
        });
        let offsets = self.offsets(&written.collect::<Vec<_>>())?;
        let pairs = offsets.as_chunks::<2>().0.iter().zip(workouts);
        Ok(pairs.map(|([start, end], workout)| self.workout_times(workout, *start, *end)).collect())
    }

    /// `start` and `end` are the offsets of the written times, if they are local.
    fn workout_times(
        &self,
        workout: &LoggedWorkout,
        start: FixedOffset,
        end: FixedOffset,
    ) -> Times {
        let start = if workout.is_utc {
            self.at(workout.started_at.and_utc())
        } else {
            in_zone(workout.started_at, start)
        };
        let end = match (workout.end, start) {
            (None, _) | (_, None) => None,
            (Some(End::At(at)), _) if workout.is_utc => self.at(at.and_utc()),
            (Some(End::At(at)), _) => in_zone(at, end),
            // Elapsed time: an hour more or less on the clock if it was changed during the workout.
            (Some(End::AfterS(seconds)), Some(start)) => {
                let instant = start + TimeDelta::seconds(seconds.into());
                if end == *start.offset() { Some(instant) } else { self.at(instant.to_utc()) }
            }
        };
        (start, end)
    }

    fn at(&self, instant: DateTime<Utc>) -> Option<DateTime<FixedOffset>> {
        let offset = self.fixed.or_else(|| self.zones.offset_at_instant(self.name, instant))?;
        Some(instant.with_timezone(&offset))
    }

    fn offsets(&self, times: &[NaiveDateTime]) -> ApiResult<Vec<FixedOffset>> {
        if let Some(offset) = self.fixed.filter(|offset| is_offset_in_use(*offset)) {
            return Ok(vec![offset; times.len()]);
        }
        let in_zone = self.zones.offsets(self.name, times).filter(|_| self.fixed.is_none());
        in_zone.ok_or_else(|| {
            bad_parameter(
                "time_zone",
                FieldCode::InvalidValue,
                "must be a zone like Europe/Berlin, or an offset between -12:00 and +14:00",
            )
        })
    }
}

/// A wall-clock time with its offset; `None` outside the calendar.
fn in_zone(time: NaiveDateTime, offset: FixedOffset) -> Option<DateTime<FixedOffset>> {
    time.and_local_timezone(offset).single()
}
