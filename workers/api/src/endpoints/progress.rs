//! GET /v1/exercises/{slug}/progress: the best sets of an exercise by day, and their trend.

use crate::call::AthleteCall;
use crate::date_range::DateRange;
use crate::error::ApiResult;
use crate::extract::{Path, Query};
use crate::reply::Reply;
use chrono::NaiveDate;
use contract::ProblemCode;
use contract::progress::{Progress, ProgressFilter, ProgressPoint, ProgressTrend, TopSet};
use std::collections::BTreeMap;
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

/// Returns the days from `from` to `to` with the exercise, by default of the last year. `formula` of
/// the e1RM: epley, brzycki, wathan or `rpe_table`.
pub async fn get(
    call: AthleteCall,
    (Path(slug), Query(ProgressFilter { from, to, formula })): (
        Path<String>,
        Query<ProgressFilter>,
    ),
) -> ApiResult<Reply<Progress>> {
    if !is_slug(&slug) {
        return Err(ProblemCode::NotFound.into());
    }
    let formula = formula.unwrap_or(E1rmFormula::Epley);
    let now = call.app.clock.now();
    let DateRange { from, to } = DateRange::new(from, to, now, DAYS_DEFAULT, DAYS_MAX)?;
    let progress = progress::get(call.database(), &call.key, &slug, from, to).await?;
    let known = Exercise::find(&slug).is_some() || progress.is_own;
    if !known && progress.performances.is_empty() {
        return Err(ProblemCode::NotFound.into());
    }
    let points = points(progress.performances, formula);
    let trend = trend(&points);
    Ok(Reply::new(Progress { exercise: slug, formula, points, trend }))
}

/// Two workouts of a day are one point: the better of their best sets, the sum of their volume.
fn points(performances: Vec<DatedPerformance>, formula: E1rmFormula) -> Vec<ProgressPoint> {
    let mut days: BTreeMap<NaiveDate, Vec<ExercisePerformance>> = BTreeMap::new();
    for dated in performances {
        days.entry(dated.local_date).or_default().push(dated.performance);
    }
    days.iter().map(|(date, performances)| point(*date, performances, formula)).collect()
}

fn point(
    date: NaiveDate,
    performances: &[ExercisePerformance],
    formula: E1rmFormula,
) -> ProgressPoint {
    let sets = performances.iter().filter_map(|performance| performance.best.get(&formula));
    // Of equal sets the first.
    let best = sets.rev().max_by_key(|set| set.e1rm_grams);
    ProgressPoint {
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

fn trend(points: &[ProgressPoint]) -> Option<ProgressTrend> {
    let first = points.first()?.date;
    #[expect(clippy::cast_precision_loss, reason = "days of ten years")]
    let day = |date: NaiveDate| (date - first).num_days() as f64;
    let known: Vec<_> =
        points.iter().filter_map(|point| Some((day(point.date), point.best_e1rm_kg?))).collect();
    let trend = theil_sen(&known)?;
    let rounded = |kg_per_day: f64| (kg_per_day * DAYS_A_WEEK * 1_000.0).round() / 1_000.0;
    Some(ProgressTrend {
        kg_per_week: rounded(trend.slope),
        low: trend.has_interval().then(|| rounded(trend.low)),
        high: trend.has_interval().then(|| rounded(trend.high)),
        points: trend.points,
    })
}
