//! The ledger with one row for each workout, and the sums of days and weeks derived from it.
//!
//! A day or a week is never incremented. The transaction that changes the ledger also recomputes
//! the affected sums from it, so duplicate events, reordering and a second consumer are harmless.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::json_text;
use crate::records::{HeldRecord, SETTLE_RECORDS, held_statement};
use crate::volume::{self, MuscleColumn};
use chrono::NaiveDate;
use serde::Deserialize;
use serde_json::json;
use shared_kernel::payload::Threshold;
use shared_kernel::{AthleteId, WorkoutId};
use std::collections::BTreeMap;
use training::landmarks::LandmarkOverrides;
use training::performance::ExercisePerformance;
use training::{Muscle, Volume, WeekStart};

/// The contribution of one workout at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// Only a newer revision replaces a row.
    pub revision: i64,
    pub local_date: NaiveDate,
    /// Zero if the workout is deleted.
    pub volume: Volume,
    /// By exercise.
    pub performances: BTreeMap<String, ExercisePerformance>,
    /// Candidates for records, by record key.
    pub bests: BTreeMap<String, i64>,
}

/// A week after a change of the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct WeekState {
    pub athlete_id: AthleteId,
    pub week_start: WeekStart,
    #[serde(flatten, deserialize_with = "volume::from_columns")]
    pub volume: Volume,
    /// Grows with every change of the week's ledger rows.
    pub version: i64,
    /// The announced crossings: see [`announced_bit`].
    pub announced: i64,
    #[serde(with = "json_text")]
    pub landmarks: LandmarkOverrides,
}

/// Returns the bit that marks a muscle's crossing of a threshold as announced. Stored: never
/// changes.
pub const fn announced_bit(muscle: Muscle, threshold: Threshold) -> i64 {
    let kind = match threshold {
        Threshold::MevReached => 0,
        Threshold::MrvExceeded => 1,
    };
    1 << (muscle.index() * 2 + kind)
}

/// A workout whose changes an endpoint of its athlete receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct ObservedWorkout {
    pub athlete_id: AthleteId,
    pub workout_id: WorkoutId,
    /// The events of this revision and of earlier ones are published.
    pub aggregated_revision: i64,
    /// The revision that completed it; 0 if none did.
    pub completed_revision: i64,
}

/// The result of a change of the ledger.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerUpdate {
    pub weeks: Vec<WeekState>,
    pub records: Vec<HeldRecord>,
    pub observed: Vec<ObservedWorkout>,
}

/// Writes entries to the ledger, updates the records and recomputes the affected days and weeks, in
/// one transaction and one round trip. `entries` contains each workout at most once; the newest
/// revision wins. Returns the affected weeks, the records that the workouts in `report_records_of`
/// hold, and the observed workouts.
pub async fn apply(
    database: &dyn Database,
    entries: &[LedgerEntry],
    report_records_of: &[(AthleteId, WorkoutId)],
) -> Result<LedgerUpdate, DatabaseError> {
    let rows = Param::json(&entries.iter().map(ledger_row).collect::<Vec<_>>())?;
    let keys: Vec<_> = entries.iter().map(|e| (e.athlete_id, e.workout_id)).collect();
    let keys = Param::json(&keys)?;
    let statements = vec![
        // First: it compares with the previous ledger.
        Statement::new(SETTLE_RECORDS, [rows.clone()]),
        Statement::new(UPSERT_LEDGER, [rows]),
        Statement::new(SUM_DAYS, [keys.clone()]),
        Statement::new(SUM_WEEKS, [keys.clone()]),
        Statement::new(SELECT_TOUCHED_WEEKS, [keys.clone()]),
        held_statement(report_records_of)?,
        Statement::new(SELECT_OBSERVED, [keys]),
    ];
    let mut results = Results::new(database.batch(statements).await?);
    results.skip(4);
    Ok(LedgerUpdate { weeks: results.rows()?, records: results.rows()?, observed: results.rows()? })
}

fn ledger_row(entry: &LedgerEntry) -> serde_json::Value {
    let volume = &entry.volume;
    let muscles: MuscleColumn = volume
        .muscles
        .iter()
        .map(|(muscle, part)| (*muscle, (part.half_sets.0, part.tonnage_grams.0)))
        .collect();
    json!({
        "athlete_id": entry.athlete_id,
        "workout_id": entry.workout_id,
        "revision": entry.revision,
        "local_date": entry.local_date,
        "workouts": volume.workouts,
        "sets": volume.sets,
        "tonnage_grams": volume.tonnage_grams,
        "hard_half_sets": volume.hard_half_sets,
        "muscles": muscles,
        "performances": entry.performances,
        "bests": entry.bests,
    })
}

const UPSERT_LEDGER: &str = "\
INSERT INTO volume_ledger (athlete_id, workout_id, revision, local_date, workouts, sets, \
    tonnage_grams, hard_half_sets, muscles, performances, bests) \
SELECT value ->> 'athlete_id', value ->> 'workout_id', value ->> 'revision', \
    value ->> 'local_date', value ->> 'workouts', value ->> 'sets', value ->> 'tonnage_grams', \
    value ->> 'hard_half_sets', value -> 'muscles', value -> 'performances', value -> 'bests' \
FROM json_each(?1) WHERE true \
ON CONFLICT (athlete_id, workout_id) DO UPDATE SET \
    moved_from = iif(local_date <> excluded.local_date, \
        coalesce(moved_from || ' ', '') || local_date, moved_from), \
    revision = excluded.revision, local_date = excluded.local_date, \
    workouts = excluded.workouts, sets = excluded.sets, \
    tonnage_grams = excluded.tonnage_grams, hard_half_sets = excluded.hard_half_sets, \
    muscles = excluded.muscles, performances = excluded.performances, bests = excluded.bests \
WHERE excluded.revision > volume_ledger.revision";

/// The days of the workouts of parameter 1, and the days from which they were moved since their
/// weeks were last published: `moved_from` separates days with a blank.
macro_rules! touched_days {
    () => {
        "WITH mine AS (SELECT ledger.athlete_id, ledger.local_date, ledger.moved_from \
         FROM json_each(?1) AS entry JOIN volume_ledger AS ledger \
         ON ledger.athlete_id = entry.value ->> 0 AND ledger.workout_id = entry.value ->> 1), \
         days AS (SELECT athlete_id, local_date FROM mine \
         UNION SELECT athlete_id, day.value FROM mine, \
         json_each('[\"' || replace(moved_from, ' ', '\",\"') || '\"]') AS day \
         WHERE moved_from IS NOT NULL), \
         weeks AS (SELECT DISTINCT athlete_id, \
         date(local_date, 'weekday 0', '-6 days') AS week_start FROM days) "
    };
}

/// The sums of the ledger over `period` (`days` or `weeks`, alias t), from its first to its last
/// day.
///
/// INDEXED BY, here and below: without it SQLite may read all of an athlete's workouts for one day,
/// and the 10,000th workout would cost more than the 10th. A plan that cannot use the index is an
/// error.
macro_rules! sums {
    ($first:literal, $last:literal) => {
        concat!(
            "coalesce(sum(ledger.workouts), 0), coalesce(sum(ledger.sets), 0), ",
            "coalesce(sum(ledger.tonnage_grams), 0), coalesce(sum(ledger.hard_half_sets), 0), ",
            "(SELECT json_group_object(muscle, json_array(half_sets, grams)) FROM (",
            "SELECT part.key AS muscle, sum(part.value ->> 0) AS half_sets, ",
            "sum(part.value ->> 1) AS grams ",
            "FROM volume_ledger AS inner_ledger INDEXED BY volume_ledger_by_day, json_each(inner_ledger.muscles) AS part ",
            "WHERE inner_ledger.athlete_id = t.athlete_id ",
            "AND inner_ledger.local_date BETWEEN ",
            $first,
            " AND ",
            $last,
            " GROUP BY part.key))"
        )
    };
}

const SUM_DAYS: &str = concat!(
    "INSERT INTO daily_volume (athlete_id, local_date, workouts, sets, tonnage_grams, \
     hard_half_sets, muscles) ",
    touched_days!(),
    "SELECT t.athlete_id, t.local_date, ",
    sums!("t.local_date", "t.local_date"),
    " FROM days AS t LEFT JOIN volume_ledger AS ledger INDEXED BY volume_ledger_by_day \
     ON ledger.athlete_id = t.athlete_id AND ledger.local_date = t.local_date \
     WHERE true GROUP BY t.athlete_id, t.local_date \
     ON CONFLICT (athlete_id, local_date) DO UPDATE SET workouts = excluded.workouts, \
     sets = excluded.sets, tonnage_grams = excluded.tonnage_grams, \
     hard_half_sets = excluded.hard_half_sets, muscles = excluded.muscles \
     WHERE (excluded.workouts, excluded.sets, excluded.tonnage_grams, excluded.hard_half_sets, \
     excluded.muscles) <> (daily_volume.workouts, daily_volume.sets, daily_volume.tonnage_grams, \
     daily_volume.hard_half_sets, daily_volume.muscles)"
);

const SUM_WEEKS: &str = concat!(
    "INSERT INTO weekly_volume (athlete_id, week_start, workouts, sets, tonnage_grams, \
     hard_half_sets, muscles, version) ",
    touched_days!(),
    "SELECT t.athlete_id, t.week_start, ",
    sums!("t.week_start", "date(t.week_start, '+6 days')"),
    ", coalesce(sum(ledger.revision), 0) \
     FROM weeks AS t LEFT JOIN volume_ledger AS ledger INDEXED BY volume_ledger_by_day ON ledger.athlete_id = t.athlete_id \
     AND ledger.local_date BETWEEN t.week_start AND date(t.week_start, '+6 days') \
     WHERE true GROUP BY t.athlete_id, t.week_start \
     ON CONFLICT (athlete_id, week_start) DO UPDATE SET workouts = excluded.workouts, \
     sets = excluded.sets, tonnage_grams = excluded.tonnage_grams, \
     hard_half_sets = excluded.hard_half_sets, muscles = excluded.muscles, \
     version = excluded.version \
     WHERE (excluded.version, excluded.workouts, excluded.sets, excluded.tonnage_grams, \
     excluded.hard_half_sets, excluded.muscles) <> (weekly_volume.version, \
     weekly_volume.workouts, weekly_volume.sets, weekly_volume.tonnage_grams, \
     weekly_volume.hard_half_sets, weekly_volume.muscles)"
);

const SELECT_TOUCHED_WEEKS: &str = concat!(
    touched_days!(),
    "SELECT week.athlete_id, week.week_start, week.workouts, week.sets, week.tonnage_grams, \
     week.hard_half_sets, week.muscles, week.version, week.announced, athlete.landmarks \
     FROM weeks AS t JOIN weekly_volume AS week \
     ON week.athlete_id = t.athlete_id AND week.week_start = t.week_start \
     JOIN athletes AS athlete ON athlete.athlete_id = t.athlete_id \
     ORDER BY week.athlete_id, week.week_start"
);

/// The workouts of parameter 1 whose athlete has an enabled endpoint for changes of workouts. For
/// others, which are most, it reads no workout.
const SELECT_OBSERVED: &str = "\
SELECT workout.athlete_id, workout.workout_id, workout.aggregated_revision, \
    workout.completed_revision \
FROM json_each(?1) AS entry CROSS JOIN workouts AS workout \
    ON workout.athlete_id = entry.value ->> 0 AND workout.workout_id = entry.value ->> 1 \
WHERE EXISTS (SELECT 1 FROM webhook_endpoints AS endpoint \
    WHERE endpoint.athlete_id = entry.value ->> 0 AND endpoint.status = 'enabled' \
    AND (endpoint.event_types = '[]' OR instr(endpoint.event_types, '\"workout.') > 0))";

/// The workouts and crossings with all events published.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LedgerMarks {
    /// Each with the revision of which all events are published.
    pub aggregated: Vec<(AthleteId, WorkoutId, i64)>,
    /// Announced bits, by week.
    pub announced: Vec<(AthleteId, WeekStart, i64)>,
}

/// Marks workouts and crossings as published, in one round trip. Marks only increase: a repeat
/// changes nothing.
pub async fn mark(database: &dyn Database, marks: &LedgerMarks) -> Result<(), DatabaseError> {
    let aggregated = Statement::new(
        "UPDATE workouts SET aggregated_revision = mark.revision FROM (\
         SELECT value ->> 0 AS athlete_id, value ->> 1 AS workout_id, value ->> 2 AS revision \
         FROM json_each(?1)) AS mark \
         WHERE workouts.athlete_id = mark.athlete_id AND workouts.workout_id = mark.workout_id \
         AND workouts.aggregated_revision < mark.revision \
         AND mark.revision <= workouts.revision",
        [Param::json(&marks.aggregated)?],
    );
    // The weeks from which it was moved are published too; those of a newer revision are not.
    let settled = Statement::new(
        "UPDATE volume_ledger SET moved_from = NULL FROM (\
         SELECT value ->> 0 AS athlete_id, value ->> 1 AS workout_id, value ->> 2 AS revision \
         FROM json_each(?1)) AS mark WHERE volume_ledger.athlete_id = mark.athlete_id \
         AND volume_ledger.workout_id = mark.workout_id \
         AND volume_ledger.revision = mark.revision AND moved_from IS NOT NULL",
        [Param::json(&marks.aggregated)?],
    );
    let announced = Statement::new(
        "UPDATE weekly_volume SET announced = announced | mark.bits FROM (\
         SELECT value ->> 0 AS athlete_id, value ->> 1 AS week_start, value ->> 2 AS bits \
         FROM json_each(?1)) AS mark \
         WHERE weekly_volume.athlete_id = mark.athlete_id \
         AND weekly_volume.week_start = mark.week_start",
        [Param::json(&marks.announced)?],
    );
    let mut statements = vec![aggregated, settled];
    if !marks.announced.is_empty() {
        statements.push(announced);
    }
    database.batch(statements).await.map(drop)
}
