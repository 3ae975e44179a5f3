//! GET /v1/volume/daily: the volume of each day of a range; days without training are zeros.

use crate::call::AthleteCall;
use crate::date_range::DateRange;
use crate::error::ApiResult;
use crate::extract::Query;
use crate::reply::Reply;
use chrono::NaiveDate;
use contract::volume::{DailyVolume, DayRange, DayVolume, MuscleDay};
use storage::volume;
use training::Volume;

/// Days of a range without a start.
const DAYS_DEFAULT: u64 = 28;
/// Days of a range, at most; a project default.
const DAYS_MAX: (i64, &str) = (732, "two years");

/// Returns the days from `from` to `to`, by default the last 28.
pub async fn get(
    call: AthleteCall,
    Query(DayRange { from, to }): Query<DayRange>,
) -> ApiResult<Reply<DailyVolume>> {
    let now = call.app.clock.now();
    let DateRange { from, to } = DateRange::new(from, to, now, DAYS_DEFAULT - 1, DAYS_MAX)?;
    let stored = volume::days(call.database(), &call.key, from, to).await?;
    let empty = Volume::default();
    let days = from
        .iter_days()
        .take_while(|day| *day <= to)
        .map(|date| day(date, stored.get(&date).unwrap_or(&empty)))
        .collect();
    Ok(Reply::new(DailyVolume { days }))
}

/// A day lists only trained muscles; a week lists all.
fn day(date: NaiveDate, volume: &Volume) -> DayVolume {
    let muscles = volume.muscles.iter().map(|(muscle, part)| MuscleDay {
        muscle: *muscle,
        hard_sets: part.half_sets.sets(),
        tonnage_kg: part.tonnage_grams.kg(),
    });
    DayVolume {
        date,
        workouts: volume.workouts,
        sets: volume.sets,
        tonnage_kg: volume.tonnage_grams.kg(),
        hard_sets: volume.hard_half_sets.sets(),
        muscles: muscles.collect(),
    }
}
