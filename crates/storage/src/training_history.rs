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

#[derive(Deserialize)]
struct LedgerRow {
    athlete_id: AthleteId,
    local_date: NaiveDate,
    workouts: i64,
    tonnage_grams: Grams,
    #[serde(with = "json_text")]
    lifts: Lifts,
}

/// The training of athletes by day and by lift.
#[derive(Debug, Default)]
pub(crate) struct Sessions {
    pub days: BTreeMap<AthleteId, Vec<HistoryDay>>,
    /// By slug of the lift.
    pub lifts: BTreeMap<AthleteId, BTreeMap<String, Vec<LiftSession>>>,
}

/// Selects the workouts of ranges, in order.
pub(crate) fn sessions_statement(ranges: &[WeekRange]) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(
        "SELECT ledger.athlete_id, ledger.local_date, ledger.workouts, ledger.tonnage_grams, \
         ledger.lifts FROM json_each(?1) AS range JOIN volume_ledger AS ledger \
         INDEXED BY sqlite_autoindex_volume_ledger_1 ON ledger.athlete_id = range.value ->> 'athlete_id' \
         AND ledger.local_date >= range.value ->> 'from' \
         ORDER BY ledger.athlete_id, ledger.local_date, ledger.workout_id",
        [Param::json(&ranges)?],
    ))
}

/// Reads the result of [`sessions_statement`]. A day without a workout that counts is left out.
pub(crate) fn read_sessions(results: &mut Results) -> Result<Sessions, DatabaseError> {
    let mut sessions = Sessions::default();
    for LedgerRow { athlete_id, local_date, workouts, tonnage_grams, lifts } in results.rows()? {
        let day = HistoryDay { local_date, workouts, tonnage_grams };
        let days = sessions.days.entry(athlete_id).or_default();
        match days.last_mut().filter(|last| last.local_date == local_date) {
            Some(last) => {
                last.workouts += day.workouts;
                last.tonnage_grams.0 += day.tonnage_grams.0;
            }
            None if day.workouts > 0 => days.push(day),
            None => {}
        }
        let of_athlete = sessions.lifts.entry(athlete_id).or_default();
        for (slug, lift) in lifts {
            let performance = lift.performance();
            let session = LiftSession { local_date, performance };
            of_athlete.entry(slug).or_default().push(session);
        }
    }
    Ok(sessions)
}
