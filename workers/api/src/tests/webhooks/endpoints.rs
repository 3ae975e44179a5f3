//! Endpoints: create, list, change, delete, and access by others.

use super::*;
use shared_kernel::WebhookEventType;
use std::rc::Rc;

#[test]
fn created_endpoint_shows_its_secret_once() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let more = json!({ "description": "coach", "event_types": ["record.set", "pattern.detected"],
                       "payload": "thin", "version": 1, "signature": "v1" });
    let (path, mut body) = create_endpoint(&api, &key, &more);
    let secret = body.as_object_mut().unwrap().remove("secret").unwrap();
    let secret = secret.as_str().unwrap();
    assert!(secret.starts_with("whsec_"), "{secret}");
    assert_eq!(
        body,
        json!({
            "id": path.strip_prefix("/v1/webhooks/").unwrap(), "url": URL, "description": "coach",
            "event_types": ["record.set", "pattern.detected"], "payload": "thin", "version": 1,
            "signature": "v1", "status": "enabled", "disabled_reason": null,
            "created_at": "2026-11-23T12:00:00.000Z", "failing_since": null,
            "counts": { "waiting": 0, "delivered": 0, "failed": 0 },
        })
    );
    let (second, _) = create_endpoint(&api, &key, &json!({}));
    let trips = api.database.round_trips();
    assert_eq!(api.get(&key, &path).body, body);
    let listed = api.get(&key, "/v1/webhooks");
    assert_eq!(api.database.round_trips() - trips, 2);
    assert_eq!(items(&listed)[0], body);
    assert_eq!(items(&listed)[1], api.get(&key, &second).body);
    let shown = [listed.text, api.get(&key, &path).text].concat();
    let stored = api.database.query("SELECT * FROM webhook_endpoints").concat();
    for text in [shown, stored] {
        assert!(!text.contains(secret.trim_start_matches("whsec_")), "{text}");
    }
    assert_eq!(take_delivery_requests(&api), []);
}

#[test]
fn endpoint_defaults_to_all_types_full_payload_and_v1() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (_, body) = create_endpoint(&api, &key, &json!({}));
    assert_eq!(body["event_types"], json!([]));
    assert_eq!(
        [&body["payload"], &body["version"], &body["signature"], &body["description"]],
        [&json!("full"), &json!(1), &json!("v1"), &json!("")]
    );
}

#[test]
fn invalid_endpoint_fields_are_reported_and_change_nothing() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |body: Value, pointers: &[&str]| {
        let response = api.post(&key, "/v1/webhooks", &body);
        assert_eq!((response.status, response.error_pointers()), (422, owned(pointers)), "{body}");
    };
    check(json!({}), &["/url"]);
    check(json!([]), &[""]);
    check(json!({ "url": 7 }), &["/url"]);
    check(json!({ "url": "http://hooks.example" }), &["/url"]);
    check(json!({ "url": "https://127.0.0.1/" }), &["/url"]);
    check(json!({ "url": "https://localhost/" }), &["/url"]);
    check(json!({ "url": URL, "event_types": "record.set" }), &["/event_types"]);
    check(json!({ "url": URL, "event_types": [1] }), &["/event_types/0"]);
    check(
        json!({ "url": "https://10.0.0.1/", "description": "x".repeat(2_001), "version": 2,
                "event_types": ["record.set", "test", "record.set"] }),
        &["/url", "/description", "/version", "/event_types/1", "/event_types/2"],
    );
    check(json!({ "url": URL, "event_types": vec!["x"; 10_000] }), &["/event_types"]);
    check(json!({ "url": URL, "payload": "fat" }), &["/payload"]);
    check(json!({ "url": URL, "version": 2 }), &["/version"]);
    check(json!({ "url": URL, "signature": "v2" }), &["/signature"]);
    check(json!({ "url": URL, "description": "x".repeat(2_001) }), &["/description"]);
    check(json!({ "url": URL, "enabled": true }), &["/enabled"]);
    check(json!({ "url": URL, "secret": "whsec_" }), &["/secret"]);
    assert_eq!(api.database.query("SELECT 1 FROM webhook_endpoints").len(), 0);

    let (path, before) = create_endpoint(&api, &key, &json!({}));
    let check = |body: Value, pointers: &[&str]| {
        let response = api.call(&key, "PATCH", &path, Some(&body));
        assert_eq!((response.status, response.error_pointers()), (422, owned(pointers)), "{body}");
    };
    check(json!({ "url": "https://10.0.0.1/", "enabled": false }), &["/url"]);
    for name in ["url", "version", "enabled", "event_types", "payload"] {
        check(json!({ name: null }), &[&format!("/{name}")]);
    }
    check(json!({ "enabled": "yes" }), &["/enabled"]);
    check(json!({ "secret": "whsec_" }), &["/secret"]);
    assert_eq!(api.get(&key, &path).body["url"], before["url"]);
    assert_eq!(api.get(&key, &path).body["status"], "enabled");
}

#[test]
fn loopback_endpoint_is_accepted_in_the_local_environment() {
    let mut api = TestApi::new();
    Rc::make_mut(&mut api.app).environment = Environment::Local;
    let key = api.create_athlete();
    let response = api.post(&key, "/v1/webhooks", &json!({ "url": "http://127.0.0.1:9000/hook" }));
    assert_eq!(response.status, 201, "{}", response.body);
}

#[test]
fn athlete_has_at_most_20_endpoints() {
    let api = TestApi::new();
    let (key, other) = (api.create_athlete(), api.create_athlete());
    for _ in 0..20 {
        create_endpoint(&api, &key, &json!({}));
    }
    let response = api.post(&key, "/v1/webhooks", &json!({ "url": URL }));
    assert_eq!(response.status, 409, "{}", response.body);
    assert_eq!(items(&api.get(&key, "/v1/webhooks")).len(), 20);
    create_endpoint(&api, &other, &json!({}));
}

#[test]
fn patch_keeps_other_fields_and_new_url_resets_failures() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, mut before) = create_endpoint(&api, &key, &json!({ "description": "coach" }));
    before.as_object_mut().unwrap().remove("secret");
    api.database.execute("UPDATE webhook_endpoints SET failing_since_ms = 1");
    before["failing_since"] = json!("1970-01-01T00:00:00.001Z");
    let mut check = |change: Value, more: Value| {
        let response = api.call(&key, "PATCH", &path, Some(&change));
        before.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!((response.status, &response.body), (200, &before), "{change}");
    };
    check(json!({}), json!({}));
    check(json!({ "url": URL }), json!({}));
    check(json!({ "payload": "thin", "version": 1 }), json!({ "payload": "thin" }));
    check(
        json!({ "event_types": ["import.finished"] }),
        json!({ "event_types": ["import.finished"] }),
    );
    check(json!({ "event_types": [] }), json!({ "event_types": [] }));
    check(json!({ "description": null }), json!({ "description": "" }));
    check(json!({ "enabled": true }), json!({}));
    check(
        json!({ "url": "https://HOOKS.example/b" }),
        json!({ "url": "https://hooks.example/b", "failing_since": null }),
    );
}

#[test]
fn endpoint_that_was_read_can_be_sent_back() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({ "signature": "v1a", "payload": "thin" }));
    let read = api.get(&key, &path).body;
    let response = api.call(&key, "PATCH", &path, Some(&read));
    assert_eq!((response.status, &response.body), (200, &read));
    let change = json!({ "signature": "v1", "status": "disabled", "id": 7, "counts": null });
    let response = api.call(&key, "PATCH", &path, Some(&change));
    assert_eq!((response.status, &response.body), (200, &read), "only the server sets these");
}

#[test]
fn event_types_are_listed_with_schema_and_example() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let response = api.get(&key, "/v1/webhooks/event-types");
    assert_eq!(response.status, 200);
    let types: Vec<_> = items(&response).iter().map(|item| item["type"].clone()).collect();
    assert_eq!(json!(types), json!(WebhookEventType::all().collect::<Vec<_>>()));
    for item in items(&response) {
        assert_eq!(item["schema"]["properties"]["type"]["const"], item["type"]);
        assert_eq!(item["example"]["type"], item["type"]);
        assert!(item["description"].as_str().unwrap().ends_with('.'));
    }
}

#[test]
fn disabling_fails_waiting_deliveries_until_enabled_and_retried() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let waiting =
        store_delivery(&api, &path, 1, &format!("'waiting', {NOW_MS}, 2, {NOW_MS}, '[]'"));
    let full = json!(vec![json!({ "at_ms": 1, "outcome": "failed", "duration_ms": 1 }); 20]);
    let logged = store_delivery(&api, &path, 2, &format!("'waiting', 0, 2, 0, '{full}'"));
    store_delivery(&api, &path, 3, &format!("'delivered', {NOW_MS}, 1, {NOW_MS}, '[]'"));
    assert_eq!(counts(&api, &key, &path), [2, 1, 0]);
    let off = api.call(&key, "PATCH", &path, Some(&json!({ "enabled": false }))).body;
    assert_eq!(
        [&off["status"], &off["disabled_reason"]],
        [&json!("disabled"), &json!("by its owner")]
    );
    assert_eq!(counts(&api, &key, &path), [0, 1, 2]);
    let failed = api.get(&key, &waiting).body;
    assert_eq!(
        failed["last"],
        json!({ "at": "2026-11-23T12:00:00.000Z", "outcome": "disabled", "status": null,
                "error": "endpoint disabled", "duration_ms": 0 })
    );
    assert_eq!(failed["next_attempt_at"], Value::Null);
    let log = api.get(&key, &logged).body["attempts"].clone();
    assert_eq!(log.as_array().unwrap().len(), 20);
    assert_eq!(log[19]["outcome"], "disabled");
    for (call, body) in [
        (format!("{path}/test"), None),
        (format!("{waiting}/retry"), None),
        (format!("{path}/deliveries/retry"), Some(json!({ "since": "1970-01-01T00:00:00Z" }))),
        (format!("{path}/replay"), Some(json!({ "since": "1970-01-01T00:00:00Z" }))),
    ] {
        assert_eq!(api.call(&key, "POST", &call, body.as_ref()).status, 409, "{call}");
    }
    assert_eq!(counts(&api, &key, &path), [0, 1, 2]);
    api.database
        .execute("UPDATE webhook_endpoints SET failing_since_ms = 1, disabled_reason = 'gone'");
    let disabled = api.call(&key, "PATCH", &path, Some(&json!({ "enabled": false }))).body;
    assert_eq!(disabled["disabled_reason"], "gone", "the first reason stays");
    let on = api.call(&key, "PATCH", &path, Some(&json!({ "enabled": true }))).body;
    assert_eq!(
        [&on["status"], &on["disabled_reason"], &on["failing_since"]],
        [&json!("enabled"), &Value::Null, &Value::Null]
    );
    assert_eq!(api.call(&key, "POST", &format!("{waiting}/retry"), None).status, 202);
}

#[test]
fn deleting_an_endpoint_deletes_its_deliveries() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let row = store_delivery(&api, &path, 1, FAILED);
    assert_eq!(api.delete(&key, &path).status, 204);
    for path in [&path, &row] {
        assert_eq!(api.get(&key, path).status, 404);
    }
    assert_eq!(api.delete(&key, &path).status, 404);
    assert_eq!(api.database.query("SELECT 1 FROM webhook_deliveries").len(), 0);
}

/// Every call that names an endpoint, with a valid body.
fn calls(path: &str, delivery: &str) -> Vec<(&'static str, String, Option<Value>)> {
    vec![
        ("GET", path.to_owned(), None),
        ("PATCH", path.to_owned(), Some(json!({ "description": "x", "enabled": false }))),
        ("POST", format!("{path}/rotate-secret"), None),
        ("POST", format!("{path}/test"), None),
        ("GET", format!("{path}/deliveries"), None),
        ("GET", delivery.to_owned(), None),
        ("POST", format!("{delivery}/retry"), None),
        (
            "POST",
            format!("{path}/deliveries/retry"),
            Some(json!({ "since": "1970-01-01T00:00:00Z" })),
        ),
        ("POST", format!("{path}/replay"), Some(json!({ "since": "1970-01-01T00:00:00Z" }))),
        ("DELETE", path.to_owned(), None),
    ]
}

#[test]
fn endpoint_of_another_athlete_is_not_found() {
    let api = TestApi::new();
    let (ada, bob) = (api.create_athlete(), api.create_athlete());
    let (path, _) = create_endpoint(&api, &ada, &json!({}));
    let row = store_delivery(&api, &path, 1, FAILED);
    let dump = || {
        [
            api.database.query("SELECT * FROM webhook_endpoints"),
            api.database.query("SELECT * FROM webhook_deliveries"),
        ]
    };
    let before = dump();
    for (method, path, body) in calls(&path, &row) {
        let response = api.call(&bob, method, &path, body.as_ref());
        assert_eq!(response.status, 404, "{method} {path}");
    }
    assert_eq!(items(&api.get(&bob, "/v1/webhooks")).len(), 0);
    assert_eq!(dump(), before);
    let (other, _) = create_endpoint(&api, &ada, &json!({}));
    let other_row = row.replace(&path, &other);
    assert_eq!(api.get(&ada, &other_row).status, 404, "of another endpoint");
    assert_eq!(api.call(&ada, "POST", &format!("{other_row}/retry"), None).status, 404);
    assert_eq!(api.get(&ada, &format!("{path}/deliveries/{UNKNOWN_ID}")).status, 404);
    assert_eq!(take_delivery_requests(&api), []);
}

#[test]
fn revoked_key_cannot_read_or_change_webhooks() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let row = store_delivery(&api, &path, 1, FAILED);
    api.database.execute("UPDATE api_keys SET revoked_at_ms = 1");
    let before = api.database.query("SELECT * FROM webhook_endpoints, webhook_deliveries");
    let more = [
        ("GET", "/v1/webhooks".to_owned(), None),
        ("GET", "/v1/webhooks/event-types".to_owned(), None),
        ("POST", "/v1/webhooks".to_owned(), Some(json!({ "url": URL }))),
    ];
    for (method, path, body) in calls(&path, &row).into_iter().chain(more) {
        let response = api.call(&key, method, &path, body.as_ref());
        assert_eq!(response.status, 401, "{method} {path}");
    }
    let after = api.database.query("SELECT * FROM webhook_endpoints, webhook_deliveries");
    assert_eq!(after, before);
}

#[test]
fn unsupported_methods_get_405_with_allow() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for (path, allowed) in [
        ("/v1/webhooks".to_owned(), "GET, POST, HEAD, OPTIONS"),
        (format!("/v1/webhooks/{UNKNOWN_ID}"), "GET, PATCH, DELETE, HEAD, OPTIONS"),
        (format!("/v1/webhooks/{UNKNOWN_ID}/test"), "POST, OPTIONS"),
        (format!("/v1/webhooks/{UNKNOWN_ID}/deliveries"), "GET, HEAD, OPTIONS"),
        (format!("/v1/webhooks/{UNKNOWN_ID}/deliveries/retry"), "POST, OPTIONS"),
        (format!("/v1/webhooks/{UNKNOWN_ID}/deliveries/{UNKNOWN_ID}"), "GET, HEAD, OPTIONS"),
    ] {
        let response = api.call(&key, "PUT", &path, None);
        assert_eq!((response.status, response.headers["allow"].to_str().unwrap()), (405, allowed));
    }
    assert_eq!(api.get(&key, "/v1/webhooks/mine").status, 404);
}
