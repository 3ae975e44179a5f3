//! Dated body weights.

use super::*;

const PATH: &str = "/v1/me/body-weights";

fn put(api: &TestApi, key: &str, date: &str, kg: impl Into<Value>) -> TestResponse {
    let body = json!({ "body_weight_kg": kg.into() });
    api.put(key, &format!("{PATH}/{date}"), &body)
}

fn dates(response: &TestResponse) -> Vec<&str> {
    assert_eq!(response.status, 200, "{}", response.body);
    let items = response.body["items"].as_array().unwrap();
    items.iter().map(|item| item["date"].as_str().unwrap()).collect()
}

#[test]
fn weight_of_a_day_is_set_read_replaced_and_deleted() {
    let api = TestApi::new();
    let (key, other) = (api.create_athlete(), api.create_athlete());
    let path = format!("{PATH}/2026-11-20");
    assert_eq!(api.get(&key, &path).status, 404);
    let set = put(&api, &key, "2026-11-20", 80.5);
    assert_eq!(
        (set.status, &set.body),
        (200, &json!({ "date": "2026-11-20", "body_weight_kg": 80.5 }))
    );
    let read = api.get(&key, &path);
    assert_eq!(read.body, set.body);
    assert_eq!(api.put(&key, &path, &read.body).body, set.body, "it can be sent back");
    put(&api, &key, "2026-11-20", 81);
    assert_eq!(api.get(&key, &path).body["body_weight_kg"], 81.0);
    assert_eq!(api.get(&other, &path).status, 404);
    assert_eq!(api.delete(&other, &path).status, 404);
    assert_eq!(api.delete(&key, &path).status, 204);
    assert_eq!(api.delete(&key, &path).status, 404);
}

#[test]
fn weights_are_listed_by_day_within_a_range() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for date in ["2026-11-24", "2026-11-20", "2026-11-22", "2024-01-01"] {
        assert_eq!(put(&api, &key, date, 80).status, 200, "{date}");
    }
    let list = |query: &str| api.get(&key, &format!("{PATH}{query}"));
    assert_eq!(dates(&list("")), ["2026-11-20", "2026-11-22", "2026-11-24"]);
    assert_eq!(dates(&list("?from=2026-11-21&to=2026-11-23")), ["2026-11-22"]);
    assert_eq!(dates(&list("?from=2024-01-01")).len(), 4);
    assert_eq!(dates(&list("?to=2024-12-30")), ["2024-01-01"]);
    for query in ["?from=2026-11-24&to=2026-11-23", "?from=2016-01-01", "?from=2026-1-1", "?form=x"]
    {
        assert_eq!(list(query).status, 400, "{query}");
    }
}

#[test]
fn invalid_weight_or_day_changes_nothing() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for kg in [json!(-1), json!(1_000.1), json!("80"), json!(true)] {
        assert_eq!(put(&api, &key, "2026-11-20", kg.clone()).error_pointers(), ["/body_weight_kg"]);
    }
    let path = format!("{PATH}/2026-11-20");
    assert_eq!(api.put(&key, &path, &json!({})).error_pointers(), ["/body_weight_kg"]);
    let unknown = json!({ "body_weight_kg": 80, "mood": 3 });
    assert_eq!(api.put(&key, &path, &unknown).error_pointers(), ["/mood"]);
    for date in ["1969-12-31", "2026-11-25"] {
        let rejected = put(&api, &key, date, 80);
        assert_eq!(rejected.status, 400, "{date}");
        assert_eq!(rejected.body["errors"][0]["parameter"], "date");
    }
    for date in ["2026-1-1", "today", "2026-02-30"] {
        assert_eq!(put(&api, &key, date, 80).status, 404, "{date}");
    }
    assert_eq!(dates(&api.get(&key, PATH)).len(), 0);
}

#[test]
fn profile_shows_and_sets_the_weight_of_today() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let shown = || api.get(&key, "/v1/me").body["body_weight_kg"].clone();
    put(&api, &key, "2026-11-01", 79);
    put(&api, &key, "2026-11-24", 85);
    assert_eq!(shown(), 79.0);
    api.put(&key, "/v1/me", &json!({ "time_zone": "Pacific/Auckland" }));
    assert_eq!(shown(), 85.0, "it is the 24th there");
    api.put(&key, "/v1/me", &json!({ "time_zone": "UTC", "body_weight_kg": 80 }));
    assert_eq!(dates(&api.get(&key, PATH)), ["2026-11-01", "2026-11-23", "2026-11-24"]);
    let path = format!("{PATH}/2026-11-23");
    api.put(&key, "/v1/me", &json!({ "body_weight_kg": null }));
    assert_eq!(api.get(&key, &path).body["body_weight_kg"], Value::Null);
    assert_eq!(shown(), Value::Null);
    assert_eq!(put(&api, &key, "2026-11-23", Value::Null).status, 200, "null can be sent back");
    api.delete(&key, &path);
    assert_eq!(shown(), 79.0);
}

#[test]
fn dated_weight_counts_for_workouts_saved_from_then_on() {
    let api = TestApi::new();
    let key = api.create_athlete();
    put(&api, &key, "2026-11-22", 80);
    put(&api, &key, "2026-11-24", 90);
    let mut workout = bench_workout(1);
    workout["exercises"] =
        json!([{ "exercise": "pull-up", "sets": [{ "kind": "working", "reps": 10 }] }]);
    let saved = api.post(&key, "/v1/workouts", &workout).body;
    assert_eq!(saved["totals"]["tonnage_kg"], 800.0, "the one of its day, not of the next");
    put(&api, &key, "2026-11-23", 81);
    let path = format!("/v1/workouts/{}", saved["id"].as_str().unwrap());
    assert_eq!(api.get(&key, &path).body["totals"]["tonnage_kg"], 800.0);
    assert_eq!(api.post(&key, "/v1/workouts", &workout).body["totals"]["tonnage_kg"], 810.0);
}
