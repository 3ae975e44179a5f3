//! How the pipeline does: what came of events by minute, queue and type, and what waits.

use crate::database::{Database, DatabaseError, Param, Results, Statement};
use crate::latency::LatencyHistogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What came of the events of one type within one minute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MinuteMetrics {
    /// When it began, in milliseconds since 1970.
    pub minute_ms: i64,
    /// Their queue.
    pub queue: &'static str,
    /// Their type; '' is what is no event.
    pub event_type: &'static str,
    /// How many were handled.
    pub handled: u64,
    /// How often one was put off.
    pub retried: u64,
    /// How many were given up.
    pub dead_lettered: u64,
    /// How long after they happened those were handled.
    pub latency: LatencyHistogram,
}

/// Adds to what is counted: one row for each minute and type, whatever was counted before. No repeat of
/// another: it adds once more.
pub async fn add(database: &dyn Database, minutes: &[MinuteMetrics]) -> Result<(), DatabaseError> {
    // An upsert out of a SELECT needs a WHERE, to be no join.
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

/// What came of the events of one type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventMetrics {
    /// Their queue.
    pub queue: String,
    /// Their type; '' is what is no event.
    pub event_type: String,
    /// How many were handled.
    pub handled: i64,
    /// How often one was put off.
    pub retried: i64,
    /// How many were given up.
    pub dead_lettered: i64,
    /// How long after they happened those were handled.
    pub latency: LatencyHistogram,
}

/// Dead letters of a queue that nobody has acted on.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct OpenDeadLetters {
    /// The queue that gave them up.
    pub queue: String,
    /// How many there are.
    pub open: i64,
    /// When the one that waits longest failed.
    pub oldest_failed_at_ms: i64,
}

#[derive(Deserialize)]
struct FlowRow {
    queue: String,
    event_type: String,
    handled: i64,
    retried: i64,
    dead_lettered: i64,
}

#[derive(Deserialize)]
struct BucketRow {
    queue: String,
    event_type: String,
    bucket: usize,
    count: u64,
}

/// What came of events since a minute, by queue and type, and the open dead letters by queue.
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
    let sums: Vec<FlowRow> = results.rows()?;
    let mut latencies: BTreeMap<(String, String), LatencyHistogram> = BTreeMap::new();
    for row in results.rows::<BucketRow>()? {
        latencies.entry((row.queue, row.event_type)).or_default().add(row.bucket, row.count);
    }
    let flow = |row: FlowRow| {
        let FlowRow { queue, event_type, handled, retried, dead_lettered } = row;
        let key = (queue, event_type);
        let latency = latencies.remove(&key).unwrap_or_default();
        let (queue, event_type) = key;
        EventMetrics { queue, event_type, handled, retried, dead_lettered, latency }
    };
    Ok((sums.into_iter().map(flow).collect(), results.rows()?))
}

/// Workouts that aggregation is not through with, in one database.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct PendingWorkouts {
    /// How many there are.
    pub workouts: i64,
    /// Since when the oldest of them waits, in milliseconds since 1970.
    pub oldest_ms: Option<i64>,
}

/// The workouts that are not yet through, of all athletes of a database: counted, no athlete's is
/// shown.
pub async fn pending(database: &dyn Database) -> Result<PendingWorkouts, DatabaseError> {
    let select = Statement::new(
        "SELECT count(*) AS workouts, min(changed_at_ms) AS oldest_ms \
         FROM workouts INDEXED BY workouts_pending WHERE aggregated_revision < revision",
        [],
    );
    let rows = Results::new(database.batch(vec![select]).await?).rows()?;
    Ok(rows.into_iter().next().unwrap_or_default())
}
