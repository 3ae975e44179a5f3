//! The ledger with one row for each workout, and the sums of weeks derived from it.
//!
//! A week is never incremented. The transaction that changes the ledger also recomputes the affected sums
//! from it, so duplicate events, reordering and a second consumer are harmless. Days are summed when they
//! are read.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
pub use crate::ledger_entry::LedgerEntry;

use crate::records::{self, HeldRecord};
use crate::sql::{Query, query};
use crate::workouts::{DEBOUNCE_MS, IDLE_MAX_MS};
use crate::{json_text, lifts, volume};
use serde::Deserialize;
use serde_json::json;
use shared_kernel::payload::Threshold;
use shared_kernel::{AthleteId, WorkoutId};
use training::landmarks::LandmarkOverrides;
use training::{Muscle, Volume, WeekStart};

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

/// Writes entries to the ledger, updates the records and recomputes the affected weeks, in
/// one transaction and one round trip. `entries` contains each workout at most once; the newest
/// revision wins. Returns the affected weeks, the records that the workouts in `report_records_of`
/// hold and that are not announced yet, and the observed workouts.
pub async fn apply(
    database: &dyn Database,
    entries: &[LedgerEntry],
    report_records_of: &[(AthleteId, WorkoutId)],
) -> Result<LedgerUpdate, DatabaseError> {
    let (mut statements, workouts) = writes(entries)?;
    let written = statements.len() - 1;
    statements.push(records::held(entries, report_records_of)?);
    statements.push(query!("ledger/observed.sql").bind([workouts])?);
    let mut results = Results::new(database.batch_repeatable(statements).await?);
    results.skip(written);
    Ok(LedgerUpdate { weeks: results.rows()?, records: results.rows()?, observed: results.rows()? })
}

/// Writes the entries of imported workouts as [`apply`] does, with two statements less: nothing is announced
/// of them. Returns the affected weeks.
pub async fn apply_imported(
    database: &dyn Database,
    entries: &[LedgerEntry],
) -> Result<Vec<WeekState>, DatabaseError> {
    let (statements, _) = writes(entries)?;
    let written = statements.len() - 1;
    let mut results = Results::new(database.batch_repeatable(statements).await?);
    results.skip(written);
    results.rows()
}

/// The statements that write entries, of which the last returns the affected weeks, and the parameter with the
/// workouts.
fn writes(
    entries: &[LedgerEntry],
) -> Result<(Vec<Statement>, (&'static str, Param)), DatabaseError> {
    let workouts: Vec<_> = entries
        .iter()
        .map(|entry| (entry.athlete_id, entry.workout_id, entry.local_date))
        .collect();
    let workouts = ("workouts", Param::json(&workouts)?);
    let rows = entries.iter().map(ledger_row).collect::<Vec<_>>();
    // First: they compare with the previous ledger.
    let mut statements = records::settle(entries)?;
    statements.push(
        query!("ledger/upsert.sql", peaks = PEAKS, monday = MONDAY)
            .bind([("entries", Param::json(&rows)?)])?,
    );
    let are_new = entries.iter().all(|entry| entry.revision == 1);
    for query in sums(are_new) {
        statements.push(query.bind([workouts.clone()])?);
    }
    Ok((statements, workouts))
}

/// The week of a ledger row before the change.
const MONDAY: &str = "date(local_date, 'weekday 0', '-6 days')";
const PEAKS: &str = include_str!("../sql/ledger/peaks.sql");
const DAYS_OF_NEW: &str = include_str!("../sql/ledger/days_of_new.sql");
const DAYS_OF_CHANGED: &str = include_str!("../sql/ledger/days_of_changed.sql");

/// The statement that sums weeks, and the one that returns them.
fn sums(are_new: bool) -> [&'static Query; 2] {
    macro_rules! sums {
        ($days:ident) => {
            [
                query!("ledger/sum_weeks.sql", days = $days),
                query!("ledger/touched_weeks.sql", days = $days),
            ]
        };
    }
    if are_new { sums!(DAYS_OF_NEW) } else { sums!(DAYS_OF_CHANGED) }
}

fn ledger_row(entry: &LedgerEntry) -> serde_json::Value {
    let volume = &entry.volume;
    json!({
        "athlete_id": entry.athlete_id,
        "workout_id": entry.workout_id,
        "revision": entry.revision,
        "local_date": entry.local_date,
        "started_at_ms": entry.started_at_ms,
        "workouts": volume.workouts,
        "sets": volume.sets,
        "tonnage_grams": volume.tonnage_grams,
        "hard_half_sets": volume.hard_half_sets,
        "muscles": volume::muscle_column(volume),
        "lifts": lifts::lifts(entry),
    })
}

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
    let mut statements = marks_of_imported(marks)?;
    if marks.aggregated.iter().any(|(_, _, revision)| *revision > 1) {
        let aggregated = ("marks", Param::json(&marks.aggregated)?);
        statements.push(query!("ledger/mark_published.sql").bind([aggregated])?);
    }
    database.batch_repeatable(statements).await.map(drop)
}

/// The statements that mark imported workouts and their crossings: an import moves no workout.
pub(crate) fn marks_of_imported(marks: &LedgerMarks) -> Result<Vec<Statement>, DatabaseError> {
    let mut statements = Vec::new();
    if !marks.aggregated.is_empty() {
        statements.push(query!("ledger/mark_aggregated.sql").bind([
            ("marks", Param::json(&marks.aggregated)?),
            ("debounce_ms", DEBOUNCE_MS.into()),
            ("idle_max_ms", IDLE_MAX_MS.into()),
        ])?);
    }
    if !marks.announced.is_empty() {
        let announced = ("marks", Param::json(&marks.announced)?);
        statements.push(query!("ledger/mark_announced.sql").bind([announced])?);
    }
    Ok(statements)
}
