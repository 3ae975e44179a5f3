//! GET /v1/admin/pipeline: the counts and latencies of the pipeline.

use crate::call::OperatorCall;
use crate::error::ApiResult;
use crate::extract::Query;
use crate::reply::Reply;
use contract::Instant;
use contract::pipeline::{
    DatabaseHealth, DatabaseStatus, EventCounts, Latency, OpenDeadLetters, PendingWorkouts,
    PipelineHealth, PipelineQuery,
};
use storage::pipeline::{self, EventMetrics};
use storage::shards::{OPERATIONS, concurrently};

const MINUTE_MS: i64 = 60_000;

/// Returns for the last `minutes`, including the current one: the handled, retried and dead-lettered
/// events by queue and type, and their latencies; the open dead letters; the waiting workouts; the endpoints
/// without a key. Counts are up to ten seconds late.
///
/// 1. read the counts and the dead letters (await);
/// 2. read the waiting workouts (await for each database of athletes). An unavailable database is shown as
///    such, and the others are counted.
pub async fn get(
    call: OperatorCall,
    Query(PipelineQuery { minutes }): Query<PipelineQuery>,
) -> ApiResult<Reply<PipelineHealth>> {
    let now_ms = call.app.clock.now_ms();
    let since_ms = (now_ms.div_euclid(MINUTE_MS) + 1 - minutes.0) * MINUTE_MS;
    let flows = pipeline::flows(call.app.shards.operators(), since_ms).await?;
    let (mut workouts, mut oldest_ms) = (0, None);
    let mut databases = Vec::new();
    let read = call
        .app
        .shards
        .every()
        .map(async |(name, database)| (name, pipeline::pending(database, now_ms).await));
    for (name, waiting) in concurrently(read).await {
        let waiting = waiting
            .inspect_err(
                |error| tracing::error!(worker = "api", database = name, %error, "unavailable"),
            )
            .ok();
        workouts += waiting.map_or(0, |waiting| waiting.workouts);
        oldest_ms = oldest_ms.into_iter().chain(waiting.and_then(|it| it.oldest_ms)).min();
        databases.push(DatabaseHealth {
            name: name.to_owned(),
            status: waiting.map_or(DatabaseStatus::Unavailable, |_| DatabaseStatus::Ok),
            pending: waiting.map(|waiting| pending(waiting.workouts, waiting.oldest_ms, now_ms)),
            unsigned_endpoints: waiting.map(|waiting| waiting.unsigned_endpoints),
            size_bytes: waiting.and_then(|waiting| waiting.size_bytes).and_then(to_i64),
        });
    }
    databases.push(DatabaseHealth {
        name: OPERATIONS.to_owned(),
        status: DatabaseStatus::Ok,
        pending: None,
        unsigned_endpoints: None,
        size_bytes: flows.size_bytes.and_then(to_i64),
    });
    Ok(Reply::new(PipelineHealth {
        since: Instant(since_ms),
        until: Instant(now_ms),
        items: flows.events.into_iter().map(event_counts).collect(),
        dead_letters: flows
            .dead_letters
            .into_iter()
            .map(|row| open_dead_letters(row, now_ms))
            .collect(),
        pending: pending(workouts, oldest_ms, now_ms),
        databases,
    }))
}

fn pending(workouts: i64, oldest_ms: Option<i64>, now_ms: i64) -> PendingWorkouts {
    PendingWorkouts {
        workouts,
        oldest_at: oldest_ms.map(Instant),
        oldest_age_s: oldest_ms.map(|oldest_ms| age_s(oldest_ms, now_ms)),
    }
}

fn to_i64(bytes: u64) -> Option<i64> {
    i64::try_from(bytes).ok()
}

fn event_counts(row: EventMetrics) -> EventCounts {
    EventCounts {
        queue: row.queue,
        event_type: Some(row.event_type).filter(|name| !name.is_empty()),
        handled: row.handled,
        retried: row.retried,
        dead_lettered: row.dead_lettered,
        latency_ms: Latency {
            p50: row.latency.percentile_ms(50),
            p95: row.latency.percentile_ms(95),
        },
    }
}

fn open_dead_letters(row: pipeline::OpenDeadLetters, now_ms: i64) -> OpenDeadLetters {
    OpenDeadLetters {
        queue: row.queue,
        open: row.open,
        waiting: row.waiting,
        oldest_failed_at: Instant(row.oldest_failed_at_ms),
        oldest_age_s: age_s(row.oldest_failed_at_ms, now_ms),
    }
}

fn age_s(since_ms: i64, now_ms: i64) -> i64 {
    (now_ms - since_ms).max(0) / 1_000
}
