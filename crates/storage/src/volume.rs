//! Volume: the ledger with one row a workout, and the days and weeks that are its sums.
//!
//! A day or a week is never added to; it is summed anew from the ledger within the transaction that
//! changed the ledger. So duplicates, reordering and a second consumer at work cannot matter.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::Guarded;
use crate::json_text;
use crate::keys::{KeyProof, rows_with_key, with_key};
use crate::patterns::WeekRange;
use crate::records::{BrokenRecord, SETTLE_RECORDS, broken_statement};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use serde_json::json;
use shared_kernel::payload::Threshold;
use shared_kernel::{AthleteId, WorkoutId};
use std::collections::BTreeMap;
use training::landmarks::LandmarkOverrides;
use training::performance::ExercisePerformance;
use training::{Grams, HalfSets, Muscle, MuscleVolume, Volume, WeekStart};

/// What one workout adds at one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// Whose.
    pub athlete_id: AthleteId,
    /// Which.
    pub workout_id: WorkoutId,
    /// A row gives way only to a newer revision.
    pub revision: i64,
    /// The day it counts for.
    pub local_date: NaiveDate,
    /// What it adds: nothing when it is deleted.
    pub volume: Volume,
    /// What it achieved, by exercise.
    pub performances: BTreeMap<String, ExercisePerformance>,
    /// What it claims of the athlete's records, by key.
    pub bests: BTreeMap<String, i64>,
}

/// A week as it stands after a change of the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeekState {
    /// Whose.
    pub athlete_id: AthleteId,
    /// Which week.
    pub week_start: WeekStart,
    /// Its volume.
    pub volume: Volume,
    /// Which state of the week this is: grows with every change of its ledger rows.
    pub version: i64,
    /// The crossings announced, a bit each: see [`announced_bit`].
    pub announced: i64,
    /// What the athlete puts in place of the landmarks of the listing.
    pub landmarks: LandmarkOverrides,
}

/// The bit that says that a muscle's crossing of a threshold was announced. Stored: never changes.
pub const fn announced_bit(muscle: Muscle, threshold: Threshold) -> i64 {
    let kind = match threshold {
        Threshold::MevReached => 0,
        Threshold::MrvExceeded => 1,
    };
    1 << (muscle.index() * 2 + kind)
}

/// Half sets and grams by muscle, as the `muscles` columns hold them.
type MuscleColumn = BTreeMap<Muscle, (i64, i64)>;

#[derive(Deserialize)]
struct VolumeColumns {
    workouts: i64,
    sets: i64,
    tonnage_grams: i64,
    hard_half_sets: i64,
    #[serde(with = "json_text")]
    muscles: MuscleColumn,
}

#[derive(Deserialize)]
struct WeekRow {
    athlete_id: AthleteId,
    week_start: WeekStart,
    version: i64,
    announced: i64,
    #[serde(with = "json_text")]
    landmarks: LandmarkOverrides,
    #[serde(flatten)]
    columns: VolumeColumns,
}

impl From<VolumeColumns> for Volume {
    fn from(row: VolumeColumns) -> Self {
        let muscle = |(half_sets, grams): (i64, i64)| MuscleVolume {
            half_sets: HalfSets(half_sets),
            tonnage_grams: Grams(grams),
        };
        Self {
            workouts: row.workouts,
            sets: row.sets,
            tonnage_grams: Grams(row.tonnage_grams),
            hard_half_sets: HalfSets(row.hard_half_sets),
            muscles: row.muscles.into_iter().map(|(name, pair)| (name, muscle(pair))).collect(),
        }
    }
}

impl From<WeekRow> for WeekState {
    fn from(row: WeekRow) -> Self {
        Self {
            athlete_id: row.athlete_id,
            week_start: row.week_start,
            volume: row.columns.into(),
            version: row.version,
            announced: row.announced,
            landmarks: row.landmarks,
        }
    }
}

/// What a change of the ledger left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// The touched weeks as they now stand.
    pub weeks: Vec<WeekState>,
    /// The records of the workouts that were asked for.
    pub broken: Vec<BrokenRecord>,
}

/// Writes entries to the ledger, settles the records they touch, sums the touched days and weeks
/// anew, and answers the touched weeks: one round trip, one transaction. Each workout at most
/// once; the newest revision wins. Of the workouts in `news_of` it answers the records that they
/// took from others.
pub async fn apply(
    database: &dyn Database,
    entries: &[LedgerEntry],
    news_of: &[(AthleteId, WorkoutId)],
) -> Result<Applied, DatabaseError> {
    let rows = Param::json(&entries.iter().map(ledger_row).collect::<Vec<_>>())?;
    let keys: Vec<_> = entries.iter().map(|e| (e.athlete_id, e.workout_id)).collect();
    let keys = Param::json(&keys)?;
    let results = database
        .batch(vec![
            // First: it compares with what the ledger said before.
            Statement::new(SETTLE_RECORDS, [rows.clone()]),
            Statement::new(UPSERT_LEDGER, [rows]),
            Statement::new(SUM_DAYS, [keys.clone()]),
            Statement::new(SUM_WEEKS, [keys.clone()]),
            Statement::new(SELECT_TOUCHED_WEEKS, [keys]),
            broken_statement(news_of)?,
        ])
        .await?;
    let mut results = Results::new(results);
    for _ in 0..4 {
        results.skip_one();
    }
    let weeks = results.rows::<WeekRow>()?.into_iter().map(WeekState::from).collect();
    Ok(Applied { weeks, broken: results.rows()? })
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

/// The days on which the workouts of parameter 1 count, and those from which they moved away since
/// their weeks were told of last: `moved_from` has a blank between two.
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

/// The sums of the ledger over `period` (`days` or `weeks`, called t), from its first to its last day.
///
/// INDEXED BY, here and below: without it SQLite may read all of an athlete's workouts for one day,
/// and the 10,000th workout would cost more than the 10th. A plan that cannot use it is an error.
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

/// What is through: a workout at a revision, or the announcement of a week's crossings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// Workouts whose every consequence is published.
    pub aggregated: Vec<(AthleteId, WorkoutId, i64)>,
    /// Announced bits, by week.
    pub announced: Vec<(AthleteId, WeekStart, i64)>,
}

/// Marks what is through, in one round trip. A mark never goes back: a repeat changes nothing.
pub async fn mark(database: &dyn Database, marks: &Marks) -> Result<(), DatabaseError> {
    let aggregated = Statement::new(
        "UPDATE workouts SET aggregated_revision = mark.revision FROM (\
         SELECT value ->> 0 AS athlete_id, value ->> 1 AS workout_id, value ->> 2 AS revision \
         FROM json_each(?1)) AS mark \
         WHERE workouts.athlete_id = mark.athlete_id AND workouts.workout_id = mark.workout_id \
         AND workouts.aggregated_revision < mark.revision \
         AND mark.revision <= workouts.revision",
        [Param::json(&marks.aggregated)?],
    );
    // The weeks that it moved away from were told of; those of a newer revision are still to be.
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

/// An athlete's weeks within a range, and how many workouts are not yet in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weeks {
    /// The weeks in which something was ever logged, in order.
    pub weeks: BTreeMap<WeekStart, Volume>,
    /// Workouts not yet aggregated.
    pub pending: i64,
    /// What the athlete puts in place of the landmarks of the listing.
    pub landmarks: LandmarkOverrides,
}

#[derive(Deserialize)]
struct StandingRow {
    pending: i64,
    #[serde(with = "json_text")]
    landmarks: LandmarkOverrides,
}

#[derive(Deserialize)]
struct AthleteWeekRow {
    week_start: WeekStart,
    #[serde(flatten)]
    columns: VolumeColumns,
}

/// Returns the weeks that begin from `from` to `to`.
pub async fn weeks(
    database: &dyn Database,
    proof: &KeyProof,
    from: WeekStart,
    to: WeekStart,
) -> Guarded<Weeks> {
    let weeks = proof.statement(
        "SELECT week_start, workouts, sets, tonnage_grams, hard_half_sets, muscles \
         FROM weekly_volume WHERE athlete_id = ?1 AND week_start BETWEEN ?4 AND ?5",
        [Param::text(from), Param::text(to)],
    );
    let standing = Statement::new(
        "SELECT landmarks, (SELECT count(*) FROM workouts INDEXED BY workouts_pending \
         WHERE athlete_id = ?1 AND aggregated_revision < revision) AS pending \
         FROM athletes WHERE athlete_id = ?1",
        [Param::text(proof.athlete_id)],
    );
    let mut results = with_key(database, proof, vec![weeks, standing]).await?;
    let rows = results.rows::<AthleteWeekRow>()?;
    let standing = results.first::<StandingRow>()?.ok_or(DatabaseError::MissingResult)?;
    Ok(Weeks {
        weeks: rows.into_iter().map(|row| (row.week_start, row.columns.into())).collect(),
        pending: standing.pending,
        landmarks: standing.landmarks,
    })
}

#[derive(Deserialize)]
struct DayRow {
    local_date: NaiveDate,
    #[serde(flatten)]
    columns: VolumeColumns,
}

/// Returns the days from `from` to `to` on which something was ever logged.
pub async fn days(
    database: &dyn Database,
    proof: &KeyProof,
    from: NaiveDate,
    to: NaiveDate,
) -> Guarded<BTreeMap<NaiveDate, Volume>> {
    let days = proof.statement(
        "SELECT local_date, workouts, sets, tonnage_grams, hard_half_sets, muscles \
         FROM daily_volume WHERE athlete_id = ?1 AND local_date BETWEEN ?4 AND ?5",
        [Param::text(from), Param::text(to)],
    );
    let rows = rows_with_key::<DayRow>(database, proof, days).await?;
    Ok(rows.into_iter().map(|row| (row.local_date, row.columns.into())).collect())
}

/// What one workout achieved in one exercise.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct DatedPerformance {
    /// The day it counts for.
    pub local_date: NaiveDate,
    /// What it achieved.
    #[serde(with = "json_text")]
    pub performance: ExercisePerformance,
}

/// Returns what the workouts from `from` to `to` achieved in an exercise, in the order of days, and
/// whether the exercise is one of the athlete's own.
pub async fn progress(
    database: &dyn Database,
    proof: &KeyProof,
    slug: &str,
    from: NaiveDate,
    to: NaiveDate,
) -> Guarded<Progress> {
    let performances = proof.statement(
        "SELECT local_date, performances -> ?4 AS performance \
         FROM volume_ledger INDEXED BY volume_ledger_by_day \
         WHERE athlete_id = ?1 AND local_date BETWEEN ?5 AND ?6 \
         AND performances -> ?4 IS NOT NULL ORDER BY local_date, workout_id",
        [slug.into(), Param::text(from), Param::text(to)],
    );
    let own = proof.statement(
        "SELECT 1 AS own FROM exercises WHERE athlete_id = ?1 AND slug = ?4",
        [slug.into()],
    );
    let mut results = with_key(database, proof, vec![performances, own]).await?;
    Ok(Progress { performances: results.rows()?, is_own: results.has_rows()? })
}

/// What is known of an exercise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// By workout, in the order of days.
    pub performances: Vec<DatedPerformance>,
    /// Whether the exercise is one of the athlete's own.
    pub is_own: bool,
}

/// A week of the history that the analysis reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct HistoryWeek {
    /// The week.
    pub week_start: WeekStart,
    /// Its volume.
    pub volume: Volume,
}

/// A day of the history that the analysis reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryDay {
    /// The day.
    pub local_date: NaiveDate,
    /// Workouts on it.
    pub workouts: i64,
    /// Load × repetitions of its sets.
    pub tonnage_grams: Grams,
}

/// What one workout achieved in one lift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiftSession {
    /// The day it counts for.
    pub local_date: NaiveDate,
    /// What it achieved.
    pub performance: ExercisePerformance,
}

#[derive(Deserialize)]
struct HistoryRow {
    athlete_id: AthleteId,
    week_start: WeekStart,
    #[serde(flatten)]
    columns: VolumeColumns,
}

/// The statement that reads the weeks of ranges.
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

/// Reads what [`history_statement`] answered, by athlete, in the order of the weeks.
pub(crate) fn read_history(
    results: &mut Results,
) -> Result<BTreeMap<AthleteId, Vec<HistoryWeek>>, DatabaseError> {
    let mut history: BTreeMap<AthleteId, Vec<HistoryWeek>> = BTreeMap::new();
    for row in results.rows::<HistoryRow>()? {
        let week = HistoryWeek { week_start: row.week_start, volume: row.columns.into() };
        history.entry(row.athlete_id).or_default().push(week);
    }
    Ok(history)
}

#[derive(Deserialize)]
struct HistoryDayRow {
    athlete_id: AthleteId,
    #[serde(flatten)]
    day: HistoryDay,
}

/// The statement that reads the days of ranges.
pub(crate) fn days_statement(ranges: &[WeekRange]) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(
        "SELECT day.athlete_id, day.local_date, day.workouts, day.tonnage_grams \
         FROM json_each(?1) AS range JOIN daily_volume AS day \
         ON day.athlete_id = range.value ->> 'athlete_id' \
         AND day.local_date >= range.value ->> 'from' AND day.workouts > 0 \
         ORDER BY day.athlete_id, day.local_date",
        [Param::json(&ranges)?],
    ))
}

/// Reads what [`days_statement`] answered, by athlete, in the order of the days.
pub(crate) fn read_days(
    results: &mut Results,
) -> Result<BTreeMap<AthleteId, Vec<HistoryDay>>, DatabaseError> {
    let mut days: BTreeMap<AthleteId, Vec<HistoryDay>> = BTreeMap::new();
    for row in results.rows::<HistoryDayRow>()? {
        days.entry(row.athlete_id).or_default().push(row.day);
    }
    Ok(days)
}

#[derive(Deserialize)]
struct LiftsRow {
    athlete_id: AthleteId,
    local_date: NaiveDate,
    #[serde(with = "json_text")]
    performances: BTreeMap<String, ExercisePerformance>,
}

/// The statement that reads what the workouts of ranges achieved.
pub(crate) fn lifts_statement(ranges: &[WeekRange]) -> Result<Statement, DatabaseError> {
    Ok(Statement::new(
        "SELECT ledger.athlete_id, ledger.local_date, ledger.performances \
         FROM json_each(?1) AS range JOIN volume_ledger AS ledger INDEXED BY volume_ledger_by_day \
         ON ledger.athlete_id = range.value ->> 'athlete_id' \
         AND ledger.local_date >= range.value ->> 'from' \
         ORDER BY ledger.athlete_id, ledger.local_date, ledger.workout_id",
        [Param::json(&ranges)?],
    ))
}

/// Reads what [`lifts_statement`] answered, by athlete and lift, in the order of the days.
pub(crate) fn read_lifts(
    results: &mut Results,
) -> Result<BTreeMap<AthleteId, BTreeMap<String, Vec<LiftSession>>>, DatabaseError> {
    let mut lifts: BTreeMap<AthleteId, BTreeMap<String, Vec<LiftSession>>> = BTreeMap::new();
    for row in results.rows::<LiftsRow>()? {
        let of_athlete = lifts.entry(row.athlete_id).or_default();
        for (lift, performance) in row.performances {
            let session = LiftSession { local_date: row.local_date, performance };
            of_athlete.entry(lift).or_default().push(session);
        }
    }
    Ok(lifts)
}
