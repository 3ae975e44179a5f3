//! Replay: what an endpoint has missed.

use super::*;
use shared_kernel::payload::{WorkoutChange, WorkoutChanged};

const LONG_AGO: &str = "2000-01-01T00:00:00Z";

impl TestApi {
    /// Stores a notification as the webhook worker does, n seconds after noon.
    fn store_notification(&self, n: u32, kind: &str, data: &str) -> String {
        let id = format!("029b0000-0000-5000-8000-{n:012}");
        let created_at_ms = NOW_MS + i64::from(n) * 1_000;
        self.database.execute(&format!(
            "INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
             created_at_ms, expires_at_ms, seq, in_app) SELECT athlete_id, '{id}', '{kind}', 't', 'b', \
             '{data}', {created_at_ms}, {}, {n}, 1 FROM athletes",
            created_at_ms + 86_400_000
        ));
        id
    }

    /// Returns the types of the stored deliveries, by the order of their events.
    fn delivery_types(&self) -> Vec<String> {
        let rows = self.database.query(
            "SELECT event_type FROM webhook_deliveries ORDER BY json_extract(body, '$.timestamp'), 1",
        );
        let event_type = |row: &String| {
            let row: Value = serde_json::from_str(row).unwrap();
            row["event_type"].as_str().unwrap().to_owned()
        };
        rows.iter().map(event_type).collect()
    }
}

/// Replays a page and returns `matched`, `replayed` and the next cursor.
fn replay(api: &TestApi, key: &str, path: &str, body: &Value) -> (i64, i64, Value) {
    let response = api.post(key, &format!("{path}/replay"), body);
    assert_eq!(response.status, 200, "{}", response.body);
    let number = |name: &str| response.body[name].as_i64().unwrap();
    (number("matched"), number("replayed"), response.body["next_cursor"].clone())
}

#[test]
fn endpoint_receives_what_happened_before_it_was_made() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.create_workout(&key, &open_workout());
    let kept = api.create_workout(&key, &bench_workout(3));
    api.clock.advance_ms(1_000);
    let edited = api.create_workout(&key, &bench_workout(2));
    assert_eq!(api.put(&key, &edited, &bench_workout(1)).status, 200);
    api.clock.advance_ms(1_000);
    let deleted = api.create_workout(&key, &bench_workout(1));
    assert_eq!(api.delete(&key, &deleted).status, 204);
    api.sink.take_events();
    let record = api.store_notification(3, "new_record", r#"{"records":[]}"#);
    let (path, endpoint) = create_endpoint(&api, &key, &json!({}));
    let since = json!({ "since": LONG_AGO });
    let dry_run = json!({ "since": LONG_AGO, "dry_run": true });
    assert_eq!(replay(&api, &key, &path, &dry_run), (5, 0, Value::Null));
    assert_eq!(counts(&api, &key, &path), [0, 0, 0]);
    assert_eq!(replay(&api, &key, &path, &since), (5, 5, Value::Null));
    assert_eq!(
        api.delivery_types(),
        [
            "workout.completed",
            "workout.completed",
            "workout.updated",
            "workout.deleted",
            "record.set"
        ]
    );
    let requests = take_delivery_requests(&api);
    assert_eq!((requests.len(), json!(requests[0].endpoint_id)), (1, endpoint["id"].clone()));
    // The body is that of the workout now, under the id that the original event had.
    let workout = api.get(&key, &kept).body;
    let original = WorkoutChanged {
        athlete_id: workout["athlete_id"].as_str().unwrap().parse().unwrap(),
        workout_id: workout["id"].as_str().unwrap().parse().unwrap(),
        revision: 1,
        change: WorkoutChange::Completed,
    };
    let body = |event_id: &str| {
        let rows = api
            .database
            .query(&format!("SELECT body FROM webhook_deliveries WHERE event_id = '{event_id}'"));
        let row: Value = serde_json::from_str(&rows[0]).unwrap();
        serde_json::from_str::<Value>(row["body"].as_str().unwrap()).unwrap()
    };
    let completed = body(&original.event_id().to_string());
    assert_eq!(completed["data"]["workout"], workout);
    assert_eq!(completed["timestamp"], "2026-11-23T12:00:00.000Z");
    let set = body(&record);
    assert_eq!(set["data"]["notification_id"], json!(record));
    assert_eq!(set["timestamp"], "2026-11-23T12:00:03.000Z");
    // Nothing is sent twice.
    assert_eq!(replay(&api, &key, &path, &since), (0, 0, Value::Null));
    api.database.execute("UPDATE webhook_deliveries SET status = 'delivered'");
    assert_eq!(replay(&api, &key, &path, &since), (0, 0, Value::Null));
    assert_eq!(take_delivery_requests(&api), []);
}

#[test]
fn replay_respects_types_channels_and_the_time() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.create_workout(&key, &bench_workout(3));
    api.store_notification(10, "new_record", "{}");
    api.store_notification(11, "weekly_report", r#"{"week_start":"2026-11-16"}"#);
    let types = |event_types: Value| {
        let (path, _) = create_endpoint(&api, &key, &json!({ "event_types": event_types }));
        replay(&api, &key, &path, &json!({ "since": LONG_AGO })).1
    };
    assert_eq!(types(json!(["workout.completed"])), 1);
    assert_eq!(types(json!(["workout.updated", "record.set"])), 1);
    assert_eq!(types(json!(["pattern.detected"])), 0);
    assert_eq!(types(json!([])), 3);
    let (path, endpoint) = create_endpoint(&api, &key, &json!({}));
    let count =
        |since: &str| replay(&api, &key, &path, &json!({ "since": since, "dry_run": true })).0;
    assert_eq!(count("2026-11-23T12:00:00.001Z"), 2);
    assert_eq!(count("2026-11-23T12:00:10.001Z"), 1);
    let own = endpoint["id"].as_str().unwrap();
    api.store_notification(12, "webhook_disabled", &format!(r#"{{"endpoint_id":"{own}"}}"#));
    api.store_notification(13, "webhook_disabled", r#"{"endpoint_id":"another"}"#);
    assert_eq!(count("2026-11-23T12:00:10.001Z"), 2, "not that it was disabled itself");
    api.database.execute(r#"UPDATE athletes SET channels = '{"weekly_report":{"webhook":false}}'"#);
    assert_eq!(count("2026-11-23T12:00:10.001Z"), 1);
}

#[test]
fn old_completion_of_an_edited_workout_is_not_replayed() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let workout = api.create_workout(&key, &bench_workout(3));
    api.clock.advance_ms(30 * 86_400_000);
    assert_eq!(api.put(&key, &workout, &bench_workout(1)).status, 200);
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let count =
        |since: &str| replay(&api, &key, &path, &json!({ "since": since, "dry_run": true })).0;
    assert_eq!(count("2026-12-20T00:00:00Z"), 1, "the update");
    assert_eq!(count("2026-11-23T00:00:00Z"), 2, "both");
}

#[test]
fn replay_restarts_failed_deliveries_with_the_current_workout() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let workout = api.create_workout(&key, &bench_workout(3));
    let (path, _) = create_endpoint(&api, &key, &json!({ "event_types": ["workout.completed"] }));
    let since = json!({ "since": LONG_AGO });
    assert_eq!(replay(&api, &key, &path, &since).1, 1);
    // Disabling fails what waits.
    for enabled in [false, true] {
        api.call(&key, "PATCH", &path, Some(&json!({ "enabled": enabled })));
    }
    assert_eq!(api.put(&key, &workout, &bench_workout(1)).status, 200);
    assert_eq!(replay(&api, &key, &path, &since), (1, 1, Value::Null));
    assert_eq!(counts(&api, &key, &path), [1, 0, 0]);
    let body = &api.database.query("SELECT body FROM webhook_deliveries")[0];
    assert!(body.contains(r#"\"revision\":2"#), "{body}");
}

#[test]
fn replay_is_paged_by_number_and_by_bytes() {
    let api = TestApi::new();
    let key = api.create_athlete();
    // A full payload of 15 KB each: the bytes end a page.
    let long = |n: usize| {
        let mut workout = bench_workout(1);
        workout["notes"] = json!(format!("{n}{}", "x".repeat(1_900)));
        let exercise = json!({ "exercise": "pull-up", "notes": "y".repeat(1_900),
                               "sets": [{ "kind": "working", "reps": 5 }] });
        workout["exercises"] = json!(vec![exercise; 7]);
        workout
    };
    for n in 0..120 {
        let workout = if n < 110 { long(n) } else { bench_workout(1) };
        api.create_workout(&key, &workout);
    }
    api.store_notification(500, "new_record", "{}");
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let dry_run = json!({ "since": LONG_AGO, "dry_run": true });
    assert_eq!(replay(&api, &key, &path, &dry_run), (121, 0, Value::Null));
    let (mut sizes, mut body) = (Vec::new(), json!({ "since": LONG_AGO }));
    loop {
        let (matched, replayed, cursor) = replay(&api, &key, &path, &body);
        assert_eq!(matched, replayed);
        sizes.push(matched);
        if cursor.is_null() {
            break;
        }
        body["cursor"] = cursor;
    }
    assert_eq!(sizes.iter().sum::<i64>(), 121);
    assert!(sizes.len() == 2 && sizes[0] < 100, "{sizes:?}");
    assert_eq!(counts(&api, &key, &path), [121, 0, 0]);
    let (thin, _) = create_endpoint(&api, &key, &json!({ "payload": "thin" }));
    let (matched, _, cursor) = replay(&api, &key, &thin, &json!({ "since": LONG_AGO }));
    assert_eq!((matched, cursor.is_string()), (100, true));
    let invalid = json!({ "since": LONG_AGO, "cursor": "zz" });
    assert_eq!(api.post(&key, &format!("{thin}/replay"), &invalid).body["code"], "invalid_cursor");
}

#[test]
fn replay_costs_at_most_four_round_trips() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.create_workout(&key, &bench_workout(3));
    let (path, _) = create_endpoint(&api, &key, &json!({}));
    let trips = |body: Value| {
        let before = api.database.round_trips();
        replay(&api, &key, &path, &body);
        api.database.round_trips() - before
    };
    assert_eq!(trips(json!({ "since": LONG_AGO, "dry_run": true })), 2);
    assert_eq!(trips(json!({ "since": LONG_AGO })), 4);
    assert_eq!(trips(json!({ "since": LONG_AGO })), 2, "nothing is missing");
}
