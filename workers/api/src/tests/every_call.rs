//! The rules of HTTP that hold for every call: HEAD, tags, cross-origin requests, strict parameters, the
//! order of checks, bounded errors.

use super::*;
use crate::dispatch::router;
use crate::routes::routes;
use platform::http::Method;

const UNKNOWN: &str = "00000000-0000-7000-8000-000000000000";

fn bearer(key: &str) -> String {
    format!("Bearer {key}")
}

/// A path of a route's template, with ids that nothing has.
fn path_of(template: &str) -> String {
    let value = |part: &str| match part {
        "{slug}" => "no-such-exercise".to_owned(),
        "{queue}" => "ai-analysis".to_owned(),
        "{set_id}" => "1".to_owned(),
        "{date}" => "2026-11-23".to_owned(),
        part if part.starts_with('{') => UNKNOWN.to_owned(),
        part => part.to_owned(),
    };
    template.split('/').map(value).collect::<Vec<_>>().join("/")
}

fn needs_key(path: &str) -> bool {
    router().find(path).is_some()
        && !["/healthz", "/v1/unsubscribe", "/v1/email/confirm"].contains(&path)
}

#[test]
fn head_has_the_headers_of_get_without_a_body() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let workout = api.create_workout(&key, &bench_workout(1));
    for path in ["/healthz", "/v1/me", "/v1/workouts", workout.as_str(), "/v1/volume/weekly"] {
        let get = api.get(&key, path);
        let head = api.call(&key, "HEAD", path, None);
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        assert_eq!(head.headers["content-type"], get.headers["content-type"], "{path}");
        assert_eq!(head.etag(), get.etag(), "{path}");
    }
    assert_eq!(api.call(&key, "HEAD", "/v1/workouts/nothing", None).status, 404);
}

#[test]
fn unchanged_resource_is_304_for_its_tag() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let workout = api.create_workout(&key, &bench_workout(1));
    for path in ["/v1/me", "/v1/workouts", workout.as_str(), "/v1/records", "/v1/exercises"] {
        let tag = api.get(&key, path).etag().to_owned();
        let read = |tags: &str| api.call_with(&key, "GET", path, None, &[("if-none-match", tags)]);
        for tags in [tag.clone(), format!("\"x\", {tag}"), "*".to_owned()] {
            let response = read(&tags);
            assert_eq!((response.status, response.text.as_str()), (304, ""), "{path} {tags}");
            assert_eq!(response.etag(), tag);
        }
        assert_eq!(read("\"x\"").status, 200, "{path}");
        assert_eq!(read("not a tag").status, 200, "{path}");
    }
    let before = api.get(&key, "/v1/me").etag().to_owned();
    api.put(&key, "/v1/me", &json!({ "display_name": "Eva" }));
    assert_ne!(api.get(&key, "/v1/me").etag(), before);
}

#[test]
fn if_match_protects_resources_without_revisions() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let tag = api.get(&key, "/v1/me").etag().to_owned();
    let put = |tag: &str, name: &str| {
        let body = json!({ "display_name": name });
        api.call_with(&key, "PUT", "/v1/me", Some(&body), &[("if-match", tag)]).status
    };
    assert_eq!(put(&tag, "Eva"), 200);
    assert_eq!(put(&tag, "Ida"), 412);
    assert_eq!(put("nonsense", "Ida"), 412);
    assert_eq!(put("*", "Ina"), 200);
    assert_eq!(api.get(&key, "/v1/me").body["display_name"], "Ina");
}

#[test]
fn allowed_origin_may_send_and_read() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let preflight = |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "PUT"),
            ("access-control-request-headers", "authorization, if-match"),
        ];
        TestResponse::from_http(api.send(
            "OPTIONS",
            &format!("/v1/workouts/{UNKNOWN}"),
            &headers,
            b"",
        ))
    };
    let allowed = preflight("https://app.example");
    assert_eq!(allowed.status, 204);
    assert_eq!(allowed.headers["access-control-allow-origin"], "https://app.example");
    let methods = "GET, PUT, DELETE, HEAD, OPTIONS";
    assert_eq!(allowed.headers["access-control-allow-methods"], methods);
    let headers = allowed.headers["access-control-allow-headers"].to_str().unwrap();
    assert!(headers.contains("Authorization") && headers.contains("If-Match"), "{headers}");
    let other = preflight("https://other.example");
    assert!(!other.headers.contains_key("access-control-allow-origin"));
    // Errors can be read too.
    let headers = [("origin", "https://app.example")];
    for (key, status) in [(key.as_str(), 200), ("bt_dead", 401)] {
        let response = api.call_with(key, "GET", "/v1/workouts", None, &headers);
        assert_eq!(response.status, status);
        assert_eq!(response.headers["access-control-allow-origin"], "https://app.example");
        assert_eq!(response.headers["vary"], "Origin");
        let exposed = response.headers["access-control-expose-headers"].to_str().unwrap();
        assert!(exposed.contains("ETag") && exposed.contains("Idempotency-Replayed"), "{exposed}");
    }
}

#[test]
fn every_call_rejects_unknown_and_empty_parameters() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for route in routes() {
        let path = path_of(route.path);
        if route.method != Method::GET || !needs_key(&path) {
            continue;
        }
        let token = if path.starts_with("/v1/admin") { OPERATOR } else { &key };
        for (query, code) in [("form=2030-01-01", "unknown_field"), ("limit=", "empty")] {
            let response = api.get(token, &format!("{path}?{query}"));
            assert_eq!(response.status, 400, "{path}?{query}: {}", response.body);
            assert_eq!(response.body["code"], "invalid_parameter", "{path}?{query}");
            assert_eq!(response.body["errors"][0]["code"], code, "{path}?{query}");
        }
    }
}

#[test]
fn dead_key_is_401_whatever_else_is_wrong() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.delete(&key, "/v1/me");
    for route in routes() {
        let path = path_of(route.path);
        if !needs_key(&path) {
            continue;
        }
        let is_operators = path.starts_with("/v1/admin");
        let auth = if is_operators { "Bearer wrong".to_owned() } else { bearer(&key) };
        let headers = [
            ("authorization", auth.as_str()),
            ("content-type", "application/json"),
            ("if-match", "x"),
        ];
        for body in [&b"{\"event_types\":[1,1,1]}"[..], b"{", b"[]"] {
            let path = format!("{path}?no_such_parameter=1");
            let response = api.send(route.method.as_str(), &path, &headers, body);
            assert_eq!(response.status(), 401, "{} {path}", route.method);
        }
    }
}

#[test]
fn every_body_must_be_json_without_an_encoding() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let auth = bearer(&key);
    for (method, path) in [("POST", "/v1/workouts"), ("PUT", "/v1/me"), ("POST", "/v1/webhooks")] {
        let check = |headers: &[(&str, &str)], code: &str| {
            let headers: Vec<_> =
                [("authorization", &*auth)].into_iter().chain(headers.iter().copied()).collect();
            let response = TestResponse::from_http(api.send(method, path, &headers, b"{}"));
            assert_eq!((response.status, &response.body["code"]), (415, &json!(code)), "{path}");
        };
        check(&[], "unsupported_media_type");
        check(&[("content-type", "text/plain")], "unsupported_media_type");
        let json_type = ("content-type", "application/json; charset=utf-8");
        check(&[json_type, ("content-encoding", "gzip")], "unsupported_encoding");
    }
}

#[test]
fn error_response_is_bounded_whatever_the_request_is() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let ones = |count: usize| vec![json!(1); count];
    let unknown: serde_json::Map<_, _> =
        (0..10_000).map(|n| (format!("field-{n}"), json!(n))).collect();
    let sets = vec![json!({ "kind": "working", "rpe": 7.3, "rir": 1.3, "reps": 5_000 }); 450];
    let bad_sets = json!({
        "started_at": "2026-11-23T08:00:00+01:00",
        "exercises": [{ "exercise": "pull-up", "sets": sets }],
    });
    for (method, path, body) in [
        ("POST", "/v1/webhooks", json!({ "event_types": ones(100_000) })),
        ("POST", "/v1/workouts", json!({ "exercises": ones(100_000) })),
        ("POST", "/v1/workouts", bad_sets),
        ("POST", "/v1/exercises", json!({ "primary": ones(100_000) })),
        ("PUT", "/v1/me", Value::Object(unknown)),
        ("PUT", "/v1/me", json!({ "x".repeat(200_000): 1 })),
        ("PUT", "/v1/me", json!({ "muted_kinds": ones(100_000) })),
    ] {
        let response = api.call(&key, method, path, Some(&body));
        assert_eq!(response.status, 422, "{method} {path}");
        assert!(response.text.len() <= 16_000, "{method} {path}: {}", response.text.len());
        let errors = response.body["errors"].as_array().unwrap().len();
        assert!((1..=100).contains(&errors), "{errors}");
        assert!(response.body["errors_total"].as_u64().unwrap() >= errors as u64);
    }
}

#[test]
fn start_with_z_counts_for_the_profiles_day() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut workout = bench_workout(1);
    workout["started_at"] = json!("2026-11-22T23:30:00Z");
    workout["ended_at"] = json!("2026-11-23T00:30:00Z");
    let local_date = |response: TestResponse| response.body["local_date"].clone();
    assert_eq!(local_date(api.post(&key, "/v1/workouts", &workout)), "2026-11-22");
    api.put(&key, "/v1/me", &json!({ "time_zone": "Europe/Berlin" }));
    let posted = api.post(&key, "/v1/workouts", &workout);
    assert_eq!(posted.body["started_at"], "2026-11-23T00:30:00+01:00");
    let path = format!("/v1/workouts/{}", posted.body["id"].as_str().unwrap());
    assert_eq!(local_date(posted), "2026-11-23");
    assert_eq!(local_date(api.put(&key, &path, &workout)), "2026-11-23");
    // A known offset is the athlete's own.
    workout["started_at"] = json!("2026-11-22T23:30:00+00:00");
    assert_eq!(local_date(api.post(&key, "/v1/workouts", &workout)), "2026-11-22");
}

#[test]
fn set_numbers_are_the_servers() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut workout = bench_workout(2);
    workout["exercises"][0]["sets"][0]["id"] = json!(4_294_967_295_u32);
    let path = api.create_workout(&key, &workout);
    let posted = api.get(&key, &path).body;
    assert_eq!(posted["exercises"][0]["sets"][0]["id"], 1);
    let mut changed = posted.clone();
    changed["exercises"][0]["sets"][1]["id"] = json!(7);
    let rejected = api.put(&key, &path, &changed);
    assert_eq!(
        (rejected.status, rejected.error_pointers()),
        (422, vec!["/exercises/0/sets/1/id".to_owned()])
    );
    assert_eq!(api.put(&key, &path, &posted).status, 200);
}

#[test]
fn overtaken_change_is_retried_then_409() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    // Every read of the workout is followed by another change of it.
    api.database.execute(
        "CREATE TRIGGER overtake BEFORE UPDATE ON workouts WHEN new.status <> 'deleted' \
         BEGIN SELECT raise(IGNORE); END",
    );
    let set = json!({ "exercise": "pull-up", "kind": "working", "reps": 5 });
    let response = api.post(&key, &format!("{path}/sets"), &set);
    assert_eq!((response.status, &response.body["code"]), (409, &json!("concurrent_change")));
    assert_eq!(response.headers["retry-after"], "1");
    let headers = [("if-match", "\"1\"")];
    let response = api.call_with(&key, "POST", &format!("{path}/sets"), Some(&set), &headers);
    assert_eq!(response.status, 412);
    api.database.execute("DROP TRIGGER overtake");
    assert_eq!(api.post(&key, &format!("{path}/sets"), &set).status, 201);
}
