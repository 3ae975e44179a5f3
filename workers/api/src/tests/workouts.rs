//! Whole workouts: posted, replaced, deleted, listed.

use super::*;

#[test]
fn posted_workout_is_stored_and_published_in_one_round_trip() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let before = api.database.round_trips();
    let posted = api.call(&key, "POST", "/v1/workouts", Some(&bench_workout(3)));
    let round_trips = api.database.round_trips() - before;
    println!("budget: a POST of a workout: {round_trips} D1 round trips (at most 1)");
    assert_eq!(round_trips, 1);
    assert_eq!(posted.status, 201, "{}", posted.body);
    let id = posted.body["id"].as_str().unwrap();
    assert_eq!(posted.headers["location"], format!("/v1/workouts/{id}").as_str());
    assert_eq!(posted.headers["etag"], "\"1\"");
    assert_eq!(posted.body["status"], "completed");
    assert_eq!(
        posted.body["totals"],
        json!({ "sets": 3, "hard_sets": 3.0, "tonnage_kg": 2_460.0 })
    );
    assert_eq!(posted.body["exercises"][0]["sets"][0]["weight_kg"], 102.5);
    let events = api.sink.take_events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type(), EventType::WorkoutCompleted);
    let read = api.call(&key, "GET", &format!("/v1/workouts/{id}"), None);
    assert_eq!(read.body, posted.body);
}

#[test]
fn replaying_an_idempotency_key_returns_the_original_workout() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let post = |workout: &Value, idempotency: &str| {
        let headers = [("idempotency-key", idempotency)];
        api.call_with(&key, "POST", "/v1/workouts", Some(workout), &headers)
    };
    let first = post(&bench_workout(3), "k1");
    let replayed = post(&bench_workout(3), "\"k1\"");
    assert_eq!((first.status, replayed.status), (201, 201));
    assert_eq!(first.body, replayed.body);
    assert_eq!(first.headers["location"], replayed.headers["location"]);
    assert_eq!(api.sink.take_events().len(), 1);
    assert_eq!(post(&bench_workout(4), "k1").status, 422);
    assert_eq!(api.workout_count(), 1);
    assert_eq!(post(&bench_workout(3), "k2").status, 201);
    assert_eq!(api.workout_count(), 2);
    assert_eq!(post(&bench_workout(3), "").status, 400);
    // Another athlete's k1 is a different key.
    let other = api.create_athlete();
    let headers = [("idempotency-key", "k1")];
    let others = api.call_with(&other, "POST", "/v1/workouts", Some(&bench_workout(3)), &headers);
    assert_ne!(others.body["id"], first.body["id"]);
    // The key is kept as long as the workout.
    api.clock.advance_ms(365 * 24 * 3_600_000);
    assert_eq!(post(&bench_workout(3), "k1").body, first.body);
}

#[test]
fn workout_of_another_athlete_is_not_found() {
    let api = TestApi::new();
    let (ada, bob) = (api.create_athlete(), api.create_athlete());
    let posted = api.call(&ada, "POST", "/v1/workouts", Some(&bench_workout(1)));
    let path = format!("/v1/workouts/{}", posted.body["id"].as_str().unwrap());
    assert_eq!(api.call(&bob, "GET", &path, None).status, 404);
    assert_eq!(api.call(&bob, "DELETE", &path, None).status, 404);
    assert_eq!(api.call(&bob, "GET", "/v1/workouts", None).body["items"], json!([]));
    assert_eq!(api.call(&ada, "GET", &path, None).status, 200);
}

#[test]
fn deleting_a_workout_publishes_workout_deleted() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let posted = api.call(&key, "POST", "/v1/workouts", Some(&bench_workout(1)));
    api.sink.take_events();
    let path = format!("/v1/workouts/{}", posted.body["id"].as_str().unwrap());
    assert_eq!(api.call(&key, "DELETE", &path, None).status, 204);
    let events = api.sink.take_events();
    assert_eq!(events[0].event_type(), EventType::WorkoutDeleted);
    assert_eq!(api.call(&key, "GET", &path, None).status, 404);
    assert_eq!(api.call(&key, "DELETE", &path, None).status, 404);
    assert_eq!(api.call(&key, "GET", "/v1/workouts", None).body["items"], json!([]));
}

#[test]
fn workouts_are_listed_newest_first_in_pages_and_by_day() {
    let api = TestApi::new();
    let key = api.create_athlete();
    for day in [20, 22, 21] {
        let mut workout = bench_workout(1);
        workout["started_at"] = json!(format!("2026-11-{day}T23:30:00-05:00"));
        workout["ended_at"] = json!(format!("2026-11-{}T01:00:00-05:00", day + 1));
        assert_eq!(api.call(&key, "POST", "/v1/workouts", Some(&workout)).status, 201);
    }
    let mut days = Vec::new();
    let mut path = "/v1/workouts?limit=2".to_owned();
    loop {
        let page = api.call(&key, "GET", &path, None).body;
        for item in page["items"].as_array().unwrap() {
            days.push(item["started_at"].as_str().unwrap()[..10].to_owned());
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/workouts?limit=2&cursor={cursor}");
    }
    assert_eq!(days, ["2026-11-22", "2026-11-21", "2026-11-20"]);
    let some = api.call(&key, "GET", "/v1/workouts?from=2026-11-21&to=2026-11-21", None).body;
    assert_eq!(some["items"].as_array().unwrap().len(), 1);
}

#[test]
fn body_weight_counts_for_later_workouts() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut workout = bench_workout(1);
    workout["exercises"] =
        json!([{ "exercise": "pull-up", "sets": [{ "kind": "working", "reps": 10 }] }]);
    let before = api.call(&key, "POST", "/v1/workouts", Some(&workout)).body;
    api.call(&key, "PUT", "/v1/me", Some(&json!({ "body_weight_kg": 80 })));
    let after = api.call(&key, "POST", "/v1/workouts", Some(&workout)).body;
    assert_eq!(before["totals"]["tonnage_kg"], 0.0);
    assert_eq!(after["totals"]["tonnage_kg"], 800.0);
}

#[test]
fn put_requires_the_current_revision_in_if_match() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &bench_workout(1));
    let put = |seen: Option<&str>, sets: usize| {
        let headers: Vec<_> = seen.map(|seen| ("if-match", seen)).into_iter().collect();
        api.call_with(&key, "PUT", &path, Some(&bench_workout(sets)), &headers)
    };
    let first = put(Some("\"1\""), 2);
    assert_eq!((first.status, first.etag()), (200, "\"2\""));
    assert_eq!(first.body["totals"]["sets"], 2);
    assert_eq!(api.take_published(), [(EventType::VolumeUpdated, 2)]);
    for stale in ["\"1\"", "\"3\"", "\"02\"", "W/\"1\"", "nonsense", "2"] {
        assert_eq!(put(Some(stale), 3).status, 412, "{stale}");
    }
    let current = api.get(&key, &path);
    assert_eq!((&current.body, current.etag()), (&first.body, "\"2\""));
    assert_eq!(api.take_published(), []);
    assert_eq!(put(None, 4).etag(), "\"3\"");
    assert_eq!(put(Some("*"), 5).etag(), "\"4\"");
    assert_eq!(put(Some("\"1\", W/\"4\""), 5).etag(), "\"5\"");
    // The returned workout can be sent back unchanged.
    let returned = api.get(&key, &path).body;
    let same = api.put(&key, &path, &returned);
    assert_eq!((same.status, &same.body["exercises"]), (200, &returned["exercises"]));
}

#[test]
fn delete_requires_the_current_revision_in_if_match() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &bench_workout(1));
    api.put(&key, &path, &bench_workout(2));
    api.take_published();
    let delete = |seen| api.call_with(&key, "DELETE", &path, None, &[("if-match", seen)]).status;
    assert_eq!(delete("\"1\""), 412);
    assert_eq!(api.get(&key, &path).status, 200);
    assert_eq!(api.take_published(), []);
    assert_eq!(delete("\"2\""), 204);
    assert_eq!(api.take_published(), [(EventType::WorkoutDeleted, 3)]);
    assert_eq!(delete("\"3\""), 404);
    assert_eq!(api.put(&key, &path, &bench_workout(1)).status, 404);
}

#[test]
fn put_publishes_the_event_of_the_workouts_new_state() {
    use EventType::{VolumeUpdated, WorkoutCompleted};
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut open = bench_workout(1);
    open["ended_at"] = Value::Null;
    let path = api.create_workout(&key, &open);
    let check = |workout: &Value, event: Option<(EventType, i64)>| {
        api.put(&key, &path, workout);
        assert_eq!(api.take_published(), Vec::from_iter(event));
    };
    // The sweep publishes it.
    check(&open, None);
    check(&bench_workout(1), Some((WorkoutCompleted, 3)));
    check(&bench_workout(1), Some((VolumeUpdated, 4)));
    // A completed workout stays completed: a missing ended_at is rejected.
    assert_eq!(api.put(&key, &path, &open).status, 409);
    assert_eq!(api.take_published(), []);
}

#[test]
fn invalid_slug_is_an_unknown_exercise() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &bench_workout(1));
    for slug in ["$", "$.a", "$x", "a b", "Bench", "-", "", "a--b", &"a".repeat(200)] {
        let mut workout = bench_workout(1);
        workout["exercises"][0]["exercise"] = json!(slug);
        let pointer = ["/exercises/0/exercise"];
        assert_eq!(api.post(&key, "/v1/workouts", &workout).error_pointers(), pointer, "{slug}");
        assert_eq!(api.put(&key, &path, &workout).error_pointers(), pointer, "{slug}");
    }
    assert_eq!(api.get(&key, "/v1/exercises/$x/progress").status, 404);
    assert_eq!(api.get(&key, &path).etag(), "\"1\"");
}

#[test]
fn workout_moved_to_another_week_is_listed_there() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &bench_workout(1));
    let mut moved = bench_workout(1);
    moved["started_at"] = json!("2026-11-22T23:59:59+01:00");
    assert_eq!(api.put(&key, &path, &moved).status, 200);
    let events = api.sink.take_events();
    assert_eq!(events[0].event_type(), EventType::VolumeUpdated);
    assert_eq!(snapshot(&events[0]).started_at.to_rfc3339(), "2026-11-22T23:59:59+01:00");
    let on = |day: &str| {
        let page = api.get(&key, &format!("/v1/workouts?from={day}&to={day}")).body;
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((on("2026-11-22"), on("2026-11-23")), (1, 0));
}

#[test]
fn each_unknown_exercise_is_reported_with_its_pointer() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &bench_workout(1));
    let mut bad = bench_workout(1);
    let unknown = json!({ "exercise": "benhc-press", "sets": [{ "kind": "working", "reps": 5 }] });
    bad["exercises"].as_array_mut().unwrap().push(unknown.clone());
    let check = |bad: &Value, pointers: &[&str]| {
        for (method, path) in [("POST", "/v1/workouts"), ("PUT", path.as_str())] {
            let response = api.call(&key, method, path, Some(bad));
            let mut found = response.error_pointers();
            found.sort();
            assert_eq!(
                (response.status, found),
                (422, pointers.iter().map(ToString::to_string).collect())
            );
            assert!(response.text.contains("did you mean"), "{}", response.text);
        }
    };
    check(&bad, &["/exercises/1/exercise"]);
    bad["exercises"].as_array_mut().unwrap().push(unknown);
    check(&bad, &["/exercises/1/exercise", "/exercises/2/exercise"]);
    assert_eq!((api.workout_count(), api.take_published()), (1, vec![]));
    assert_eq!(api.get(&key, &path).etag(), "\"1\"");
}

#[test]
fn body_weight_counts_from_its_day_until_the_next() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let weigh = |kg: Value| api.put(&key, "/v1/me", &json!({ "body_weight_kg": kg }));
    let check = |day: &str, entered: Option<u32>, kg: Option<i64>| {
        let mut workout = bench_workout(1);
        workout["started_at"] = json!(format!("2026-{day}T08:00:00+01:00"));
        workout["ended_at"] = Value::Null;
        workout["body_weight_kg"] = json!(entered);
        let posted = api.post(&key, "/v1/workouts", &workout);
        assert_eq!(posted.status, 201, "{}", posted.body);
        assert_eq!(api.counted_body_weight(&posted.body), kg.map(|kg| kg * 1_000), "{day}");
    };
    let days = |days: i64| api.clock.advance_ms(days * 86_400_000);
    check("11-20", None, None);
    weigh(json!(80));
    days(7);
    weigh(json!(85));
    days(7);
    weigh(Value::Null);
    days(7);
    check("11-20", None, Some(80));
    check("11-23", None, Some(80));
    check("11-28", None, Some(80));
    check("11-29", None, Some(80));
    check("11-30", None, Some(85));
    check("12-05", None, Some(85));
    check("12-07", None, None);
    check("12-07", Some(90), Some(90));
}

#[test]
fn body_weight_of_the_profile_counts_from_the_local_day() {
    // At 07:00 UTC it is still 22 November in Los Angeles, and at 12:00 UTC 24 November in Auckland.
    for (zone, utc_hour, day, kg) in [
        ("America/Los_Angeles", 7, "2026-11-21", 80),
        ("America/Los_Angeles", 7, "2026-11-22", 85),
        ("UTC", 7, "2026-11-22", 80),
        ("UTC", 7, "2026-11-23", 85),
        ("Pacific/Auckland", 12, "2026-11-23", 80),
        ("Pacific/Auckland", 12, "2026-11-24", 85),
    ] {
        let api = TestApi::new();
        let key = api.create_athlete();
        let change = |change: Value| assert_eq!(api.put(&key, "/v1/me", &change).status, 200);
        change(json!({ "body_weight_kg": 80, "time_zone": zone }));
        api.database.execute("UPDATE body_weights SET day = '2026-11-01'");
        api.clock.advance_ms((utc_hour - 12) * 3_600_000);
        change(json!({ "body_weight_kg": 85 }));
        let mut workout = bench_workout(1);
        workout["started_at"] = json!(format!("{day}T08:00:00Z"));
        workout["ended_at"] = Value::Null;
        let posted = api.post(&key, "/v1/workouts", &workout);
        let grams = api.counted_body_weight(&posted.body);
        assert_eq!(grams, Some(kg * 1_000), "{zone} {day}");
    }
}

#[test]
fn pounds_are_returned_as_entered_and_counted_in_grams() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |field: &str, entered: f64, grams: i64| {
        let mut workout = bench_workout(0);
        let mut set = json!({ "kind": "working", "reps": 1 });
        set[field] = json!(entered);
        workout["exercises"][0]["sets"] = json!([set.clone()]);
        let response = api.post(&key, "/v1/workouts", &workout);
        set["id"] = json!(1);
        assert_eq!(response.body["exercises"][0]["sets"][0], set);
        let event = &api.sink.take_events()[0];
        assert_eq!(snapshot(event).exercises[0].sets[0].weight_grams.map(|g| g.0), Some(grams));
        #[expect(clippy::cast_precision_loss, reason = "grams of a lift")]
        let kg = grams as f64 / 1_000.0;
        assert_eq!(response.body["totals"]["tonnage_kg"], kg);
    };
    check("weight_lb", 225.0, 102_058);
    check("weight_lb", 2.5, 1_134);
    check("weight_lb", 0.0, 0);
    check("weight_kg", 102.5, 102_500);
    check("weight_kg", 1.0005, 1_001);
    check("weight_kg", 1_000.0, 1_000_000);
}
