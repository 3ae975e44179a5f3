//! Pipeline metrics: event counts and latencies by minute, queue and type, and the backlog.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::latency::LatencyHistogram;
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
    // SQLite needs the WHERE to parse an upsert from a SELECT.
    let add = Statement::new(
        "INSERT INTO pipeline_minutes (minute_ms, queue, event_type, handled, retried, \
         dead_lettered, latency) \
         SELECT value ->> 'minute_ms', value ->> 'queue', value ->> 'event_type', \
         value ->> 'handled', value ->> 'retried', value ->> 'dead_lettered', value -> 'latency' \
         FROM json_each(?1) WHERE true \
         ON CONFLICT (minute_ms, queue, event_type) DO UPDATE SET \
         handled = handled + excluded.handled, retried = retried + excluded.retried, \
         dead_lettered = dead_lettered + excluded.dead_lettered, \
         latency = (SELECT json_group_array(count) FROM (SELECT a.value + b.value AS count \
         FROM json_each(pipeline_minutes.latency) AS a \
         JOIN json_each(excluded.latency) AS b ON a.key = b.key ORDER BY a.key))",
        [Param::json(&minutes)?],
    );
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
    pub oldest_failed_at_ms: i64,
}

#[derive(Deserialize)]
struct BucketRow {
    queue: String,
    event_type: String,
    bucket: usize,
    count: u64,
}

/// Returns the metrics since a minute by queue and type, and the open dead letters by queue.
pub async fn flows(
    operators: &dyn Database,
    since_ms: i64,
) -> Result<(Vec<EventMetrics>, Vec<OpenDeadLetters>), DatabaseError> {
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
        "SELECT queue, count(*) AS open, min(failed_at_ms) AS oldest_failed_at_ms \
         FROM dead_letters INDEXED BY dead_letters_by_status WHERE status = 'open' \
         GROUP BY queue ORDER BY queue",
        [],
    );
    let mut results = Results::new(operators.batch(vec![sums, buckets, open]).await?);
    let mut flows: Vec<EventMetrics> = results.rows()?;
    for BucketRow { queue, event_type, bucket, count } in results.rows()? {
        let flow = |flow: &&mut EventMetrics| flow.queue == queue && flow.event_type == event_type;
        if let Some(flow) = flows.iter_mut().find(flow) {
            flow.latency.add(bucket, count);
        }
    }
    Ok((flows, results.rows()?))
}

/// Workouts that wait for aggregation, in one database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PendingWorkouts {
    pub workouts: i64,
    /// The oldest change, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
}

/// Counts the workouts that wait for aggregation, of all athletes of a database.
pub async fn pending(database: &dyn Database) -> Result<PendingWorkouts, DatabaseError> {
    let select = Statement::new(
        "SELECT count(*) AS workouts, min(changed_at_ms) AS oldest_ms \
         FROM workouts INDEXED BY workouts_pending WHERE aggregated_revision < revision",
        [],
    );
    Ok(Results::new(database.batch(vec![select]).await?).first()?.unwrap_or_default())
}
