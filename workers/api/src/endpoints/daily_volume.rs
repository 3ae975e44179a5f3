//! GET /v1/volume/daily: the volume of each day of a range; days without training are zeros.

use crate::app::App;
use crate::call::Call;
use crate::date_range::DateRange;
use crate::error::ApiResult;
use chrono::NaiveDate;
use platform::http::{StatusCode, json};
use serde::Serialize;
use storage::{KeyProof, volume};
use training::{Muscle, Volume};

/// Days of a range without a start.
const DAYS_DEFAULT: u64 = 28;
/// Days of a range, at most; a project default.
const DAYS_MAX: (i64, &str) = (732, "two years");

#[derive(Serialize)]
struct DailyVolumeResponse {
    days: Vec<Day>,
}

#[derive(Serialize)]
struct Day {
    date: NaiveDate,
    workouts: i64,
    sets: i64,
    tonnage_kg: f64,
    hard_sets: f64,
    muscles: Vec<MuscleDay>,
}

#[derive(Serialize)]
struct MuscleDay {
    muscle: Muscle,
    hard_sets: f64,
    tonnage_kg: f64,
}

/// Returns the days from `from` to `to`, by default the last 28.
pub async fn get(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let now = app.clock.now();
    let DateRange { from, to } = DateRange::parse(&call.request, now, DAYS_DEFAULT - 1, DAYS_MAX)?;
    let stored = volume::days(app.database(key), key, from, to).await?;
    let empty = Volume::default();
    let days = from
        .iter_days()
        .take_while(|day| *day <= to)
        .map(|date| day(date, stored.get(&date).unwrap_or(&empty)))
        .collect();
    Ok(json(StatusCode::OK, &DailyVolumeResponse { days })?)
}

/// A day lists only trained muscles; a week lists all.
fn day(date: NaiveDate, volume: &Volume) -> Day {
    let muscles = volume.muscles.iter().map(|(muscle, part)| MuscleDay {
        muscle: *muscle,
        hard_sets: part.half_sets.sets(),
        tonnage_kg: part.tonnage_grams.kg(),
    });
    Day {
        date,
        workouts: volume.workouts,
        sets: volume.sets,
        tonnage_kg: volume.tonnage_grams.kg(),
        hard_sets: volume.hard_half_sets.sets(),
        muscles: muscles.collect(),
    }
}
