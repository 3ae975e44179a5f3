//! Invalid fields, malformed requests, an unavailable database.

use super::*;
use platform::drill::Drill;
use std::rc::Rc;

#[test]
fn every_invalid_field_is_reported_and_nothing_is_stored() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let bad = json!({
        "title": "x".repeat(2_001),
        "started_at": "2026-11-23T08:00:00+01:00",
        "ended_at": "2026-11-23T07:00:00+01:00",
        "exercises": [
            { "exercise": "No such lift", "sets": [] },
            { "exercise": "pull-up", "superset": 9_007_199_254_740_992_u64, "sets": [
                { "kind": "working", "weight_kg": 1000.5, "reps": 8 },
                { "kind": "working", "weight_kg": 1, "weight_lb": 2, "reps": 1001 },
                { "kind": "working", "reps": 5, "rpe": 7.3, "rest_s": 86_401 },
                { "kind": "working", "reps": 5, "rpe": 8, "rir": 2 },
                { "kind": "working", "weight_kg": 5 }
            ] }
        ]
    });
    let response = api.call(&key, "POST", "/v1/workouts", Some(&bad));
    assert_eq!(response.status, 422);
    assert_eq!(response.headers["content-type"], "application/problem+json");
    let mut pointers = response.error_pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/ended_at",
            "/exercises/0/exercise",
            "/exercises/0/sets",
            "/exercises/1/sets/0/weight_kg",
            "/exercises/1/sets/1/reps",
            "/exercises/1/sets/1/weight_lb",
            "/exercises/1/sets/2/rest_s",
            "/exercises/1/sets/2/rpe",
            "/exercises/1/sets/3/rir",
            "/exercises/1/sets/4/reps",
            "/exercises/1/superset",
            "/title",
        ]
    );
    assert_eq!(api.workout_count(), 0);
}

#[test]
fn first_type_error_is_reported_with_its_code() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |change: &dyn Fn(&mut Value), pointer: &str, code: &str| {
        let mut workout = bench_workout(1);
        change(&mut workout);
        let response = api.post(&key, "/v1/workouts", &workout);
        let errors = json!([{ "pointer": pointer, "code": code }]);
        let mut found = response.body["errors"].clone();
        found[0].as_object_mut().unwrap().remove("detail").unwrap();
        assert_eq!((response.status, found), (422, errors), "{}", response.body);
    };
    check(&|w| w["title"] = json!(7), "/title", "invalid_type");
    check(&|w| w["exercises"] = json!(0), "/exercises", "invalid_type");
    check(&|w| w["exercises"][0]["sets"][0] = json!("set"), "/exercises/0/sets/0", "invalid_type");
    check(
        &|w| w["exercises"][0]["sets"][0]["kind"] = json!("heavy"),
        "/exercises/0/sets/0/kind",
        "invalid_value",
    );
    check(
        &|w| w["exercises"][0]["sets"][0]["weigth_kg"] = json!(5),
        "/exercises/0/sets/0/weigth_kg",
        "unknown_field",
    );
    check(&|w| drop(w.as_object_mut().unwrap().remove("started_at")), "/started_at", "required");
    check(
        &|w| w["started_at"] = json!("2026-11-23T08:00:00+23:59"),
        "/started_at",
        "invalid_format",
    );
    let twice = br#"{"started_at":"2026-11-23T08:00:00Z","title":"a","title":"b","exercises":[]}"#;
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", &*bearer), ("content-type", "application/json")];
    let response = TestResponse::from_http(api.send("POST", "/v1/workouts", &headers, twice));
    assert_eq!((response.status, &response.body["errors"][0]["code"]), (422, &json!("duplicate")));
}

#[test]
fn workout_limits_hold_at_their_boundaries() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |change: &dyn Fn(&mut Value), pointer: Option<&str>| {
        let mut workout = bench_workout(1);
        change(&mut workout);
        let response = api.call(&key, "POST", "/v1/workouts", Some(&workout));
        match pointer {
            None => assert_eq!(response.status, 201, "{}", response.body),
            Some(pointer) => assert_eq!(response.error_pointers(), [pointer], "{workout}"),
        }
    };
    let exercises = |count: usize, sets: usize| {
        move |workout: &mut Value| {
            let sets = vec![json!({ "kind": "working", "reps": 5 }); sets];
            let exercise = json!({ "exercise": "pull-up", "sets": sets });
            workout["exercises"] = json!(vec![exercise; count]);
        }
    };
    let set = |name: &'static str, value: Value| {
        move |workout: &mut Value| workout["exercises"][0]["sets"][0][name] = value.clone()
    };
    let pointer = |name: &str| format!("/exercises/0/sets/0/{name}");
    check(&exercises(50, 10), None);
    check(&exercises(51, 1), Some("/exercises"));
    check(&exercises(2, 251), Some("/exercises"));
    check(&exercises(0, 0), Some("/exercises"));
    check(&set("weight_kg", json!(1000)), None);
    check(&set("weight_kg", json!(-0.1)), Some(&pointer("weight_kg")));
    check(&set("weight_kg", json!("100")), Some(&pointer("weight_kg")));
    check(&set("reps", json!(1000)), None);
    check(&set("reps", json!(-1)), Some(&pointer("reps")));
    check(&set("reps", json!(8.5)), Some(&pointer("reps")));
    check(&set("rpe", json!(10)), None);
    check(&set("rpe", json!(10.5)), Some(&pointer("rpe")));
    check(&set("rpe", json!(0.5)), Some(&pointer("rpe")));
    check(&|w| w["notes"] = json!("é".repeat(2_000)), None);
    check(&|w| w["notes"] = json!("é".repeat(2_001)), Some("/notes"));
    check(
        &|w| {
            w["started_at"] = json!("1969-12-31T23:59:59Z");
            w["ended_at"] = json!("1970-01-01T00:30:00Z");
        },
        Some("/started_at"),
    );
    check(&|w| w["ended_at"] = json!("2026-11-24T08:00:00+01:00"), None);
    check(&|w| w["ended_at"] = json!("2026-11-24T08:00:01+01:00"), Some("/ended_at"));
    check(&|w| w["started_at"] = json!("2026-11-23T08:00:00"), Some("/started_at"));
    check(
        &|w| {
            w["started_at"] = json!("2026-11-24T12:00:01Z");
            w["ended_at"] = json!("2026-11-24T13:00:00Z");
        },
        Some("/started_at"),
    );
}

#[test]
fn malformed_requests_get_their_4xx_status() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let bearer = format!("Bearer {key}");
    let auth = ("authorization", bearer.as_str());
    let json_type = ("content-type", "application/json");
    let check = |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], status: u16| {
        let response = api.send(method, path, headers, body);
        assert_eq!(response.status(), status, "{method} {path}");
        assert!(response.headers().contains_key("x-request-id"));
        response
    };
    check("POST", "/v1/workouts", &[auth, json_type], b"{\"a\":", 400);
    check("POST", "/v1/workouts", &[auth, json_type], b"[]", 422);
    // Nested too deeply: the parser stops at 128 levels.
    check("POST", "/v1/workouts", &[auth, json_type], &vec![b'['; 262_144], 400);
    check("PUT", "/v1/me", &[auth, json_type], &b"{\"a\":".repeat(40_000), 400);
    check("POST", "/v1/imports", &[auth, json_type], &vec![b'['; 5 * 1024 * 1024], 400);
    let nested = format!("/v1/imports?mapping={}", "%5B".repeat(4_000));
    check("POST", &nested, &[auth, json_type], b"{}", 400);
    check("POST", "/v1/workouts", &[auth, ("content-type", "text/plain")], b"{}", 415);
    check("POST", "/v1/workouts", &[auth, json_type], &vec![b' '; 262_145], 413);
    check("GET", "/v1/workouts", &[], b"", 401);
    check("GET", "/v1/workouts", &[("authorization", "Basic abc")], b"", 401);
    check("GET", "/v1/workouts", &[("authorization", "Bearer bt_nonsense")], b"", 401);
    check("GET", "/v1/workouts", &[("authorization", "Bearer nonsense")], b"", 401);
    check("GET", "/v1/workouts?to=%2B262142-12-31", &[auth], b"", 400);
    check("GET", "/v1/volume/weekly?to=%2B262142-12-31", &[auth], b"", 400);
    check("GET", "/v1/volume/weekly?to=9999-12-31", &[auth], b"", 200);
    check("GET", "/v1/workouts", &[("authorization", "Bearer operator-token")], b"", 403);
    check("GET", "/v1/admin/dead-letters", &[auth], b"", 403);
    check("GET", "/v1/admin/dead-letters", &[("authorization", "Bearer wrong")], b"", 401);
    check("GET", "/v1/nothing", &[auth], b"", 404);
    check("GET", "/v1/workouts/not-a-uuid", &[auth], b"", 404);
    check("GET", "/v1/workouts?limit=0", &[auth], b"", 400);
    check("GET", "/v1/workouts?limit=101", &[auth], b"", 400);
    check("GET", "/v1/workouts?cursor=zz", &[auth], b"", 400);
    check("GET", "/v1/workouts?from=yesterday", &[auth], b"", 400);
    check("GET", "/v1/volume/weekly?from=2026-11-23&to=2026-11-01", &[auth], b"", 400);
    check("GET", "/v1/volume/weekly?from=1990-01-01", &[auth], b"", 400);
    check("GET", "/healthz", &[], b"", 200);
    let rejected = check("PATCH", "/v1/workouts", &[auth], b"", 405);
    assert_eq!(rejected.headers()["allow"], "GET, POST, HEAD, OPTIONS");
}

#[test]
fn unavailable_database_gets_503_and_no_partial_write() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let headers = [("idempotency-key", "k")];
    api.database.fail_next(&[DatabaseFault::BeforeCommit]);
    let response = api.call_with(&key, "POST", "/v1/workouts", Some(&bench_workout(1)), &headers);
    assert_eq!(response.status, 503);
    assert_eq!(response.headers["retry-after"], "2");
    assert_eq!((api.workout_count(), api.sink.take_events().len()), (0, 0));
    // The response was lost after the commit: the client's retry finds its workout.
    api.database.fail_next(&[DatabaseFault::AfterCommit]);
    let lost = api.call_with(&key, "POST", "/v1/workouts", Some(&bench_workout(1)), &headers);
    assert_eq!(lost.status, 503);
    let retried = api.call_with(&key, "POST", "/v1/workouts", Some(&bench_workout(1)), &headers);
    assert_eq!((retried.status, api.workout_count()), (201, 1));
}

#[test]
fn repeated_statement_of_a_post_stores_one_workout() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for (count, headers) in [(1, &[][..]), (2, &[("idempotency-key", "k")])] {
        api.database.fail_next(&[DatabaseFault::Repeated]);
        let response =
            api.call_with(&key, "POST", "/v1/workouts", Some(&bench_workout(1)), headers);
        assert_eq!((response.status, api.workout_count()), (201, count), "{headers:?}");
    }
    assert!(!api.sink.take_events().is_empty(), "the one without a key is published at once");
}

#[test]
fn panic_gets_500_internal_error() {
    let mut api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &bench_workout(1));
    let id = path.rsplit('/').next().unwrap();
    let faults = &format!("panic:{id}");
    Rc::make_mut(&mut api.app).shards =
        api.database.shards_over(|_, database| Rc::new(Drill::new(database, faults)));
    let response = api.get(&key, &path);
    assert_eq!(response.status, 500);
    assert_eq!(response.headers["content-type"], "application/problem+json");
    assert_eq!(response.body["code"], "internal_error");
    assert_eq!(api.get(&key, "/v1/workouts").status, 200);
}
