//! API keys that athletes make, list and delete; scopes and expiry on every call.

use super::*;
use platform::Clock;

impl TestApi {
    fn create_key(&self, key: &str, scopes: &Value) -> TestResponse {
        self.post(key, "/v1/keys", &json!({ "name": "Watch app", "scopes": scopes }))
    }

    /// Creates a key and returns its id and itself.
    fn new_key(&self, key: &str, scopes: &Value) -> (String, String) {
        let created = self.create_key(key, scopes);
        assert_eq!(created.status, 201, "{}", created.body);
        let text = |name: &str| created.body[name].as_str().unwrap().to_owned();
        (text("id"), text("api_key"))
    }

    fn key_names(&self, key: &str) -> Vec<String> {
        let keys = self.get(key, "/v1/keys").body;
        let keys = keys["items"].as_array().unwrap();
        keys.iter().map(|key| key["name"].as_str().unwrap().to_owned()).collect()
    }
}

#[test]
fn new_key_is_shown_once_and_listed_without_its_secret() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let new = json!({
        "name": "Watch app", "scopes": ["write", "read"], "expires_at": "2026-12-01T00:00:00+01:00",
    });
    let created = api.post(&key, "/v1/keys", &new);
    assert_eq!(created.status, 201, "{}", created.body);
    let secret = created.body["api_key"].as_str().unwrap();
    let id = created.body["id"].as_str().unwrap();
    assert_eq!(created.location(), format!("/v1/keys/{id}"));
    let listed = api.get(secret, "/v1/keys");
    let expected = json!({
        "id": id, "name": "Watch app", "scopes": ["read", "write"],
        "created_at": "2026-11-23T12:00:00.000Z", "last_used_on": null,
        "expires_at": "2026-11-30T23:00:00.000Z",
    });
    assert_eq!(listed.body["items"][1], expected);
    assert_eq!(listed.body["items"][0]["expires_at"], Value::Null);
    assert!(!listed.text.contains(secret) && !listed.text.contains("hash"), "{}", listed.text);
}

#[test]
fn read_key_gets_and_writes_nothing() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (_, read) = api.new_key(&key, &json!(["read"]));
    for path in ["/v1/me", "/v1/workouts", "/v1/keys", "/v1/exercises", "/v1/export"] {
        assert_eq!(api.get(&read, path).status, 200, "{path}");
        assert_eq!(api.call(&read, "HEAD", path, None).status, 200, "{path}");
    }
    for (method, path, body) in [
        ("POST", "/v1/workouts", Some(bench_workout(1))),
        ("PUT", "/v1/me", Some(json!({ "display_name": "Eve" }))),
        ("PUT", "/v1/me", Some(json!({ "colour": "red" }))),
        ("DELETE", "/v1/me", None),
        ("POST", "/v1/keys", Some(json!({ "name": "more", "scopes": ["read"] }))),
        ("POST", "/v1/notifications/read-all", None),
        ("POST", "/v1/me/email/confirmation", None),
        ("PUT", "/v1/me/body-weights/2026-11-23", Some(json!({ "body_weight_kg": 80 }))),
    ] {
        let response = api.call(&read, method, path, body.as_ref());
        assert_eq!(response.status, 403, "{method} {path} {}", response.body);
        assert_eq!(response.body["code"], "insufficient_scope", "{method} {path}");
    }
    assert_eq!((api.workout_count(), api.key_names(&key).len()), (0, 2));
    assert_eq!(api.get(&key, "/v1/me").body["display_name"], "Ada");
}

#[test]
fn write_key_makes_only_keys_of_its_scopes() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (_, write) = api.new_key(&key, &json!(["write"]));
    assert_eq!(api.get(&write, "/v1/me").body["code"], "insufficient_scope");
    assert_eq!(api.create_key(&write, &json!(["read"])).body["code"], "insufficient_scope");
    assert_eq!(api.create_key(&write, &json!(["write", "read"])).status, 403);
    let (_, another) = api.new_key(&write, &json!(["write"]));
    assert_eq!(api.post(&another, "/v1/workouts", &bench_workout(1)).status, 201);
}

#[test]
fn expired_key_is_unauthorized() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let new = json!({ "name": "a", "scopes": ["read"], "expires_at": "2026-11-23T13:00:00Z" });
    let expiring = api.post(&key, "/v1/keys", &new).body["api_key"].as_str().unwrap().to_owned();
    api.clock.advance_ms(3_600_000 - 1);
    assert_eq!(api.get(&expiring, "/v1/me").status, 200);
    api.clock.advance_ms(1);
    assert_eq!(api.get(&expiring, "/v1/me").body["code"], "unauthorized");
    assert_eq!(api.put(&expiring, "/v1/me", &json!({ "colour": "red" })).status, 401);
    assert_eq!(api.key_names(&key).len(), 1);
}

#[test]
fn athlete_deletes_own_keys_and_the_one_in_use() {
    let api = TestApi::new();
    let (key, other) = (api.create_athlete(), api.create_athlete());
    let (id, second) = api.new_key(&key, &json!(["read", "write"]));
    let path = format!("/v1/keys/{id}");
    assert_eq!(api.delete(&other, &path).status, 404);
    assert_eq!(api.delete(&second, &path).status, 204);
    assert_eq!(api.delete(&second, &path).status, 401);
    assert_eq!(api.delete(&key, &path).status, 404);
    assert_eq!(api.delete(&key, "/v1/keys/unknown").status, 404);
    assert_eq!(api.key_names(&key), ["created by an operator"]);
}

#[test]
fn invalid_key_is_rejected_with_all_its_fields() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let bad = json!({ "name": "\u{200b}", "scopes": [], "expires_at": "2026-11-23T12:00:00Z" });
    let mut pointers = api.post(&key, "/v1/keys", &bad).error_pointers();
    pointers.sort();
    assert_eq!(pointers, ["/expires_at", "/name", "/scopes"]);
    let check = |new: Value, pointer: &str| {
        let rejected = api.post(&key, "/v1/keys", &new);
        assert_eq!((rejected.status, rejected.error_pointers()), (422, vec![pointer.to_owned()]));
    };
    check(json!({ "name": "a", "scopes": ["admin"] }), "/scopes/0");
    check(json!({ "name": "a", "scopes": ["read", "read"] }), "/scopes/1");
    check(json!({ "name": "a", "scopes": ["read", "write", "read"] }), "/scopes");
    check(json!({ "name": "x".repeat(101), "scopes": ["read"] }), "/name");
    check(json!({ "name": "a" }), "/scopes");
    check(json!({ "name": "a", "scopes": ["read"], "expires_at": "2027-01-01" }), "/expires_at");
    check(json!({ "name": "a", "scopes": ["read"], "id": "b" }), "/id");
    assert_eq!(api.key_names(&key).len(), 1);
}

#[test]
fn expiring_key_makes_no_key_that_outlives_it() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let create = |key: &str, expires_at: Value| {
        let new = json!({ "name": "Watch app", "scopes": ["write"], "expires_at": expires_at });
        api.post(key, "/v1/keys", &new)
    };
    let expiring = create(&key, json!("2026-12-01T00:00:00Z"));
    let expiring = expiring.body["api_key"].as_str().unwrap();
    for later in [Value::Null, json!("2026-12-01T00:00:00.001Z")] {
        assert_eq!(create(expiring, later).body["code"], "insufficient_scope");
    }
    assert_eq!(create(expiring, json!("2026-12-01T01:00:00+01:00")).status, 201);
}

#[test]
fn hundredth_and_first_live_key_is_a_conflict() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for _ in 1..100 {
        api.new_key(&key, &json!(["read"]));
    }
    let more = api.create_key(&key, &json!(["read"]));
    assert_eq!((more.status, &more.body["code"]), (409, &json!("limit_reached")));
}

#[test]
fn day_of_use_is_stored_once_after_the_response() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let used_on = || api.get(&key, "/v1/keys").body["items"][0]["last_used_on"].clone();
    let before = api.database.round_trips();
    assert_eq!(api.get(&key, "/v1/me").status, 200);
    assert_eq!(api.database.round_trips() - before, 1, "the response does not wait for it");
    assert_eq!(used_on(), Value::Null);
    assert_eq!(api.later.run(), 1);
    assert_eq!(used_on(), "2026-11-23");
    api.post(&key, "/v1/workouts", &bench_workout(1));
    assert_eq!(api.later.run(), 0, "the isolate remembers it");
    api.clock.advance_ms(86_400_000);
    api.post(&key, "/v1/workouts", &json!({}));
    assert_eq!(api.later.run(), 0, "a rejected call does not count");
    api.get(&key, "/v1/me");
    assert_eq!(api.later.run(), 1);
    assert_eq!(used_on(), "2026-11-24");
}

#[test]
fn day_of_use_is_stored_later_after_a_failure() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.get(&key, "/v1/me");
    api.database.fail_next(&[DatabaseFault::BeforeCommit]);
    api.later.run();
    api.get(&key, "/v1/me");
    assert_eq!(api.later.run(), 1);
    let used = api.database.query("SELECT last_used_on FROM api_keys");
    assert_eq!(used, [r#"{"last_used_on":"2026-11-23"}"#]);
}

#[test]
fn unauthorized_call_marks_no_key() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let guessed =
        format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
    assert_eq!(api.get(&guessed, "/v1/me").status, 401);
    assert_eq!(api.get(&guessed, "/healthz").status, 200);
    assert_eq!(api.later.run(), 0);
    assert_eq!(api.clock.now_ms(), 1_795_435_200_000);
}
