//! Live logging, set by set.

use super::*;

#[test]
fn workout_without_an_end_is_in_progress() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut workout = bench_workout(1);
    workout.as_object_mut().unwrap().remove("ended_at");
    let posted = api.call(&key, "POST", "/v1/workouts", Some(&workout));
    assert_eq!(posted.body["status"], "in_progress");
    assert_eq!(api.sink.take_events(), []);
}

const BENCH: &str = "barbell-bench-press";

fn set(exercise: &str) -> Value {
    json!({ "exercise": exercise, "kind": "working", "weight_kg": 100, "reps": 5 })
}

/// The exercises of a workout with their set numbers: `pull-up:1,2 plank#A:3`.
fn layout(workout: &Value) -> String {
    let block = |block: &Value| {
        let superset = block["superset"].as_str().map(|name| format!("#{name}"));
        let sets = block["sets"].as_array().unwrap().iter();
        let ids: Vec<_> = sets.map(|set| set["id"].to_string()).collect();
        let exercise = block["exercise"].as_str().unwrap();
        format!("{exercise}{}:{}", superset.unwrap_or_default(), ids.join(","))
    };
    let exercises = workout["exercises"].as_array().unwrap();
    exercises.iter().map(block).collect::<Vec<_>>().join(" ")
}

#[test]
fn set_joins_its_exercise_or_starts_it() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let check = |exercise: &str, superset: Option<&str>, expected: &str| {
        let mut set = set(exercise);
        set["superset"] = json!(superset);
        let response = api.post(&key, &format!("{path}/sets"), &set);
        assert_eq!((response.status, layout(&response.body).as_str()), (201, expected));
        response
    };
    let first = check("pull-up", None, "pull-up:1");
    assert_eq!(first.location(), format!("{path}/sets/1"));
    assert_eq!(first.etag(), "\"2\"");
    let logged = &first.body["exercises"][0]["sets"][0];
    assert_eq!(logged["performed_at"], "2026-11-23T13:00:00+01:00");
    check("plank", None, "pull-up:1 plank:2");
    check("pull-up", None, "pull-up:1,3 plank:2");
    check("pull-up", Some("A"), "pull-up:1,3 plank:2 pull-up#A:4");
    check("dip", Some("A"), "pull-up:1,3 plank:2 pull-up#A:4 dip#A:5");
    check("pull-up", Some("A"), "pull-up:1,3 plank:2 pull-up#A:4,6 dip#A:5");
    // Without a superset the set joins the last block of its exercise.
    let last = check("pull-up", None, "pull-up:1,3 plank:2 pull-up#A:4,6,7 dip#A:5");
    assert_eq!(api.get(&key, &path).body, last.body);
}

#[test]
fn set_is_corrected_and_removed_by_its_unique_number() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let sets = format!("{path}/sets");
    for exercise in [BENCH, BENCH, "pull-up"] {
        api.post(&key, &sets, &set(exercise));
    }
    api.clock.advance_ms(60_000);
    let second = format!("{sets}/2");
    let corrected = api.put(&key, &second, &json!({ "kind": "failure", "reps": 7, "id": 9 }));
    assert_eq!(corrected.status, 200, "{}", corrected.body);
    assert_eq!(
        corrected.body["exercises"][0]["sets"][1],
        json!({ "id": 2, "kind": "failure", "reps": 7, "performed_at": "2026-11-23T13:00:00+01:00" })
    );
    assert_eq!(api.delete(&key, &second).status, 200);
    assert_eq!(api.delete(&key, &second).status, 404);
    assert_eq!(api.put(&key, &second, &json!({ "kind": "drop", "reps": 7 })).status, 404);
    let removed = api.delete(&key, &format!("{sets}/3")).body;
    assert_eq!(layout(&removed), format!("{BENCH}:1"), "an exercise is removed with its last set");
    let mut whole = removed.clone();
    assert_eq!(layout(&api.post(&key, &sets, &set(BENCH)).body), format!("{BENCH}:1,4"));
    // A number is not reused after the workout was replaced without the set.
    whole["notes"] = json!("changed");
    assert_eq!(api.put(&key, &path, &whole).status, 200);
    assert_eq!(layout(&api.post(&key, &sets, &set(BENCH)).body), format!("{BENCH}:1,5"));
}

#[test]
fn one_idempotency_key_adds_a_set_once() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let sets = format!("{path}/sets");
    let post = |path: &str, body: &Value, idempotency: &str| {
        api.call_with(&key, "POST", path, Some(body), &[("idempotency-key", idempotency)])
    };
    let first = post(&sets, &set(BENCH), "k");
    api.post(&key, &sets, &set("pull-up"));
    let replayed = post(&sets, &set(BENCH), "k");
    assert_eq!((first.status, replayed.status), (201, 201));
    assert_eq!(replayed.location(), first.location());
    assert_eq!(layout(&replayed.body), format!("{BENCH}:1 pull-up:2"), "the current workout");
    assert_eq!(post(&sets, &set("pull-up"), "k").status, 422);
    // Each call has its own keys.
    assert_eq!(post("/v1/workouts", &bench_workout(1), "k").status, 201);
    let other = format!("{}/sets", api.create_workout(&key, &open_workout()));
    assert_eq!(post(&other, &set(BENCH), "k").location(), format!("{other}/1"));
    api.sink.take_events();
    assert_eq!(layout(&api.get(&key, &path).body), format!("{BENCH}:1 pull-up:2"));
    api.post(&key, &format!("{path}/complete"), &json!({ "ended_at": "2026-11-23T12:00:00Z" }));
    assert_eq!(post(&sets, &set(BENCH), "k").location(), first.location(), "also after completion");
}

#[test]
fn idempotency_key_claimed_by_a_concurrent_request_adds_no_set() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let headers = [("idempotency-key", "k")];
    let sets = format!("{path}/sets");
    let post = |exercise| api.call_with(&key, "POST", &sets, Some(&set(exercise)), &headers);
    assert_eq!(post(BENCH).status, 201);
    // The other request commits between the read and the write of this one.
    api.database.execute(
        "CREATE TABLE concurrent AS SELECT set_keys FROM workouts; \
         UPDATE workouts SET set_keys = '{}'",
    );
    let taken = "UPDATE workouts SET revision = revision + 1, \
                 set_keys = (SELECT set_keys FROM concurrent)";
    api.database.fail_after(1, DatabaseFault::Interleaved(taken));
    let response = post("pull-up");
    assert_eq!(response.status, 422, "{}", response.body);
    assert_eq!(layout(&api.get(&key, &path).body), format!("{BENCH}:1"));
}

#[test]
fn retry_after_a_lost_response_finds_the_added_set() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let post = || {
        let headers = [("idempotency-key", "k")];
        api.call_with(&key, "POST", &format!("{path}/sets"), Some(&set(BENCH)), &headers)
    };
    api.database.fail_next(&[DatabaseFault::BeforeCommit]);
    assert_eq!(post().status, 503);
    // The read succeeds, and the response of the write is lost.
    api.database.fail_after(1, DatabaseFault::AfterCommit);
    assert_eq!(post().status, 503);
    let retried = post();
    assert_eq!((retried.status, layout(&retried.body)), (201, format!("{BENCH}:1")));
    assert_eq!(post().body, retried.body);
}

#[test]
fn rejected_set_does_not_use_up_its_idempotency_key() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let post = || {
        let headers = [("idempotency-key", "k")];
        api.call_with(&key, "POST", &format!("{path}/sets"), Some(&set("my-lift")), &headers)
    };
    assert_eq!(post().error_pointers(), ["/exercise"]);
    assert_eq!(post().error_pointers(), ["/exercise"]);
    let own = json!({ "name": "My Lift", "primary": ["chest"] });
    assert_eq!(api.post(&key, "/v1/exercises", &own).status, 201);
    assert_eq!(layout(&post().body), "my-lift:1");
}

#[test]
fn stale_if_match_changes_no_set() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let sets = format!("{path}/sets");
    api.post(&key, &sets, &set(BENCH));
    api.take_published();
    let correction = json!({ "kind": "working", "reps": 6 });
    let end = json!({ "ended_at": "2026-11-23T12:00:00Z" });
    let (first, complete) = (format!("{sets}/1"), format!("{path}/complete"));
    let calls = [
        ("POST", &sets, Some(&set(BENCH))),
        ("PUT", &first, Some(&correction)),
        ("DELETE", &first, None),
        ("POST", &complete, Some(&end)),
    ]
    .map(|(method, path, body)| (method, path.clone(), body.cloned()));
    for (method, path, body) in &calls {
        for stale in ["\"1\"", "\"3\"", "\"x\""] {
            let headers = [("if-match", stale)];
            let response = api.call_with(&key, method, path, body.as_ref(), &headers);
            assert_eq!(response.status, 412, "{method} {path} {stale}");
        }
    }
    assert_eq!(api.take_published(), []);
    assert_eq!(api.get(&key, &path).etag(), "\"2\"");
    for (revision, (method, path, body)) in (2..).zip(&calls[..2]) {
        let seen = format!("\"{revision}\"");
        let headers = [("if-match", seen.as_str())];
        let response = api.call_with(&key, method, path, body.as_ref(), &headers);
        assert_eq!(response.etag(), format!("\"{}\"", revision + 1), "{method}: {}", response.body);
    }
    let headers = [("if-match", "*")];
    assert_eq!(api.call_with(&key, "POST", &complete, Some(&end), &headers).status, 200);
}

#[test]
fn completed_workout_accepts_no_set_and_completes_once() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let (sets, complete) = (format!("{path}/sets"), format!("{path}/complete"));
    let end = |at: &str| api.post(&key, &complete, &json!({ "ended_at": at }));
    assert_eq!(end("2026-11-23T09:00:00+01:00").status, 409, "without a set");
    api.post(&key, &sets, &set(BENCH));
    assert_eq!(api.post(&key, &complete, &json!({})).error_pointers(), ["/ended_at"]);
    assert_eq!(end("2026-11-23T07:59:59+01:00").error_pointers(), ["/ended_at"]);
    let completed = end("2026-11-23T09:00:00+01:00");
    assert_eq!((completed.status, &completed.body["status"]), (200, &json!("completed")));
    api.take_published();
    let repeated = end("2026-11-23T09:00:00+01:00");
    assert_eq!((repeated.status, &repeated.body), (200, &completed.body));
    assert_eq!(end("2026-11-23T09:30:00+01:00").status, 409);
    let first = format!("{sets}/1");
    assert_eq!(api.post(&key, &sets, &set(BENCH)).status, 409);
    assert_eq!(api.put(&key, &first, &json!({ "kind": "drop", "reps": 1 })).status, 409);
    assert_eq!(api.delete(&key, &first).status, 409);
    assert_eq!(api.take_published(), []);
    assert_eq!(api.get(&key, &path).body, completed.body);
}

#[test]
fn sweep_publishes_the_sets_of_several_minutes_together() {
    use EventType::{TrainingSetRecorded, WorkoutCompleted};
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let sets = format!("{path}/sets");
    api.post(&key, &sets, &set(BENCH));
    api.post(&key, &sets, &set("pull-up"));
    api.put(&key, &format!("{sets}/1"), &json!({ "kind": "working", "reps": 6 }));
    api.delete(&key, &format!("{sets}/2"));
    let swept_after = |minutes: i64| {
        api.clock.advance_ms(minutes * 60_000);
        run(api.app.sweep());
        api.sink.take_events()
    };
    assert_eq!(swept_after(7), [], "neither the calls nor an early sweep");
    let events = swept_after(1);
    assert_eq!(events.len(), 1);
    assert_eq!((events[0].event_type(), snapshot(&events[0]).revision), (TrainingSetRecorded, 5));
    assert_eq!(snapshot(&events[0]).exercises.len(), 1);
    assert_eq!(snapshot(&events[0]).exercises[0].sets[0].reps, Some(6));
    api.post(&key, &format!("{path}/complete"), &json!({ "ended_at": "2026-11-23T12:00:00Z" }));
    assert_eq!(api.take_published(), [(WorkoutCompleted, 6)]);
}

#[test]
fn full_workout_accepts_no_more_sets_or_exercises() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |exercises: usize, sets: usize, exercise: &str, pointer: Option<&str>| {
        let logged = vec![json!({ "kind": "working", "reps": 5 }); sets];
        let mut workout = open_workout();
        workout["exercises"] =
            json!(vec![json!({ "exercise": "pull-up", "sets": logged }); exercises]);
        let path = api.create_workout(&key, &workout);
        let response = api.post(&key, &format!("{path}/sets"), &set(exercise));
        match pointer {
            None => assert_eq!(response.status, 201, "{}", response.body),
            Some(pointer) => {
                assert_eq!(
                    (response.status, response.error_pointers()),
                    (422, vec![pointer.to_owned()])
                );
                assert_eq!(api.take_published(), []);
                assert_eq!(api.get(&key, &path).etag(), "\"1\"");
            }
        }
        api.take_published();
    };
    check(1, 499, "pull-up", None);
    check(1, 500, "pull-up", Some(""));
    check(49, 1, "dip", None);
    check(50, 1, "dip", Some("/exercise"));
    check(50, 1, "pull-up", None);
}

#[test]
fn invalid_set_is_reported_by_field_and_changes_nothing() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let sets = format!("{path}/sets");
    api.post(&key, &sets, &set(BENCH));
    api.take_published();
    let check = |name: &str, value: Value, pointers: &[&str]| {
        let mut bad = set(BENCH);
        bad[name] = value;
        assert_eq!(api.post(&key, &sets, &bad).error_pointers(), pointers, "POST {bad}");
        if !["exercise", "superset"].contains(&name) {
            bad.as_object_mut().unwrap().remove("exercise");
            assert_eq!(
                api.put(&key, &format!("{sets}/1"), &bad).error_pointers(),
                pointers,
                "{bad}"
            );
        }
    };
    check("exercise", Value::Null, &["/exercise"]);
    check("exercise", json!("no-such-lift"), &["/exercise"]);
    check("exercise", json!("x".repeat(101)), &["/exercise"]);
    check("superset", json!(1.5), &["/superset"]);
    check("kind", json!("heavy"), &["/kind"]);
    check("weight_kg", json!(1000.1), &["/weight_kg"]);
    check("weight_lb", json!(5), &["/weight_lb"]);
    check("reps", Value::Null, &["/reps"]);
    check("reps", json!(1001), &["/reps"]);
    check("rpe", json!(8.2), &["/rpe"]);
    check("performed_at", json!("noon"), &["/performed_at"]);
    check("performed_at", json!("2026-11-24T12:00:01Z"), &["/performed_at"]);
    check("performed_at", json!("1969-12-31T23:59:59Z"), &["/performed_at"]);
    check("wieght_kg", json!(1), &["/wieght_kg"]);
    assert_eq!(api.take_published(), []);
    let other = api.create_athlete();
    assert_eq!(api.post(&other, &sets, &set(BENCH)).status, 404);
    assert_eq!(api.delete(&other, &format!("{sets}/1")).status, 404);
    assert_eq!(api.get(&key, &path).etag(), "\"2\"");
}

#[test]
fn overtaken_change_is_retried_on_the_current_revision() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &open_workout());
    let overtake = || {
        let others = "UPDATE workouts SET revision = revision + 1, change_seq = change_seq + 1, \
                      document = json_set(document, '$.notes', 'concurrent')";
        api.database.fail_after(1, DatabaseFault::Interleaved(others));
    };
    let sets = format!("{path}/sets");
    overtake();
    let added = api.post(&key, &sets, &set(BENCH));
    assert_eq!((added.etag(), &added.body["notes"]), ("\"3\"", &json!("concurrent")));
    overtake();
    assert_eq!(api.put(&key, &path, &bench_workout(1)).etag(), "\"5\"");
    // With If-Match an overtaken change is rejected.
    overtake();
    let headers = [("if-match", "\"5\"")];
    let late = api.call_with(&key, "PUT", &path, Some(&bench_workout(2)), &headers);
    assert_eq!(late.status, 412, "{}", late.body);
    assert_eq!(api.get(&key, &path).body["totals"]["sets"], 1);
}
