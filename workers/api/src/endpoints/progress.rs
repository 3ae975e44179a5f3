//! GET /v1/exercises/{slug}/progress: the best sets of an exercise by day, and their trend.

use crate::app::App;
use crate::call::Call;
use crate::date_range::DateRange;
use crate::error::{ApiResult, bad_parameter};
use chrono::NaiveDate;
use contract::{FieldCode, ProblemCode};
use platform::http::{StatusCode, json, query};
use serde::Serialize;
use std::collections::BTreeMap;
use storage::KeyProof;
use storage::progress::{self, DatedPerformance};
use training::e1rm::E1rmFormula;
use training::names::is_slug;
use training::performance::ExercisePerformance;
use training::trend::theil_sen;
use training::{Exercise, Grams, Rpe};

/// Days before the end of a range without a start: a year.
const DAYS_DEFAULT: u64 = 365;
/// Days of a range, at most; a project default.
const DAYS_MAX: (i64, &str) = (3_654, "ten years");
const DAYS_A_WEEK: f64 = 7.0;

#[derive(Serialize)]
struct ProgressResponse {
    exercise: String,
    formula: E1rmFormula,
    points: Vec<Point>,
    trend: Option<Trend>,
}

#[derive(Serialize)]
struct Point {
    date: NaiveDate,
    best_e1rm_kg: Option<f64>,
    best_set: Option<TopSet>,
    tonnage_kg: f64,
    sets: i64,
}

#[derive(Serialize)]
struct TopSet {
    weight_kg: Option<f64>,
    load_kg: f64,
    reps: u32,
    rpe: Option<f64>,
}

/// The slope of the best estimated 1RM with its 95 % interval, in kilograms per week. Too few points
/// have no interval.
#[derive(Serialize)]
struct Trend {
    kg_per_week: f64,
    low: Option<f64>,
    high: Option<f64>,
    points: usize,
}

/// Returns the days from `from` to `to` with the exercise, by default of the last year. `formula` of
/// the e1RM: epley, brzycki, wathan or `rpe_table`.
pub async fn get(app: &App, call: &Call, key: &KeyProof, slug: &str) -> ApiResult {
    if !is_slug(slug) {
        return Err(ProblemCode::NotFound.into());
    }
    let formula = formula(query(&call.request, "formula").as_deref())?;
    let now = app.clock.now();
    let DateRange { from, to } = DateRange::parse(&call.request, now, DAYS_DEFAULT, DAYS_MAX)?;
    let progress = progress::get(app.database(key), key, slug, from, to).await?;
    let known = Exercise::find(slug).is_some() || progress.is_own;
    if !known && progress.performances.is_empty() {
        return Err(ProblemCode::NotFound.into());
    }
    let points = points(progress.performances, formula);
    let trend = trend(&points);
    let body = ProgressResponse { exercise: slug.to_owned(), formula, points, trend };
    Ok(json(StatusCode::OK, &body)?)
}

fn formula(name: Option<&str>) -> ApiResult<E1rmFormula> {
    let Some(name) = name else {
        return Ok(E1rmFormula::Epley);
    };
    let found = E1rmFormula::ALL.into_iter().find(|formula| formula.as_str() == name);
    found.ok_or_else(|| {
        bad_parameter(
            "formula",
            FieldCode::InvalidValue,
            "must be epley, brzycki, wathan or rpe_table",
        )
    })
}

/// Two workouts of a day are one point: the better of their best sets, the sum of their volume.
fn points(performances: Vec<DatedPerformance>, formula: E1rmFormula) -> Vec<Point> {
    let mut days: BTreeMap<NaiveDate, Vec<ExercisePerformance>> = BTreeMap::new();
    for dated in performances {
        days.entry(dated.local_date).or_default().push(dated.performance);
    }
    days.iter().map(|(date, performances)| point(*date, performances, formula)).collect()
}

fn point(date: NaiveDate, performances: &[ExercisePerformance], formula: E1rmFormula) -> Point {
    let sets = performances.iter().filter_map(|performance| performance.best.get(&formula));
    // Of equal sets the first.
    let best = sets.rev().max_by_key(|set| set.e1rm_grams);
    Point {
        date,
        best_e1rm_kg: best.map(|best| best.e1rm_grams.kg()),
        best_set: best.map(|best| TopSet {
            weight_kg: best.weight_grams.map(Grams::kg),
            load_kg: best.load_grams.kg(),
            reps: best.reps,
            rpe: best.rpe.map(Rpe::value),
        }),
        tonnage_kg: Grams(performances.iter().map(|p| p.tonnage_grams.0).sum()).kg(),
        sets: performances.iter().map(|performance| performance.sets).sum(),
    }
}

fn trend(points: &[Point]) -> Option<Trend> {
    let first = points.first()?.date;
    #[expect(clippy::cast_precision_loss, reason = "days of ten years")]
    let day = |date: NaiveDate| (date - first).num_days() as f64;
    let known: Vec<_> =
        points.iter().filter_map(|point| Some((day(point.date), point.best_e1rm_kg?))).collect();
    let trend = theil_sen(&known)?;
    let rounded = |kg_per_day: f64| (kg_per_day * DAYS_A_WEEK * 1_000.0).round() / 1_000.0;
    Some(Trend {
        kg_per_week: rounded(trend.slope),
        low: trend.has_interval().then(|| rounded(trend.low)),
        high: trend.has_interval().then(|| rounded(trend.high)),
        points: trend.points,
    })
}
