//! Deliveries: tests, the sweep, the log, retries.

use super::*;

#[test]
fn test_delivery_is_due_immediately_and_published() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let types = json!({ "event_types": ["record.set"], "payload": "thin" });
    let (path, endpoint) = create_endpoint(&api, &key, &types);
    let trips = api.database.round_trips();
    let response = api.call(&key, "POST", &format!("{path}/test"), None);
    assert_eq!((response.status, api.database.round_trips() - trips), (202, 1));
    let id = response.body["delivery_id"].as_str().unwrap();
    let stored = api.get(&key, &format!("{path}/deliveries/{id}")).body;
    let body: Value = serde_json::from_str(stored["body"].as_str().unwrap()).unwrap();
    assert_eq!(body["type"], "test");
    assert_eq!(body["timestamp"], "2026-11-23T12:00:00.000Z");
    assert_eq!(body["data"]["endpoint_id"], endpoint["id"]);
    assert!(body["data"]["message"].is_string());
    let event_id = stored["event_id"].as_str().unwrap();
    let webhook_id = stored["webhook_id"].as_str().unwrap();
    assert!(webhook_id.starts_with("msg_") && webhook_id.len() == 36, "{webhook_id}");
    assert_eq!(
        stored,
        json!({ "id": id, "webhook_id": webhook_id, "event_id": event_id, "event_type": "test", "status": "waiting",
                "created_at": "2026-11-23T12:00:00.000Z", "attempt": 0,
                "next_attempt_at": "2026-11-23T12:00:00.000Z", "last": null,
                "body": stored["body"], "attempts": [] })
    );
    let requests = take_delivery_requests(&api);
    assert_eq!(requests.len(), 1);
    assert_eq!(json!(requests[0].endpoint_id), endpoint["id"]);
    assert_eq!((requests[0].event_id.to_string(), requests[0].attempt), (event_id.to_owned(), 1));
    assert_eq!(counts(&api, &key, &path), [1, 0, 0]);
}

#[test]
fn endpoint_limits_waiting_deliveries_and_log_age() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let test = || api.call(&key, "POST", &format!("{path}/test"), None).status;
    for _ in 0..100 {
        assert_eq!(test(), 202);
    }
    assert_eq!(test(), 409);
    api.database.execute("UPDATE webhook_deliveries SET status = 'delivered'");
    api.clock.advance_ms(31 * 86_400_000);
    assert_eq!(test(), 202);
    assert_eq!(counts(&api, &key, &path), [1, 0, 0], "after 30 days");
}

#[test]
fn sweep_resends_a_lost_delivery_request() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    api.sink.fail_next(3);
    assert_eq!(api.call(&key, "POST", &format!("{path}/test"), None).status, 202);
    assert_eq!(take_delivery_requests(&api), []);
    run(api.app.sweep());
    assert_eq!(take_delivery_requests(&api).len(), 1);
}

#[test]
fn sweep_requests_each_due_unleased_endpoint_once() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let sweep = || {
        run(api.app.sweep());
        take_delivery_requests(&api)
            .iter()
            .map(|request| (request.event_id.to_string(), request.attempt))
            .collect::<Vec<_>>()
    };
    let first = store_delivery(&api, &path, 1, &format!("'waiting', 0, 3, {NOW_MS}, '[]'"));
    store_delivery(&api, &path, 2, &format!("'waiting', 0, 0, {}, '[]'", NOW_MS + 1));
    store_delivery(&api, &path, 3, "'failed', 0, 10, 1, '[]'");
    let event_id = first.rsplit('/').next().unwrap().to_owned();
    api.clock.advance_ms(-1);
    assert_eq!(sweep(), [], "nothing is due");
    api.clock.advance_ms(2);
    assert_eq!(sweep(), [(event_id.clone(), 4)], "once for both, with the longest due delivery");
    api.database.execute(&format!("UPDATE webhook_endpoints SET leased_until_ms = {}", NOW_MS + 2));
    assert_eq!(sweep(), [], "leased");
    api.clock.advance_ms(1);
    assert_eq!(sweep(), [(event_id, 4)], "the lease has expired");
    api.database.execute("UPDATE webhook_endpoints SET status = 'disabled'");
    assert_eq!(sweep(), [], "disabled");
}

#[test]
fn deliveries_are_listed_in_pages_without_receiver_responses() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let mut ids = Vec::new();
    for n in 1..=5 {
        let row = if n == 3 {
            format!("'delivered', {NOW_MS}, 1, {NOW_MS}, '[]'")
        } else {
            FAILED.to_owned()
        };
        ids.insert(0, store_delivery(&api, &path, n, &row).rsplit('/').next().unwrap().to_owned());
    }
    let read = |query: &str| api.get(&key, &format!("{path}/deliveries{query}"));
    let listed = |response: &TestResponse| {
        items(response)
            .iter()
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(listed(&read("")), ids);
    let first = read("?limit=2");
    assert_eq!(listed(&first), ids[..2]);
    let second = read(&format!("?limit=3&cursor={}", first.body["next_cursor"].as_str().unwrap()));
    assert_eq!((listed(&second), &second.body["next_cursor"]), (ids[2..].to_vec(), &Value::Null));
    assert_eq!(listed(&read("?status=delivered")), [ids[2].clone()]);
    assert_eq!(listed(&read("?status=waiting")), [""; 0]);
    for query in ["?status=lost", "?cursor=zz", "?limit=101", "?status=", "?state=failed"] {
        assert_eq!(read(query).status, 400, "{query}");
    }
    let attempt = json!({ "at": "2026-11-23T11:58:20.000Z", "outcome": "failed", "status": 500,
                          "error": null, "duration_ms": 42 });
    assert_eq!(items(&first)[0]["last"], attempt);
    assert!(!first.text.contains("oops"));
    let one = api.get(&key, &format!("{path}/deliveries/{}", ids[0])).body;
    assert_eq!(one["last"], attempt);
    assert_eq!(
        (&one["body"], &one["attempts"][0]["answer"]),
        (&json!("{\"n\":5}"), &json!("oops"))
    );
}

#[test]
fn retry_restarts_the_schedule_from_any_status() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let rows = [
        FAILED.to_owned(),
        FAILED.replace("failed', 1", "delivered', 1"),
        format!("'waiting', {NOW_MS}, 4, {}, '[]'", NOW_MS + 9_000_000),
    ];
    for (n, row) in (1..).zip(&rows) {
        let row = store_delivery(&api, &path, n, row);
        let before = api.get(&key, &row).body;
        let response = api.call(&key, "POST", &format!("{row}/retry"), None);
        assert_eq!((response.status, &response.body["delivery_id"]), (202, &before["id"]));
        let after = api.get(&key, &row).body;
        assert_eq!(
            [&after["status"], &after["attempt"], &after["next_attempt_at"]],
            [&json!("waiting"), &json!(0), &json!("2026-11-23T12:00:00.000Z")]
        );
        assert_eq!(after["attempts"], before["attempts"], "the log is retained");
        let requests = take_delivery_requests(&api);
        assert_eq!((json!(requests[0].event_id), requests.len()), (before["event_id"].clone(), 1));
    }
}

#[test]
fn failed_and_far_deliveries_are_counted_then_retried() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let (other, _) = create_endpoint(&api, &key, &json!({}));
    for n in 1..=3 {
        store_delivery(&api, &path, n, FAILED);
    }
    store_delivery(
        &api,
        &path,
        4,
        &FAILED.replace("failed', 1795435200000", "failed', 1795435199999"),
    );
    store_delivery(&api, &path, 5, &format!("'delivered', {NOW_MS}, 1, {NOW_MS}, '[]'"));
    store_delivery(&api, &other, 6, FAILED);
    // Waits for a retry in two hours, for one in a minute, and is attempted now.
    let waiting = |due_in_ms: i64| format!("'waiting', {NOW_MS}, 4, {}, '[]'", NOW_MS + due_in_ms);
    let far = store_delivery(&api, &path, 7, &waiting(7_200_000));
    store_delivery(&api, &path, 8, &waiting(60_000));
    store_delivery(&api, &path, 9, &waiting(0));
    let retry = |body: Value| api.post(&key, &format!("{path}/deliveries/retry"), &body);
    let since = "2026-11-23T13:00:00+01:00";
    let check = |body: Value, matched: i64, retried: i64, requests: usize| {
        let response = retry(body);
        let expected = json!({ "matched": matched, "retried": retried });
        assert_eq!((response.status, response.body), (200, expected));
        let requested: Vec<_> = take_delivery_requests(&api)
            .iter()
            .map(|request| request.event_id.to_string())
            .collect();
        assert_eq!(requested, vec!["019b0000-0000-7000-8000-000000000001"; requests]);
    };
    check(json!({ "since": since, "dry_run": true }), 4, 0, 0);
    assert_eq!(counts(&api, &key, &path), [3, 1, 4]);
    check(json!({ "since": "2026-11-23T12:00:00.001Z" }), 0, 0, 0);
    check(json!({ "since": since, "dry_run": false }), 4, 4, 1);
    assert_eq!(counts(&api, &key, &path), [6, 1, 1]);
    let retried = api.get(&key, &far).body;
    assert_eq!(
        (&retried["attempt"], &retried["next_attempt_at"]),
        (&json!(0), &json!("2026-11-23T12:00:00.000Z"))
    );
    let attempts = api.database.query("SELECT attempt FROM webhook_deliveries WHERE attempt = 4");
    assert_eq!(attempts.len(), 2, "those due soon keep their place in the schedule");
    assert_eq!(counts(&api, &key, &other), [0, 0, 1]);
    check(json!({ "since": since }), 0, 0, 0);
    for (body, pointer) in [
        (json!({}), "/since"),
        (json!({ "since": "yesterday" }), "/since"),
        (json!({ "since": since, "dry_run": 1 }), "/dry_run"),
        (json!({ "since": since, "dry_run": null }), "/dry_run"),
        (json!({ "since": since, "all": true }), "/all"),
    ] {
        assert_eq!(retry(body).error_pointers(), [pointer]);
    }
    api.call(&key, "PATCH", &path, Some(&json!({ "enabled": false })));
    check(json!({ "since": since, "dry_run": true }), 6, 0, 0);
}
