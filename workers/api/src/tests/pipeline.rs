//! How the pipeline does, as an operator reads it.

use super::*;
use shared_kernel::latency::Latencies;
use storage::pipeline::Minute;

const PATH: &str = "/v1/admin/pipeline";

fn minute(house: &House, minutes_ago: i64, event_type: &'static str, handled: u64) -> Minute {
    let mut latency = Latencies::default();
    for _ in 0..handled {
        latency.record(1_500);
    }
    Minute {
        minute_ms: house.app.clock.now_ms() - minutes_ago * 60_000,
        queue: "ai-analysis",
        event_type,
        handled,
        retried: 1,
        dead_lettered: 2,
        latency,
    }
}

#[test]
fn what_came_of_events_is_told_by_queue_and_type_for_the_minutes_that_are_asked_for() {
    let house = House::new();
    let minutes = [
        minute(&house, 0, "a", 1),
        minute(&house, 59, "a", 2),
        minute(&house, 60, "a", 4),
        minute(&house, 0, "", 0),
    ];
    run(storage::pipeline::add(house.app.shards.operators(), &minutes)).unwrap();
    let answer = house.get(OPERATOR, PATH).body;
    assert_eq!(
        answer["items"],
        json!([
            { "queue": "ai-analysis", "type": null, "handled": 0, "retried": 1, "dead_lettered": 2,
              "latency_ms": { "p50": null, "p95": null } },
            { "queue": "ai-analysis", "type": "a", "handled": 3, "retried": 2, "dead_lettered": 4,
              "latency_ms": { "p50": 1_666, "p95": 2_000 } },
        ])
    );
    assert_eq!(answer["since"], "2026-11-23T11:01:00.000Z");
    let handled = |query: &str| {
        house.get(OPERATOR, &format!("{PATH}?{query}")).body["items"][1]["handled"].clone()
    };
    assert_eq!((handled("minutes=1"), handled("minutes=61")), (json!(1), json!(7)));
    for query in ["minutes=0", "minutes=1441", "minutes=x"] {
        assert_eq!(house.get(OPERATOR, &format!("{PATH}?{query}")).status, 422, "{query}");
    }
    assert_eq!(house.get(&house.athlete(), PATH).status, 403);
}

#[test]
fn what_waits_is_told_with_the_age_of_the_oldest() {
    let house = House::new();
    let nothing = json!({ "workouts": 0, "oldest_at": null, "oldest_age_s": null });
    assert_eq!(house.get(OPERATOR, PATH).body["pending"], nothing);
    let key = house.athlete();
    house.posted(&key, &bench(1));
    house.clock.advance_ms(90_500);
    house.posted(&key, &bench(1));
    let answer = house.get(OPERATOR, PATH).body;
    assert_eq!(
        answer["pending"],
        json!({ "workouts": 2, "oldest_at": "2026-11-23T12:00:00.000Z", "oldest_age_s": 90 })
    );
    assert_eq!(answer["dead_letters"], json!([]));
}
