//! Rate limits of addresses, keys and streams, and the security headers of every response.

use super::*;
use crate::rate_limits::RateLimit;

const STREAM: &str = "/v1/notifications/stream";
const ADDRESS: (&str, &str) = ("cf-connecting-ip", "203.0.113.7");

#[test]
fn key_over_its_limit_gets_429_and_others_are_served() {
    let api = TestApi::new();
    let (key, other) = (api.create_athlete(), api.create_athlete());
    api.get(&key, "/v1/me");
    api.rate_limiter.set_remaining(RateLimit::Key.binding(), 1);
    assert_eq!(api.post(&key, "/v1/workouts", &bench_workout(1)).status, 201);
    let rejected = api.post(&key, "/v1/workouts", &bench_workout(1));
    assert_eq!((rejected.status, api.workout_count()), (429, 1));
    assert_eq!(rejected.headers["content-type"], "application/problem+json");
    assert_eq!(rejected.headers["retry-after"], "10");
    assert_eq!(rejected.body["detail"], "rate limit exceeded: at most 1000 calls in 10 s");
    assert_eq!(api.get(&other, "/v1/me").status, 200);
    assert_eq!(api.get(OPERATOR, "/v1/admin/pipeline").status, 200);
}

#[test]
fn guessed_secrets_do_not_use_up_the_keys_limit() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (ids, _) = key.rsplit_once('_').unwrap();
    let guess = format!("{ids}_{}", "0".repeat(64));
    assert_eq!(api.get(&guess, "/v1/me").status, 401);
    api.rate_limiter.set_remaining(RateLimit::Key.binding(), 0);
    assert_eq!(api.get(&guess, "/v1/me").status, 429);
    assert_eq!(api.get(&key, "/v1/me").status, 200);
}

#[test]
fn address_over_its_limit_gets_429_before_any_read() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let call = |path: &str| api.call_with(&key, "GET", path, None, &[ADDRESS]);
    assert_eq!(call("/v1/me").status, 200);
    api.rate_limiter.set_remaining(RateLimit::Address.binding(), 0);
    // The fault is still pending for the next call: the database was not read.
    api.database.fail_next(&[DatabaseFault::BeforeCommit]);
    for path in ["/v1/me", "/v1/unsubscribe?token=x", "/v1/admin/pipeline", "/nowhere"] {
        let rejected = call(path);
        assert_eq!(rejected.status, 429, "{path}");
        assert_eq!(rejected.headers["retry-after"], "10");
    }
    assert_eq!(api.get(&key, "/v1/me").status, 503);
    let elsewhere = [("cf-connecting-ip", "203.0.113.8")];
    assert_eq!(api.call_with(&key, "GET", "/v1/me", None, &elsewhere).status, 200);
}

#[test]
fn streams_of_a_key_are_counted_separately() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let open = || {
        let bearer = format!("Bearer {key}");
        api.send("GET", STREAM, &[("authorization", &bearer)], b"")
    };
    assert_eq!(open().status(), 200);
    api.rate_limiter.set_remaining(RateLimit::Streams.binding(), 1);
    assert_eq!(open().status(), 200);
    let rejected = open();
    assert_eq!(rejected.status(), 429);
    assert_eq!(rejected.headers()["retry-after"], "60");
    assert_eq!(api.get(&key, "/v1/notifications").status, 200);
}

#[test]
fn wrangler_configuration_matches_the_rate_limits() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wrangler/api.jsonc");
    let text = std::fs::read_to_string(path).unwrap();
    let options = jsonc_parser::ParseOptions::default();
    let config: Value = jsonc_parser::parse_to_serde_value(&text, &options).unwrap();
    let configured: Vec<_> = config["ratelimits"]
        .as_array()
        .unwrap()
        .iter()
        .map(|limit| json!({ "name": limit["name"], "simple": limit["simple"] }))
        .collect();
    let expected = RateLimit::ALL.map(|limit| {
        json!({
            "name": limit.binding(),
            "simple": { "limit": limit.calls_max(), "period": limit.period_s() },
        })
    });
    assert_eq!(configured, expected);
}

#[test]
fn every_response_has_the_security_headers() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |method: &str, path: &str, status: u16| {
        let bearer = format!("Bearer {key}");
        let response = api.send(method, path, &[("authorization", &bearer)], b"");
        assert_eq!(response.status(), status, "{method} {path}");
        let headers = response.headers();
        assert_eq!(headers["cache-control"], "no-store", "{path}");
        assert_eq!(headers["x-content-type-options"], "nosniff", "{path}");
        assert_eq!(headers["referrer-policy"], "no-referrer", "{path}");
        assert_eq!(headers["strict-transport-security"], "max-age=31536000", "{path}");
        let policy = headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'"), "{policy}");
    };
    check("GET", "/healthz", 200);
    check("GET", "/v1/me", 200);
    check("GET", "/v1/export", 200);
    check("GET", STREAM, 200);
    check("POST", "/v1/notifications/read-all", 204);
    check("GET", "/nowhere", 404);
    check("PATCH", "/v1/me", 405);
    check("GET", "/v1/admin/pipeline", 403);
    check("POST", "/v1/workouts", 415);
    api.database.fail_next(&[DatabaseFault::BeforeCommit]);
    check("GET", "/v1/me", 503);
}
