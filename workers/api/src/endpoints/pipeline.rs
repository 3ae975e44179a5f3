//! GET /v1/admin/pipeline: the counts and latencies of the pipeline.

use super::instant;
use crate::app::App;
use crate::call::Call;
use crate::error::ApiResult;
use crate::input::query_integer;
use platform::http::{StatusCode, json};
use serde_json::{Value, json};
use storage::pipeline::{self, EventMetrics, OpenDeadLetters, PendingWorkouts};

const MINUTE_MS: i64 = 60_000;
/// The minutes by default: long enough for rare events, short enough to show a change.
const MINUTES_DEFAULT: i64 = 60;
/// The minutes of a call, at most: a day, half of the retention; a project default.
const MINUTES_MAX: i64 = 1_440;

/// Returns for the last `minutes`, including the current one: the handled, retried and dead-lettered
/// events by queue and type, and their latencies; the open dead letters; the waiting workouts. Counts
/// are up to ten seconds late.
///
/// 1. read the counts and the dead letters (await);
/// 2. read the waiting workouts (await for each database of athletes).
pub async fn get(app: &App, call: &Call) -> ApiResult {
    let minutes = query_integer(&call.request, "minutes", MINUTES_DEFAULT, MINUTES_MAX)?;
    let now_ms = app.clock.now_ms();
    let since_ms = (now_ms.div_euclid(MINUTE_MS) + 1 - minutes) * MINUTE_MS;
    let (flows, open) = pipeline::flows(app.shards.operators(), since_ms).await?;
    let mut waiting = PendingWorkouts::default();
    for database in app.shards.every() {
        let PendingWorkouts { workouts, oldest_ms } = pipeline::pending(database).await?;
        waiting.workouts += workouts;
        waiting.oldest_ms = waiting.oldest_ms.into_iter().chain(oldest_ms).min();
    }
    let body = json!({
        "since": instant(since_ms),
        "until": instant(now_ms),
        "items": flows.iter().map(flow).collect::<Vec<_>>(),
        "dead_letters": open.iter().map(|row| open_dead_letters(row, now_ms)).collect::<Vec<_>>(),
        "pending": {
            "workouts": waiting.workouts,
            "oldest_at": waiting.oldest_ms.map(instant),
            "oldest_age_s": waiting.oldest_ms.map(|oldest_ms| age_s(oldest_ms, now_ms)),
        },
    });
    Ok(json(StatusCode::OK, &body)?)
}

fn flow(flow: &EventMetrics) -> Value {
    let event_type = Some(flow.event_type.as_str()).filter(|name| !name.is_empty());
    json!({
        "queue": flow.queue,
        "type": event_type,
        "handled": flow.handled,
        "retried": flow.retried,
        "dead_lettered": flow.dead_lettered,
        "latency_ms": {
            "p50": flow.latency.percentile_ms(50),
            "p95": flow.latency.percentile_ms(95),
        },
    })
}

fn open_dead_letters(row: &OpenDeadLetters, now_ms: i64) -> Value {
    json!({
        "queue": row.queue,
        "open": row.open,
        "oldest_failed_at": instant(row.oldest_failed_at_ms),
        "oldest_age_s": age_s(row.oldest_failed_at_ms, now_ms),
    })
}

fn age_s(since_ms: i64, now_ms: i64) -> i64 {
    (now_ms - since_ms).max(0) / 1_000
}
