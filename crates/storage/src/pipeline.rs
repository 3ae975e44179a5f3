//! Pipeline metrics: event counts and latencies by minute, queue and type, and the backlog.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::latency::LatencyHistogram;
use crate::sql::query;
use serde::{Deserialize, Serialize};

/// The metrics of one event type within one minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MinuteMetrics {
    /// The start of the minute, in milliseconds since 1970.
    pub minute_ms: i64,
    pub queue: &'static str,
    /// Empty for messages that are not events.
    pub event_type: &'static str,
    pub handled: u64,
    pub retried: u64,
    pub dead_lettered: u64,
    /// From the event's time to the end of its handling.
    pub latency: LatencyHistogram,
}

/// Adds metrics to the rows of their minute, queue and type. Not idempotent: a repeat adds once
/// more.
pub async fn add(database: &dyn Database, minutes: &[MinuteMetrics]) -> Result<(), DatabaseError> {
    let add = query!("pipeline/add.sql").bind([("minutes", Param::json(&minutes)?)])?;
    database.batch(vec![add]).await.map(drop)
}

/// The metrics of one event type.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct EventMetrics {
    pub queue: String,
    pub event_type: String,
    pub handled: i64,
    pub retried: i64,
    pub dead_lettered: i64,
    #[serde(skip)]
    pub latency: LatencyHistogram,
}

/// The open dead letters of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OpenDeadLetters {
    pub queue: String,
    pub open: i64,
    pub waiting: i64,
    pub oldest_failed_at_ms: i64,
}

/// The state of the pipeline in the operators' database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flows {
    /// By queue and type.
    pub events: Vec<EventMetrics>,
    /// By queue.
    pub dead_letters: Vec<OpenDeadLetters>,
    /// The size of the database, if known.
    pub size_bytes: Option<u64>,
}

#[derive(Deserialize)]
struct BucketRow {
    queue: String,
    event_type: String,
    bucket: usize,
    count: u64,
}

/// Returns the metrics since a minute by queue and type, and the open and waiting dead letters by queue.
pub async fn flows(operators: &dyn Database, since_ms: i64) -> Result<Flows, DatabaseError> {
    let sums = Statement::new(
        "SELECT queue, event_type, sum(handled) AS handled, sum(retried) AS retried, \
         sum(dead_lettered) AS dead_lettered FROM pipeline_minutes WHERE minute_ms >= ?1 \
         GROUP BY queue, event_type ORDER BY queue, event_type",
        [since_ms.into()],
    );
    let buckets = Statement::new(
        "SELECT queue, event_type, bucket.key AS bucket, sum(bucket.value) AS count \
         FROM pipeline_minutes JOIN json_each(latency) AS bucket WHERE minute_ms >= ?1 \
         GROUP BY queue, event_type, bucket.key HAVING sum(bucket.value) > 0",
        [since_ms.into()],
    );
    let open = Statement::new(
        "SELECT queue, sum(status = 'open') AS open, sum(status = 'waiting') AS waiting, \
         min(failed_at_ms) AS oldest_failed_at_ms \
         FROM dead_letters INDEXED BY dead_letters_by_status WHERE status IN ('open', 'waiting') \
         GROUP BY queue ORDER BY queue",
        [],
    );
    let results = operators.batch(vec![sums, buckets, open]).await?;
    let size_bytes = results.first().and_then(|result| result.size_bytes);
    let mut results = Results::new(results);
    let mut events: Vec<EventMetrics> = results.rows()?;
    for BucketRow { queue, event_type, bucket, count } in results.rows()? {
        let flow = |flow: &&mut EventMetrics| flow.queue == queue && flow.event_type == event_type;
        if let Some(flow) = events.iter_mut().find(flow) {
            flow.latency.add(bucket, count);
        }
    }
    Ok(Flows { events, dead_letters: results.rows()?, size_bytes })
}

/// Workouts that wait for aggregation, in one database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PendingWorkouts {
    pub workouts: i64,
    /// The oldest change, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
    /// Enabled webhook endpoints of which no signing key can be opened: their deliveries wait.
    #[serde(skip)]
    pub unsigned_endpoints: i64,
    /// The size of the database, if known.
    #[serde(skip)]
    pub size_bytes: Option<u64>,
}

/// Counts the workouts that wait for aggregation, and the endpoints without a key, of all athletes of a
/// database.
pub async fn pending(
    database: &dyn Database,
    now_ms: i64,
) -> Result<PendingWorkouts, DatabaseError> {
    let select = query!("pipeline/pending.sql").bind([("call_at_ms", now_ms.into())])?;
    let unsigned = Statement::new(
        "SELECT count(*) AS endpoints FROM webhook_endpoints \
         INDEXED BY webhook_endpoints_unsigned WHERE unsigned_since_ms IS NOT NULL \
         AND status = 'enabled'",
        [],
    );
    let results = database.batch(vec![select, unsigned]).await?;
    let size_bytes = results.first().and_then(|result| result.size_bytes);
    let mut results = Results::new(results);
    let pending: Option<PendingWorkouts> = results.first()?;
    let unsigned_endpoints = results.value()?.unwrap_or(0);
    Ok(PendingWorkouts { unsigned_endpoints, size_bytes, ..pending.unwrap_or_default() })
}
