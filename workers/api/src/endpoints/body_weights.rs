//! /v1/me/body-weights: dated body weights. They count for workouts saved from then on.
//!
//! Limits without a source are project defaults.

use crate::call::AthleteCall;
use crate::date_range::latest_day;
use crate::error::{ApiResult, bad_parameter};
use crate::extract::{Json, Path, Query};
use crate::reply::{NoContent, Reply};
use chrono::{Days, NaiveDate};
use contract::body_weights::{BodyWeight, BodyWeightFilter, NewBodyWeight};
use contract::{Day, FieldCode, Items};
use storage::body_weights;
use training::Grams;

/// Days of a list without a start.
const DAYS_DEFAULT: u64 = 365;
/// Days of a list, at most: ten years.
const DAYS_MAX: i64 = 3_660;

/// GET /v1/me/body-weights: the earliest first.
pub async fn list(
    call: AthleteCall,
    Query(BodyWeightFilter { from, to }): Query<BodyWeightFilter>,
) -> ApiResult<Reply<Items<BodyWeight>>> {
    let to = to.map_or_else(|| latest_day(call.app.clock.now()), |day| day.0);
    let year_before = || to.checked_sub_days(Days::new(DAYS_DEFAULT)).unwrap_or(to);
    let from = from.map_or_else(year_before, |day| day.0);
    if from > to {
        return Err(bad_parameter("from", FieldCode::OutOfRange, "is after to"));
    }
    if (to - from).num_days() >= DAYS_MAX {
        let detail = "is more than ten years before to";
        return Err(bad_parameter("from", FieldCode::OutOfRange, detail));
    }
    let weights = body_weights::list(call.database(), &call.key, from, to).await?;
    Ok(Reply::new(Items { items: weights.into_iter().map(to_model).collect() }))
}

/// GET /v1/me/body-weights/{date}.
pub async fn get(call: AthleteCall, Path(Day(day)): Path<Day>) -> ApiResult<Reply<BodyWeight>> {
    let weight = body_weights::get(call.database(), &call.key, day).await?;
    Ok(Reply::new(to_model(weight)))
}

/// PUT /v1/me/body-weights/{date}: stores the weight of a day, or replaces it (await). A retry changes
/// nothing.
pub async fn put(
    call: AthleteCall,
    (Path(Day(day)), Json(new)): (Path<Day>, Json<NewBodyWeight>),
) -> ApiResult<Reply<BodyWeight>> {
    if day < NaiveDate::default() || day > latest_day(call.app.clock.now()) {
        let detail = "must be between 1970-01-01 and today";
        return Err(bad_parameter("date", FieldCode::OutOfRange, detail));
    }
    let grams = new.body_weight_kg.map(Grams::from_kg);
    let weight = body_weights::BodyWeight { day, grams };
    body_weights::put(call.database(), &call.key, weight).await?;
    Ok(Reply::new(to_model(weight)))
}

/// DELETE /v1/me/body-weights/{date} (await). A retry is 404.
pub async fn delete(call: AthleteCall, Path(Day(day)): Path<Day>) -> ApiResult<NoContent> {
    body_weights::delete(call.database(), &call.key, day).await?;
    Ok(NoContent)
}

fn to_model(weight: body_weights::BodyWeight) -> BodyWeight {
    BodyWeight { date: weight.day, body_weight_kg: weight.grams.map(Grams::kg) }
}
