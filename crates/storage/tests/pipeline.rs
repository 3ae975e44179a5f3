//! Pipeline metrics on real SQL.

use storage::latency::LatencyHistogram;
use storage::pipeline::{self, Flows, MinuteMetrics};
use testkit::{Sqlite, athlete_id, create_athlete, run};

fn minute(minute_ms: i64, event_type: &'static str, latencies_ms: &[i64]) -> MinuteMetrics {
    let mut latency = LatencyHistogram::default();
    for latency_ms in latencies_ms {
        latency.record(*latency_ms);
    }
    let handled = latencies_ms.len() as u64;
    MinuteMetrics {
        minute_ms,
        queue: "ai-analysis",
        event_type,
        handled,
        retried: 2,
        dead_lettered: 1,
        latency,
    }
}

#[test]
fn metrics_of_one_minute_and_type_share_one_row() {
    let database = Sqlite::migrated_operations();
    run(pipeline::add(&database, &[minute(0, "a", &[5, 40]), minute(0, "", &[])])).unwrap();
    run(pipeline::add(&database, &[minute(0, "a", &[5]), minute(60_000, "a", &[1_500])])).unwrap();
    assert_eq!(database.query("SELECT 1 FROM pipeline_minutes").len(), 3);
    let Flows { events, dead_letters, size_bytes } = run(pipeline::flows(&database, 0)).unwrap();
    assert!(dead_letters.is_empty() && size_bytes.is_some());
    let read: Vec<_> = events
        .iter()
        .map(|flow| (flow.event_type.as_str(), flow.handled, flow.retried, flow.dead_lettered))
        .collect();
    assert_eq!(read, [("", 0, 2, 1), ("a", 4, 6, 3)]);
    let mut expected = LatencyHistogram::default();
    for latency_ms in [5, 5, 40, 1_500] {
        expected.record(latency_ms);
    }
    assert_eq!(events[1].latency, expected);
    let events = run(pipeline::flows(&database, 60_000)).unwrap().events;
    assert_eq!((events.len(), events[0].handled), (1, 1));
}

#[test]
fn pending_workouts_are_counted_with_the_oldest_time() {
    let database = Sqlite::migrated();
    let none = run(pipeline::pending(&database, 9)).unwrap();
    assert_eq!((none.workouts, none.oldest_ms), (0, None));
    create_athlete(&database, 1);
    for (n, changed_at_ms, aggregated) in [(1, 7, 0), (2, 5, 0), (3, 1, 1)] {
        database.execute(&format!(
            "INSERT INTO workouts (athlete_id, workout_id, revision, completed_revision, aggregated_revision, status, \
             local_date, started_at_ms, document, created_at_ms, changed_at_ms, due_at_ms, traceparent, change_seq) \
             VALUES ('{}', 'w{n}', 1, 1, {aggregated}, 'completed', '2026-11-23', 0, '{{}}', \
             {changed_at_ms}, {changed_at_ms}, 0, '', {n})",
            athlete_id(1)
        ));
    }
    let pending = run(pipeline::pending(&database, 9)).unwrap();
    assert_eq!((pending.workouts, pending.oldest_ms), (2, Some(5)));
    assert!(pending.size_bytes > Some(0));
}
