//! Weekly reports: the athletes with a report due, and the stored reports.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::guard::{Guarded, Rejection};
use crate::json_text;
use crate::keys::{KeyProof, rows_with_key};
use crate::records::Record;
use crate::sql::query;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared_kernel::AthleteId;
use std::collections::BTreeMap;
use training::WeekStart;

/// The sweep requests a report once more after this time, well after the queue's retries, then after
/// twice of it, and so on. A project default.
const RESEND_AFTER_MS: i64 = 10 * 60_000;
/// Requests of a report, at most: the last one is five hours after the first. A project default.
const REQUESTS_MAX: i64 = 6;

#[derive(Deserialize)]
struct DueRow {
    athlete_id: AthleteId,
    trained: i64,
}

/// The athletes with a report due.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueReports {
    /// The athletes who trained in the week or in the four weeks before it.
    pub athletes: Vec<AthleteId>,
    /// The number of other athletes, who get no report now.
    pub idle: usize,
}

/// Returns the athletes with a report of a week due by this minute of the day and not requested
/// lately, and postpones their next request. After the last request the week is done, and at once for athletes who
/// did not train in it or in the four weeks before it and have no workout that is not aggregated yet.
pub async fn take_due(
    database: &dyn Database,
    week: WeekStart,
    minute: i64,
    now_ms: i64,
    limit: i64,
) -> Result<DueReports, DatabaseError> {
    let take = query!(
        "reports/take_due.sql",
        trained = "EXISTS (SELECT 1 FROM weekly_volume WHERE weekly_volume.athlete_id = athletes.athlete_id \
             AND workouts > 0 AND week_start BETWEEN date(:week, '-28 days') AND :week)",
    )
    .bind([
        ("week", Param::text(week)),
        ("minute", minute.into()),
        ("now_ms", now_ms.into()),
        ("resend_after_ms", RESEND_AFTER_MS.into()),
        ("requests_max", REQUESTS_MAX.into()),
        ("limit", limit.into()),
    ])?;
    let rows = Results::new(database.batch(vec![take]).await?).rows::<DueRow>()?;
    let count = rows.len();
    let trained = rows.into_iter().filter(|row| row.trained != 0);
    let athletes: Vec<_> = trained.map(|row| row.athlete_id).collect();
    Ok(DueReports { idle: count - athletes.len(), athletes })
}

/// Returns the records set in a week and still standing, by athlete.
pub async fn records_of_week(
    database: &dyn Database,
    weeks: &[(AthleteId, WeekStart)],
) -> Result<BTreeMap<(AthleteId, WeekStart), Vec<Record>>, DatabaseError> {
    let select = query!("records/of_weeks.sql").bind([("weeks", Param::json(&weeks)?)])?;
    let mut results = Results::new(database.batch(vec![select]).await?);
    let mut records: BTreeMap<_, Vec<Record>> = BTreeMap::new();
    for (athlete_id, record) in results.with_athlete::<Record>()? {
        let week = WeekStart::containing(record.local_date);
        records.entry((athlete_id, week)).or_default().push(record);
    }
    Ok(records)
}

/// A report to be stored, or the result that there is nothing to report.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NewReport {
    pub athlete_id: AthleteId,
    pub week_start: WeekStart,
    pub report: Option<Value>,
}

/// Stores reports and marks their weeks as done, in one round trip. The first report of a week
/// stays.
pub async fn store(
    database: &dyn Database,
    reports: &[NewReport],
    now_ms: i64,
) -> Result<(), DatabaseError> {
    let reports = Param::json(&reports)?;
    let insert = Statement::new(
        "INSERT INTO weekly_reports (athlete_id, week_start, report, made_at_ms) \
         SELECT value ->> 'athlete_id', value ->> 'week_start', value -> 'report', ?2 \
         FROM json_each(?1) WHERE value ->> 'report' IS NOT NULL ON CONFLICT DO NOTHING",
        [reports.clone(), now_ms.into()],
    );
    let done = Statement::new(
        "UPDATE athletes SET reported_week = made.week_start, report_requests = 0 FROM (\
         SELECT value ->> 'athlete_id' AS athlete_id, value ->> 'week_start' AS week_start \
         FROM json_each(?1)) AS made WHERE athletes.athlete_id = made.athlete_id \
         AND reported_week < made.week_start",
        [reports],
    );
    database.batch_repeatable(vec![insert, done]).await.map(drop)
}

#[derive(Deserialize)]
struct ReportRow {
    #[serde(with = "json_text")]
    report: Value,
}

/// Returns the report of a week, by default the newest.
pub async fn get(
    database: &dyn Database,
    proof: &KeyProof,
    week: Option<WeekStart>,
) -> Guarded<Value> {
    let select = proof.statement(
        "SELECT report FROM weekly_reports WHERE athlete_id = ?1 \
         AND (?4 IS NULL OR week_start = ?4) ORDER BY week_start DESC LIMIT 1",
        [week.map(|week| week.to_string()).as_deref().into()],
    );
    let rows = rows_with_key::<ReportRow>(database, proof, select).await?;
    rows.into_iter().next().map(|row| row.report).ok_or(Rejection::NotFound)
}
