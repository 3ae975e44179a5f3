//! Who calls too often, and what every answer says to browsers.

use super::*;
use platform::RateLimit;

const STREAM: &str = "/v1/notifications/stream";
const ADDRESS: (&str, &str) = ("cf-connecting-ip", "203.0.113.7");

#[test]
fn a_key_that_calls_too_often_is_429_and_others_are_served() {
    let house = House::new();
    let (key, other) = (house.athlete(), house.athlete());
    house.get(&key, "/v1/me");
    house.turnstile.leave(RateLimit::Key, 1);
    assert_eq!(house.post(&key, "/v1/workouts", &bench(1)).status, 201);
    let refused = house.post(&key, "/v1/workouts", &bench(1));
    assert_eq!((refused.status, house.workouts()), (429, 1));
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(refused.headers["retry-after"], "10");
    assert_eq!(refused.body["detail"], "that was too often: at most 1000 calls in 10 s");
    assert_eq!(house.get(&other, "/v1/me").status, 200);
    assert_eq!(house.get(OPERATOR, "/v1/admin/pipeline").status, 200);
}

#[test]
fn who_knows_the_ids_of_a_key_but_not_its_secret_uses_up_nothing_of_it() {
    let house = House::new();
    let key = house.athlete();
    let (ids, _) = key.rsplit_once('_').unwrap();
    let guess = format!("{ids}_{}", "0".repeat(64));
    assert_eq!(house.get(&guess, "/v1/me").status, 401);
    house.turnstile.leave(RateLimit::Key, 0);
    assert_eq!(house.get(&guess, "/v1/me").status, 429);
    assert_eq!(house.get(&key, "/v1/me").status, 200);
}

#[test]
fn an_address_that_calls_too_often_is_429_before_anything_is_read() {
    let house = House::new();
    let key = house.athlete();
    let call = |path: &str| house.call_with(&key, "GET", path, None, &[ADDRESS]);
    assert_eq!(call("/v1/me").status, 200);
    house.turnstile.leave(RateLimit::Address, 0);
    // No fault is left over for the next call: the database was not asked.
    house.database.fail_next(&[Fault::BeforeCommit]);
    for path in ["/v1/me", "/v1/unsubscribe?token=x", "/v1/admin/pipeline", "/nowhere"] {
        let refused = call(path);
        assert_eq!(refused.status, 429, "{path}");
        assert_eq!(refused.headers["retry-after"], "10");
    }
    assert_eq!(house.get(&key, "/v1/me").status, 503);
    let elsewhere = [("cf-connecting-ip", "203.0.113.8")];
    assert_eq!(house.call_with(&key, "GET", "/v1/me", None, &elsewhere).status, 200);
}

#[test]
fn streams_of_a_key_are_counted_by_themselves() {
    let house = House::new();
    let key = house.athlete();
    let open = || {
        let bearer = format!("Bearer {key}");
        house.send("GET", STREAM, &[("authorization", &bearer)], b"")
    };
    assert_eq!(open().status(), 200);
    house.turnstile.leave(RateLimit::Streams, 1);
    assert_eq!(open().status(), 200);
    let refused = open();
    assert_eq!(refused.status(), 429);
    assert_eq!(refused.headers()["retry-after"], "60");
    assert_eq!(house.get(&key, "/v1/notifications").status, 200);
}

#[test]
fn the_configuration_has_the_limits_of_the_table() {
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
fn every_answer_tells_browsers_to_keep_run_and_frame_nothing() {
    let house = House::new();
    let key = house.athlete();
    let check = |method: &str, path: &str, status: u16| {
        let bearer = format!("Bearer {key}");
        let answer = house.send(method, path, &[("authorization", &bearer)], b"");
        assert_eq!(answer.status(), status, "{method} {path}");
        let headers = answer.headers();
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
    house.database.fail_next(&[Fault::BeforeCommit]);
    check("GET", "/v1/me", 503);
}
