//! GET /v1/volume/daily: the days of a range; days without training are zeros.

use super::workouts::date;
use crate::app::{App, Call};
use crate::error::{ApiError, bad_parameter};
use chrono::{Days, NaiveDate};
use platform::http::{Response, StatusCode, json};
use serde::Serialize;
use storage::{KeyProof, volume};
use training::{Muscle, Volume};

/// Days of a range that names no start.
const DAYS_DEFAULT: u64 = 28;
/// Days of a range, at most: two years (ours).
const DAYS_MAX: i64 = 732;

#[derive(Serialize)]
struct Answer {
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

/// The days from `from` to `to`: by default the last 28.
pub async fn get(app: &App, call: &Call<'_>, key: &KeyProof) -> Result<Response, ApiError> {
    // East of us it is tomorrow already.
    let tomorrow = app.clock.now().date_naive() + Days::new(1);
    let to = date(call.request, "to")?.unwrap_or(tomorrow);
    let from = date(call.request, "from")?;
    let from = from.or_else(|| to.checked_sub_days(Days::new(DAYS_DEFAULT - 1))).unwrap_or(to);
    if from > to {
        return Err(bad_parameter("from", "is after to"));
    }
    if (to - from).num_days() >= DAYS_MAX {
        return Err(bad_parameter("from", "is more than two years before to"));
    }
    let database = app.shards.for_athlete(key.athlete_id);
    let stored = volume::days(database, key, from, to).await?;
    let empty = Volume::default();
    let days = from
        .iter_days()
        .take_while(|day| *day <= to)
        .map(|date| day(date, stored.get(&date).unwrap_or(&empty)))
        .collect();
    Ok(json(StatusCode::OK, &Answer { days })?)
}

/// A day has the muscles that were trained; the week has all.
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
