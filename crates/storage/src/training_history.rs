//! The history that the analysis reads: weeks, days and lifts of many athletes at once.

use crate::database::{DatabaseError, Param, Results, Statement};
use crate::json_text;
use crate::lifts::Lifts;
use crate::volume;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use shared_kernel::AthleteId;
use std::collections::BTreeMap;
use training::performance::ExercisePerformance;
use training::{Grams, Volume, WeekStart};

/// A range of weeks of one athlete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct WeekRange {
    pub athlete_id: AthleteId,
    pub from: WeekStart,
    /// `None` is the newest week.
    pub to: Option<WeekStart>,
}

/// A week with its volume.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct HistoryWeek {
    pub week_start: WeekStart,
    #[serde(flatten, deserialize_with = "volume::from_columns")]
    pub volume: Volume,
}

/// A day with training.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct HistoryDay {
    pub local_date: NaiveDate,
    pub workouts: i64,
    pub tonnage_grams: Grams,
}

/// The performance of one workout in one lift.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiftSession {
    pub local_date: NaiveDate,
    pub performance: ExercisePerformance,
}

/// Selects the [`HistoryWeek`]s of ranges, in order.
pub(crate) fn history_statement(ranges: &[WeekRange]) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(
        "SELECT week.athlete_id, week.week_start, week.workouts, week.sets, week.tonnage_grams, \
         week.hard_half_sets, week.muscles \
         FROM json_each(?1) AS range JOIN weekly_volume AS week \
         ON week.athlete_id = range.value ->> 'athlete_id' AND week.week_start \
         BETWEEN range.value ->> 'from' AND coalesce(range.value ->> 'to', '9999') \
         ORDER BY week.athlete_id, week.week_start",
        [Param::json(&ranges)?],
    ))
}

/// Selects the [`HistoryDay`]s of ranges, in order.
pub(crate) fn days_statement(ranges: &[WeekRange]) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(
        "SELECT day.athlete_id, day.local_date, sum(day.workouts) AS workouts, \
         sum(day.tonnage_grams) AS tonnage_grams \
         FROM json_each(?1) AS range JOIN volume_ledger AS day INDEXED BY volume_ledger_by_day \
         ON day.athlete_id = range.value ->> 'athlete_id' \
         AND day.local_date >= range.value ->> 'from' AND day.workouts > 0 \
         GROUP BY day.athlete_id, day.local_date ORDER BY day.athlete_id, day.local_date",
        [Param::json(&ranges)?],
    ))
}

#[derive(Deserialize)]
struct LiftsRow {
    athlete_id: AthleteId,
    local_date: NaiveDate,
    #[serde(with = "json_text")]
    lifts: Lifts,
}

/// Selects the performances of ranges.
pub(crate) fn lifts_statement(ranges: &[WeekRange]) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(
        "SELECT ledger.athlete_id, ledger.local_date, ledger.lifts \
         FROM json_each(?1) AS range JOIN volume_ledger AS ledger INDEXED BY volume_ledger_by_day \
         ON ledger.athlete_id = range.value ->> 'athlete_id' \
         AND ledger.local_date >= range.value ->> 'from' \
         ORDER BY ledger.athlete_id, ledger.local_date, ledger.workout_id",
        [Param::json(&ranges)?],
    ))
}

/// Reads the result of [`lifts_statement`]: by athlete and lift, in the order of the days.
pub(crate) fn read_lifts(
    results: &mut Results,
) -> Result<BTreeMap<AthleteId, BTreeMap<String, Vec<LiftSession>>>, DatabaseError> {
    let mut lifts: BTreeMap<AthleteId, BTreeMap<String, Vec<LiftSession>>> = BTreeMap::new();
    for row in results.rows::<LiftsRow>()? {
        let of_athlete = lifts.entry(row.athlete_id).or_default();
        for (slug, lift) in row.lifts {
            let performance = lift.performance();
            let session = LiftSession { local_date: row.local_date, performance };
            of_athlete.entry(slug).or_default().push(session);
        }
    }
    Ok(lifts)
}
