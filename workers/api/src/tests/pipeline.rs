//! GET /v1/admin/pipeline: event counts and the waiting workouts.

use super::*;
use storage::latency::LatencyHistogram;
use storage::pipeline::MinuteMetrics;

const PATH: &str = "/v1/admin/pipeline";

fn minute(
    api: &TestApi,
    minutes_ago: i64,
    event_type: &'static str,
    handled: u64,
) -> MinuteMetrics {
    let mut latency = LatencyHistogram::default();
    for _ in 0..handled {
        latency.record(1_500);
    }
    MinuteMetrics {
        minute_ms: api.app.clock.now_ms() - minutes_ago * 60_000,
        queue: "ai-analysis",
        event_type,
        handled,
        retried: 1,
        dead_lettered: 2,
        latency,
    }
}

#[test]
fn pipeline_counts_events_by_queue_and_type_per_period() {
    let api = TestApi::new();
    let minutes = [
        minute(&api, 0, "a", 1),
        minute(&api, 59, "a", 2),
        minute(&api, 60, "a", 4),
        minute(&api, 0, "", 0),
    ];
    run(storage::pipeline::add(api.app.shards.operators(), &minutes)).unwrap();
    let response = api.get(OPERATOR, PATH).body;
    assert_eq!(
        response["items"],
        json!([
            { "queue": "ai-analysis", "type": null, "handled": 0, "retried": 1, "dead_lettered": 2,
              "latency_ms": { "p50": null, "p95": null } },
            { "queue": "ai-analysis", "type": "a", "handled": 3, "retried": 2, "dead_lettered": 4,
              "latency_ms": { "p50": 1_666, "p95": 2_000 } },
        ])
    );
    assert_eq!(response["since"], "2026-11-23T11:01:00.000Z");
    let handled = |query: &str| {
        api.get(OPERATOR, &format!("{PATH}?{query}")).body["items"][1]["handled"].clone()
    };
    assert_eq!((handled("minutes=1"), handled("minutes=61")), (json!(1), json!(7)));
    for query in ["minutes=0", "minutes=1441", "minutes=x"] {
        assert_eq!(api.get(OPERATOR, &format!("{PATH}?{query}")).status, 400, "{query}");
    }
    assert_eq!(api.get(&api.create_athlete(), PATH).status, 403);
}

#[test]
fn pipeline_shows_waiting_workouts_and_the_oldest_age() {
    let api = TestApi::new();
    let nothing = json!({ "workouts": 0, "oldest_at": null, "oldest_age_s": null });
    assert_eq!(api.get(OPERATOR, PATH).body["pending"], nothing);
    let key = api.create_athlete();
    api.create_workout(&key, &bench_workout(1));
    api.clock.advance_ms(90_500);
    api.create_workout(&key, &bench_workout(1));
    let response = api.get(OPERATOR, PATH).body;
    assert_eq!(
        response["pending"],
        json!({ "workouts": 2, "oldest_at": "2026-11-23T12:00:00.000Z", "oldest_age_s": 90 })
    );
    assert_eq!(response["dead_letters"], json!([]));
}

#[test]
fn each_database_is_listed_with_its_size_and_waiting_workouts() {
    let api = TestApi::new();
    let (ada, bob) = (api.create_athlete(), api.create_athlete());
    for key in [&ada, &ada, &bob] {
        api.create_workout(key, &bench_workout(1));
    }
    let index = |key: &str| index_of(api.athlete_id(key).parse().unwrap());
    let (adas, bobs) = (index(&ada), index(&bob));
    assert_ne!(adas, bobs, "the athletes are in different databases");
    let response = api.get(OPERATOR, PATH).body;
    let databases = response["databases"].as_array().unwrap();
    let names: Vec<_> = databases.iter().map(|database| &database["name"]).collect();
    assert_eq!(names, ["ATHLETES_0", "ATHLETES_1", "ATHLETES_2", "ATHLETES_3", "OPERATIONS"]);
    assert!(databases.iter().all(|database| database["size_bytes"].as_i64() > Some(0)));
    assert_eq!(databases[adas]["pending"]["workouts"], 2);
    assert_eq!(databases[bobs]["pending"]["workouts"], 1);
    assert_eq!(databases[4]["pending"], Value::Null);
    assert_eq!(databases[adas]["unsigned_endpoints"], 0);
    assert_eq!(response["pending"]["workouts"], 3);

    let unavailable = api.database.of(api.athlete_id(&ada).parse().unwrap());
    unavailable.fail_next(&[DatabaseFault::BeforeCommit]);
    let response = api.get(OPERATOR, PATH).body;
    assert_eq!(
        response["databases"][adas],
        json!({
            "name": names[adas], "status": "unavailable", "pending": null, "unsigned_endpoints": null,
            "size_bytes": null,
        })
    );
    assert_eq!(response["databases"][bobs]["status"], "ok");
    assert_eq!(response["pending"]["workouts"], 1, "of the available databases");
}
