//! Outgoing webhooks, as their owner manages them: endpoints, secrets, the log, trying again.

use super::*;
use shared_kernel::payload::WebhookDeliveryRequested;
use standard_webhooks::{Attempt, MessageId, SigningKey, VerifyingKey, sign, verify};

const URL: &str = "https://hooks.example/bulktrack?token=1";
const NOBODYS: &str = "01a20785-0b62-7169-a234-e1edb5d47d8e";

/// An endpoint; answers its path, and what the 201 said.
fn created(house: &House, key: &str, more: &Value) -> (String, Value) {
    let mut body = json!({ "url": URL });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let answer = house.post(key, "/v1/webhooks", &body);
    assert_eq!(answer.status, 201, "{}", answer.body);
    (answer.location().to_owned(), answer.body)
}

/// The lanes that were woken since: each with event, and attempt.
fn woken(house: &House) -> Vec<WebhookDeliveryRequested> {
    let events = house.sink.take_events();
    let data = |event: Event| match event.data {
        EventData::WebhookDeliveryRequested(data) => data,
        other => panic!("no wake-up: {other:?}"),
    };
    events.into_iter().map(data).collect()
}

/// A delivery of the endpoint's path, as the webhook worker would leave it.
fn delivery(house: &House, path: &str, n: u32, row: &str) -> String {
    let endpoint = path.rsplit('/').next().unwrap();
    let id = format!("019b0000-0000-7000-8000-{n:012}");
    house.database.execute(&format!(
        "INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, \
         event_type, body, traceparent, status, created_at_ms, attempt, due_at_ms, attempts) \
         SELECT athlete_id, endpoint_id, '{id}', '{id}', 'record.broken', '{{\"n\":{n}}}', '', {row} \
         FROM webhook_endpoints WHERE endpoint_id = '{endpoint}'"
    ));
    format!("{path}/deliveries/{id}")
}

/// 2026-11-23T12:00:00Z, where the clock of a test stands.
const NOW_MS: i64 = 1_795_435_200_000;
const FAILED: &str = "'failed', 1795435200000, 10, 1795435200000, '[{\"at_ms\":1795435100000,\
    \"outcome\":\"failed\",\"status\":500,\"error\":null,\"duration_ms\":42,\"answer\":\"oops\"}]'";

fn items(answer: &Answer) -> &Vec<Value> {
    answer.body["items"].as_array().unwrap_or_else(|| panic!("{}", answer.body))
}

fn counts(house: &House, key: &str, path: &str) -> [i64; 3] {
    let counts = house.get(key, path).body["counts"].clone();
    ["waiting", "delivered", "failed"].map(|name| counts[name].as_i64().unwrap())
}

#[test]
fn an_endpoint_is_created_read_and_listed_and_its_secret_is_shown_once() {
    let house = House::new();
    let key = house.athlete();
    let more = json!({ "description": "coach", "event_types": ["record.broken", "pattern.detected"],
                       "payload": "thin", "version": 1, "signature": "v1" });
    let (path, mut body) = created(&house, &key, &more);
    let secret = body.as_object_mut().unwrap().remove("secret").unwrap();
    let secret = secret.as_str().unwrap();
    assert!(secret.starts_with("whsec_"), "{secret}");
    assert_eq!(
        body,
        json!({
            "id": path.strip_prefix("/v1/webhooks/").unwrap(), "url": URL, "description": "coach",
            "event_types": ["record.broken", "pattern.detected"], "payload": "thin", "version": 1,
            "signature": "v1", "status": "enabled", "disabled_reason": null,
            "created_at": "2026-11-23T12:00:00.000Z", "failing_since": null,
            "counts": { "waiting": 0, "delivered": 0, "failed": 0 },
        })
    );
    let (second, _) = created(&house, &key, &json!({}));
    let trips = house.database.round_trips();
    assert_eq!(house.get(&key, &path).body, body);
    let listed = house.get(&key, "/v1/webhooks");
    assert_eq!(house.database.round_trips() - trips, 2);
    assert_eq!(items(&listed)[0], body);
    assert_eq!(items(&listed)[1], house.get(&key, &second).body);
    let said = [listed.text, house.get(&key, &path).text].concat();
    let stored = house.database.query("SELECT * FROM webhook_endpoints").concat();
    for text in [said, stored] {
        assert!(!text.contains(secret.trim_start_matches("whsec_")), "{text}");
    }
    assert_eq!(woken(&house), []);
}

#[test]
fn what_the_body_does_not_say_is_all_types_in_full_signed_by_v1() {
    let house = House::new();
    let key = house.athlete();
    let (_, body) = created(&house, &key, &json!({}));
    assert_eq!(body["event_types"], json!([]));
    assert_eq!(
        [&body["payload"], &body["version"], &body["signature"], &body["description"]],
        [&json!("full"), &json!(1), &json!("v1"), &json!("")]
    );
}

#[test]
fn each_bad_field_of_an_endpoint_is_told_and_nothing_is_stored_or_changed() {
    let house = House::new();
    let key = house.athlete();
    let check = |body: Value, pointers: &[&str]| {
        let answer = house.post(&key, "/v1/webhooks", &body);
        assert_eq!((answer.status, answer.pointers()), (422, names(pointers)), "{body}");
    };
    check(json!({}), &["/url"]);
    check(json!([]), &[""]);
    check(json!({ "url": 7 }), &["/url"]);
    check(json!({ "url": "http://hooks.example" }), &["/url"]);
    check(json!({ "url": "https://127.0.0.1/" }), &["/url"]);
    check(json!({ "url": "https://localhost/" }), &["/url"]);
    check(json!({ "url": URL, "event_types": "record.broken" }), &["/event_types"]);
    check(
        json!({ "url": URL, "event_types": ["record.broken", "endpoint.test", "record.broken", 1] }),
        &["/event_types/1", "/event_types/2", "/event_types/3"],
    );
    check(json!({ "url": URL, "payload": "fat" }), &["/payload"]);
    check(json!({ "url": URL, "version": 2 }), &["/version"]);
    check(json!({ "url": URL, "signature": "v2" }), &["/signature"]);
    check(json!({ "url": URL, "description": "x".repeat(2_001) }), &["/description"]);
    check(json!({ "url": URL, "enabled": true, "secret": "whsec_" }), &["/enabled", "/secret"]);
    assert_eq!(house.database.query("SELECT 1 FROM webhook_endpoints").len(), 0);

    let (path, before) = created(&house, &key, &json!({}));
    let check = |body: Value, pointers: &[&str]| {
        let answer = house.call(&key, "PATCH", &path, Some(&body));
        assert_eq!((answer.status, answer.pointers()), (422, names(pointers)), "{body}");
    };
    check(json!({ "url": "https://10.0.0.1/", "enabled": false }), &["/url"]);
    check(
        json!({ "url": null, "version": null, "enabled": null }),
        &["/url", "/version", "/enabled"],
    );
    check(json!({ "enabled": "yes" }), &["/enabled"]);
    check(json!({ "signature": "v1a" }), &["/signature"]);
    assert_eq!(house.get(&key, &path).body["url"], before["url"]);
    assert_eq!(house.get(&key, &path).body["status"], "enabled");
}

/// As [`Answer::pointers`] has them, in order.
fn names(pointers: &[&str]) -> Vec<String> {
    pointers.iter().map(|pointer| (*pointer).to_owned()).collect()
}

#[test]
fn loopback_is_an_endpoint_on_a_developers_machine_only() {
    let mut house = House::new();
    house.app.environment = Environment::Local;
    let key = house.athlete();
    let answer = house.post(&key, "/v1/webhooks", &json!({ "url": "http://127.0.0.1:9000/hook" }));
    assert_eq!(answer.status, 201, "{}", answer.body);
}

#[test]
fn twenty_endpoints_are_the_most() {
    let house = House::new();
    let (key, other) = (house.athlete(), house.athlete());
    for _ in 0..20 {
        created(&house, &key, &json!({}));
    }
    let answer = house.post(&key, "/v1/webhooks", &json!({ "url": URL }));
    assert_eq!(answer.status, 409, "{}", answer.body);
    assert_eq!(items(&house.get(&key, "/v1/webhooks")).len(), 20);
    created(&house, &other, &json!({}));
}

#[test]
fn a_change_leaves_what_it_does_not_name_and_a_move_has_not_failed_yet() {
    let house = House::new();
    let key = house.athlete();
    let (path, mut before) = created(&house, &key, &json!({ "description": "coach" }));
    before.as_object_mut().unwrap().remove("secret");
    house.database.execute("UPDATE webhook_endpoints SET failing_since_ms = 1");
    before["failing_since"] = json!("1970-01-01T00:00:00.001Z");
    let mut check = |change: Value, more: Value| {
        let answer = house.call(&key, "PATCH", &path, Some(&change));
        before.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!((answer.status, &answer.body), (200, &before), "{change}");
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
fn a_disabled_endpoint_has_given_up_what_waited_and_enabled_again_it_can_be_retried() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let waiting = delivery(&house, &path, 1, &format!("'waiting', {NOW_MS}, 2, {NOW_MS}, '[]'"));
    let full = json!(vec![json!({ "at_ms": 1, "outcome": "failed", "duration_ms": 1 }); 20]);
    let logged = delivery(&house, &path, 2, &format!("'waiting', 0, 2, 0, '{full}'"));
    delivery(&house, &path, 3, &format!("'delivered', {NOW_MS}, 1, {NOW_MS}, '[]'"));
    assert_eq!(counts(&house, &key, &path), [2, 1, 0]);
    let off = house.call(&key, "PATCH", &path, Some(&json!({ "enabled": false }))).body;
    assert_eq!(
        [&off["status"], &off["disabled_reason"]],
        [&json!("disabled"), &json!("by its owner")]
    );
    assert_eq!(counts(&house, &key, &path), [0, 1, 2]);
    let given_up = house.get(&key, &waiting).body;
    assert_eq!(
        given_up["last"],
        json!({ "at": "2026-11-23T12:00:00.000Z", "outcome": "disabled", "status": null,
                "error": "endpoint disabled", "duration_ms": 0 })
    );
    assert_eq!(given_up["next_attempt_at"], Value::Null);
    let log = house.get(&key, &logged).body["attempts"].clone();
    assert_eq!(log.as_array().unwrap().len(), 20);
    assert_eq!(log[19]["outcome"], "disabled");
    for (call, body) in [
        (format!("{path}/test"), None),
        (format!("{waiting}/retry"), None),
        (format!("{path}/deliveries/retry"), Some(json!({ "since": "1970-01-01T00:00:00Z" }))),
    ] {
        assert_eq!(house.call(&key, "POST", &call, body.as_ref()).status, 409, "{call}");
    }
    assert_eq!(counts(&house, &key, &path), [0, 1, 2]);
    house
        .database
        .execute("UPDATE webhook_endpoints SET failing_since_ms = 1, disabled_reason = 'gone'");
    let still = house.call(&key, "PATCH", &path, Some(&json!({ "enabled": false }))).body;
    assert_eq!(still["disabled_reason"], "gone", "the first reason stays");
    let on = house.call(&key, "PATCH", &path, Some(&json!({ "enabled": true }))).body;
    assert_eq!(
        [&on["status"], &on["disabled_reason"], &on["failing_since"]],
        [&json!("enabled"), &Value::Null, &Value::Null]
    );
    assert_eq!(house.call(&key, "POST", &format!("{waiting}/retry"), None).status, 202);
}

#[test]
fn a_deleted_endpoint_takes_its_log_along() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let row = delivery(&house, &path, 1, FAILED);
    assert_eq!(house.delete(&key, &path).status, 204);
    for path in [&path, &row] {
        assert_eq!(house.get(&key, path).status, 404);
    }
    assert_eq!(house.delete(&key, &path).status, 404);
    assert_eq!(house.database.query("SELECT 1 FROM webhook_deliveries").len(), 0);
}

/// Every call that names an endpoint, with a body that it takes.
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
        ("DELETE", path.to_owned(), None),
    ]
}

#[test]
fn to_another_athlete_an_endpoint_is_not_there() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    let (path, _) = created(&house, &ada, &json!({}));
    let row = delivery(&house, &path, 1, FAILED);
    let dump = || {
        [
            house.database.query("SELECT * FROM webhook_endpoints"),
            house.database.query("SELECT * FROM webhook_deliveries"),
        ]
    };
    let before = dump();
    for (method, path, body) in calls(&path, &row) {
        let answer = house.call(&bob, method, &path, body.as_ref());
        assert_eq!(answer.status, 404, "{method} {path}");
    }
    assert_eq!(items(&house.get(&bob, "/v1/webhooks")).len(), 0);
    assert_eq!(dump(), before);
    let (other, _) = created(&house, &ada, &json!({}));
    let row_elsewhere = row.replace(&path, &other);
    assert_eq!(house.get(&ada, &row_elsewhere).status, 404, "of another endpoint");
    assert_eq!(house.call(&ada, "POST", &format!("{row_elsewhere}/retry"), None).status, 404);
    assert_eq!(house.get(&ada, &format!("{path}/deliveries/{NOBODYS}")).status, 404);
    assert_eq!(woken(&house), []);
}

#[test]
fn a_revoked_key_reads_and_changes_nothing() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let row = delivery(&house, &path, 1, FAILED);
    house.database.execute("UPDATE api_keys SET revoked_at_ms = 1");
    let before = house.database.query("SELECT * FROM webhook_endpoints, webhook_deliveries");
    let more = [
        ("GET", "/v1/webhooks".to_owned(), None),
        ("POST", "/v1/webhooks".to_owned(), Some(json!({ "url": URL }))),
    ];
    for (method, path, body) in calls(&path, &row).into_iter().chain(more) {
        let answer = house.call(&key, method, &path, body.as_ref());
        assert_eq!(answer.status, 401, "{method} {path}");
    }
    let after = house.database.query("SELECT * FROM webhook_endpoints, webhook_deliveries");
    assert_eq!(after, before);
}

/// The keys of the only endpoint, opened, each with its end.
fn opened(house: &House) -> Vec<(SigningKey, Option<i64>)> {
    let row =
        house.database.query("SELECT athlete_id, endpoint_id, signing_keys FROM webhook_endpoints");
    let row: Value = serde_json::from_str(&row[0]).unwrap();
    let text = |name: &str| row[name].as_str().unwrap().to_owned();
    let place = format!("{}/{}", text("athlete_id"), text("endpoint_id"));
    let keys: Value = serde_json::from_str(&text("signing_keys")).unwrap();
    let open = |key: &Value| {
        let key_text = run(house.app.vault.open(key["sealed"].as_str().unwrap(), &place)).unwrap();
        (SigningKey::parse(&key_text).unwrap(), key["expires_at_ms"].as_i64())
    };
    keys.as_array().unwrap().iter().map(open).collect()
}

fn verifies(shown: &Value, key: &SigningKey) -> bool {
    let id = MessageId::parse("msg_1").unwrap();
    let attempt = Attempt { id: &id, timestamp_s: 1_795_435_200, body: b"{}" };
    let headers = sign(&attempt, std::slice::from_ref(key)).unwrap();
    let shown = VerifyingKey::parse(shown.as_str().unwrap()).unwrap();
    let header =
        |name: &str| headers.pairs().into_iter().find_map(|(n, v)| (n == name).then_some(v));
    verify(header, b"{}", &[shown], 1_795_435_200).is_ok()
}

#[test]
fn what_is_shown_verifies_what_is_signed_with_what_is_sealed() {
    for (signature, prefix) in [("v1", "whsec_"), ("v1a", "whpk_")] {
        let house = House::new();
        let key = house.athlete();
        let (path, body) = created(&house, &key, &json!({ "signature": signature }));
        assert!(body["secret"].as_str().unwrap().starts_with(prefix), "{body}");
        assert_eq!(house.get(&key, &path).body["signature"], signature);
        assert!(verifies(&body["secret"], &opened(&house)[0].0));
        let rotated = house.call(&key, "POST", &format!("{path}/rotate-secret"), None).body;
        assert!(verifies(&rotated["secret"], &opened(&house)[0].0), "the same kind of key");
        assert!(verifies(&body["secret"], &opened(&house)[1].0), "both sign");
        assert!(!verifies(&body["secret"], &opened(&house)[0].0));
        assert_eq!(house.get(&key, &path).body["signature"], signature);
    }
}

#[test]
fn a_rotated_key_signs_for_24_hours_more_and_five_at_once_are_the_most() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let rotate = || house.call(&key, "POST", &format!("{path}/rotate-secret"), None);
    let ends = || opened(&house).into_iter().map(|(_, end)| end).collect::<Vec<_>>();
    assert_eq!(ends(), [None]);
    let trips = house.database.round_trips();
    let rotated = rotate();
    assert_eq!(house.database.round_trips() - trips, 2);
    assert_eq!(rotated.status, 200, "{}", rotated.body);
    assert_eq!(rotated.body["old_secret_expires_at"], "2026-11-24T12:00:00.000Z");
    let day_ms = 86_400_000;
    assert_eq!(ends(), [None, Some(NOW_MS + day_ms)]);
    house.clock.advance_ms(1_000);
    for _ in 0..3 {
        assert_eq!(rotate().status, 200);
    }
    let later = Some(NOW_MS + 1_000 + day_ms);
    assert_eq!(ends(), [None, later, later, later, Some(NOW_MS + day_ms)]);
    assert_eq!(rotate().status, 409);
    house.clock.advance_ms(day_ms - 1_001);
    assert_eq!(rotate().status, 409, "a millisecond before the first has ended");
    house.clock.advance_ms(1);
    assert_eq!(rotate().status, 200);
    assert_eq!(ends(), [None, Some(NOW_MS + 2 * day_ms), later, later, later]);
}

#[test]
fn of_two_rotations_at_once_none_is_lost() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let rotate = || house.call(&key, "POST", &format!("{path}/rotate-secret"), None);
    let overtaken = Fault::Overtaken(
        "UPDATE webhook_endpoints SET signing_keys = json_insert(signing_keys, '$[#]', \
         json_set(signing_keys -> '$[0]', '$.expires_at_ms', 9000000000000000))",
    );
    house.database.fail_after(1, overtaken);
    assert_eq!(rotate().status, 200, "it began anew");
    assert_eq!(opened(&house).len(), 3, "the other's key is there too");
    house.database.fail_after(1, overtaken);
    house.database.fail_after(1, overtaken);
    let answer = rotate();
    assert_eq!((answer.status, opened(&house).len()), (409, 5), "overtaken twice");
    assert_eq!(answer.body["detail"], "another call rotated the secret at the same time");
}

#[test]
fn without_a_sealing_key_no_secret_is_made_and_all_else_works() {
    let mut house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    house.app.vault = Rc::new(TestVault::new("no key"));
    for (path, body) in [
        ("/v1/webhooks".to_owned(), Some(json!({ "url": URL }))),
        (format!("{path}/rotate-secret"), None),
    ] {
        let answer = house.call(&key, "POST", &path, body.as_ref());
        assert_eq!(answer.status, 503, "{path}: {}", answer.body);
        assert!(!answer.text.contains("SEALING_KEY"), "the log is told, not the client");
    }
    assert_eq!(items(&house.get(&key, "/v1/webhooks")).len(), 1);
    assert_eq!(
        opened(&House { app: App { vault: Rc::new(TestVault::default()), ..house.app }, ..house })
            .len(),
        1
    );
}

#[test]
fn a_test_is_stored_due_at_once_and_wakes_the_lane() {
    let house = House::new();
    let key = house.athlete();
    let types = json!({ "event_types": ["record.broken"], "payload": "thin" });
    let (path, endpoint) = created(&house, &key, &types);
    let trips = house.database.round_trips();
    let answer = house.call(&key, "POST", &format!("{path}/test"), None);
    assert_eq!((answer.status, house.database.round_trips() - trips), (202, 1));
    let id = answer.body["delivery_id"].as_str().unwrap();
    let stored = house.get(&key, &format!("{path}/deliveries/{id}")).body;
    let body: Value = serde_json::from_str(stored["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["type"], "endpoint.test");
    assert_eq!(body["timestamp"], "2026-11-23T12:00:00.000Z");
    assert_eq!(body["data"]["endpoint_id"], endpoint["id"]);
    assert!(body["data"]["message"].is_string());
    let event_id = stored["event_id"].as_str().unwrap();
    assert_eq!(
        stored,
        json!({ "id": id, "event_id": event_id, "event_type": "endpoint.test", "status": "waiting",
                "created_at": "2026-11-23T12:00:00.000Z", "attempt": 0,
                "next_attempt_at": "2026-11-23T12:00:00.000Z", "last": null,
                "body": stored["body"], "attempts": [] })
    );
    let woken = woken(&house);
    assert_eq!(woken.len(), 1);
    assert_eq!(json!(woken[0].endpoint_id), endpoint["id"]);
    assert_eq!((woken[0].event_id.to_string(), woken[0].attempt), (event_id.to_owned(), 1));
    assert_eq!(counts(&house, &key, &path), [1, 0, 0]);
}

#[test]
fn no_more_can_be_asked_for_where_a_hundred_wait_and_old_logs_go() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let test = || house.call(&key, "POST", &format!("{path}/test"), None).status;
    for _ in 0..100 {
        assert_eq!(test(), 202);
    }
    assert_eq!(test(), 409);
    house.database.execute("UPDATE webhook_deliveries SET status = 'delivered'");
    house.clock.advance_ms(31 * 86_400_000);
    assert_eq!(test(), 202);
    assert_eq!(counts(&house, &key, &path), [1, 0, 0], "after 30 days");
}

#[test]
fn a_wake_up_that_is_not_accepted_is_the_sweeps() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    house.sink.refuse_next(3);
    assert_eq!(house.call(&key, "POST", &format!("{path}/test"), None).status, 202);
    assert_eq!(woken(&house), []);
    run(house.app.sweep());
    assert_eq!(woken(&house).len(), 1);
}

#[test]
fn the_sweep_wakes_each_lane_once_that_has_something_due_and_nobody_at_it() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let swept = || {
        run(house.app.sweep());
        woken(&house)
            .iter()
            .map(|woken| (woken.event_id.to_string(), woken.attempt))
            .collect::<Vec<_>>()
    };
    let first = delivery(&house, &path, 1, &format!("'waiting', 0, 3, {NOW_MS}, '[]'"));
    delivery(&house, &path, 2, &format!("'waiting', 0, 0, {}, '[]'", NOW_MS + 1));
    delivery(&house, &path, 3, "'failed', 0, 10, 1, '[]'");
    let event_id = first.rsplit('/').next().unwrap().to_owned();
    house.clock.advance_ms(-1);
    assert_eq!(swept(), [], "nothing is due");
    house.clock.advance_ms(2);
    assert_eq!(swept(), [(event_id.clone(), 4)], "once for both, with the longest due");
    house
        .database
        .execute(&format!("UPDATE webhook_endpoints SET leased_until_ms = {}", NOW_MS + 2));
    assert_eq!(swept(), [], "leased");
    house.clock.advance_ms(1);
    assert_eq!(swept(), [(event_id, 4)], "the lease is over");
    house.database.execute("UPDATE webhook_endpoints SET status = 'disabled'");
    assert_eq!(swept(), [], "disabled");
}

#[test]
fn the_log_is_read_in_pages_by_status_and_without_the_answers() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let mut ids = Vec::new();
    for n in 1..=5 {
        let row = if n == 3 {
            format!("'delivered', {NOW_MS}, 1, {NOW_MS}, '[]'")
        } else {
            FAILED.to_owned()
        };
        ids.insert(0, delivery(&house, &path, n, &row).rsplit('/').next().unwrap().to_owned());
    }
    let read = |query: &str| house.get(&key, &format!("{path}/deliveries{query}"));
    let listed = |answer: &Answer| {
        items(answer).iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed(&read("")), ids);
    let first = read("?limit=2");
    assert_eq!(listed(&first), ids[..2]);
    let second = read(&format!("?limit=3&cursor={}", first.body["next_cursor"].as_str().unwrap()));
    assert_eq!((listed(&second), &second.body["next_cursor"]), (ids[2..].to_vec(), &Value::Null));
    assert_eq!(listed(&read("?status=delivered")), [ids[2].clone()]);
    assert_eq!(listed(&read("?status=waiting")), [""; 0]);
    assert_eq!(read("?status=lost").pointers(), ["/status"]);
    assert_eq!(read("?cursor=zz").status, 400);
    assert_eq!(read("?limit=101").pointers(), ["/limit"]);
    let attempt = json!({ "at": "2026-11-23T11:58:20.000Z", "outcome": "failed", "status": 500,
                          "error": null, "duration_ms": 42 });
    assert_eq!(items(&first)[0]["last"], attempt);
    assert!(!first.text.contains("oops"));
    let one = house.get(&key, &format!("{path}/deliveries/{}", ids[0])).body;
    assert_eq!(one["last"], attempt);
    assert_eq!(
        (&one["body"], &one["attempts"][0]["answer"]),
        (&json!("{\"n\":5}"), &json!("oops"))
    );
}

#[test]
fn a_retry_begins_the_schedule_anew_whatever_became_of_the_delivery() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let rows = [
        FAILED.to_owned(),
        FAILED.replace("failed', 1", "delivered', 1"),
        format!("'waiting', {NOW_MS}, 4, {}, '[]'", NOW_MS + 9_000_000),
    ];
    for (n, row) in (1..).zip(&rows) {
        let row = delivery(&house, &path, n, row);
        let before = house.get(&key, &row).body;
        let answer = house.call(&key, "POST", &format!("{row}/retry"), None);
        assert_eq!((answer.status, &answer.body["delivery_id"]), (202, &before["id"]));
        let after = house.get(&key, &row).body;
        assert_eq!(
            [&after["status"], &after["attempt"], &after["next_attempt_at"]],
            [&json!("waiting"), &json!(0), &json!("2026-11-23T12:00:00.000Z")]
        );
        assert_eq!(after["attempts"], before["attempts"], "the log is kept");
        let woken = woken(&house);
        assert_eq!((json!(woken[0].event_id), woken.len()), (before["event_id"].clone(), 1));
    }
}

#[test]
fn all_that_failed_since_an_instant_is_counted_and_then_retried() {
    let house = House::new();
    let key = house.athlete();
    let (path, _) = created(&house, &key, &json!({}));
    let (other, _) = created(&house, &key, &json!({}));
    for n in 1..=3 {
        delivery(&house, &path, n, FAILED);
    }
    delivery(&house, &path, 4, &FAILED.replace("failed', 1795435200000", "failed', 1795435199999"));
    delivery(&house, &path, 5, &format!("'delivered', {NOW_MS}, 1, {NOW_MS}, '[]'"));
    delivery(&house, &other, 6, FAILED);
    let retry = |body: Value| house.post(&key, &format!("{path}/deliveries/retry"), &body);
    let since = "2026-11-23T13:00:00+01:00";
    let check = |body: Value, matched: i64, retried: i64, woken_lanes: usize| {
        let answer = retry(body);
        let expected = json!({ "matched": matched, "retried": retried });
        assert_eq!((answer.status, answer.body), (200, expected));
        let woken: Vec<_> = woken(&house).iter().map(|woken| woken.event_id.to_string()).collect();
        assert_eq!(woken, vec!["019b0000-0000-7000-8000-000000000001"; woken_lanes]);
    };
    check(json!({ "since": since, "dry_run": true }), 3, 0, 0);
    assert_eq!(counts(&house, &key, &path), [0, 1, 4]);
    check(json!({ "since": "2026-11-23T12:00:00.001Z" }), 0, 0, 0);
    check(json!({ "since": since, "dry_run": false }), 3, 3, 1);
    assert_eq!(counts(&house, &key, &path), [3, 1, 1]);
    assert_eq!(counts(&house, &key, &other), [0, 0, 1]);
    check(json!({ "since": since }), 0, 0, 0);
    for (body, pointers) in [
        (json!({}), &["/since"][..]),
        (
            json!({ "since": "yesterday", "dry_run": 1, "all": true }),
            &["/all", "/dry_run", "/since"],
        ),
    ] {
        assert_eq!(retry(body).pointers(), names(pointers));
    }
    house.call(&key, "PATCH", &path, Some(&json!({ "enabled": false })));
    check(json!({ "since": since, "dry_run": true }), 3, 0, 0);
}

#[test]
fn other_methods_are_refused() {
    let house = House::new();
    let key = house.athlete();
    for (path, allowed) in [
        ("/v1/webhooks".to_owned(), "GET, POST"),
        (format!("/v1/webhooks/{NOBODYS}"), "GET, PATCH, DELETE"),
        (format!("/v1/webhooks/{NOBODYS}/test"), "POST"),
        (format!("/v1/webhooks/{NOBODYS}/deliveries"), "GET"),
        (format!("/v1/webhooks/{NOBODYS}/deliveries/retry"), "POST"),
        (format!("/v1/webhooks/{NOBODYS}/deliveries/{NOBODYS}"), "GET"),
    ] {
        let answer = house.call(&key, "PUT", &path, None);
        assert_eq!((answer.status, answer.headers["allow"].to_str().unwrap()), (405, allowed));
    }
    assert_eq!(house.get(&key, "/v1/webhooks/mine").status, 404);
}
