//! Live logging, set by set.

use super::*;

#[test]
fn a_workout_without_an_end_is_in_progress() {
    let house = House::new();
    let key = house.athlete();
    let mut workout = bench(1);
    workout.as_object_mut().unwrap().remove("ended_at");
    let posted = house.call(&key, "POST", "/v1/workouts", Some(&workout));
    assert_eq!(posted.body["status"], "in_progress");
    assert_eq!(house.sink.take_events()[0].event_type(), EventType::TrainingSetRecorded);
}

const BENCH: &str = "barbell-bench-press";

fn set(exercise: &str) -> Value {
    json!({ "exercise": exercise, "kind": "working", "weight_kg": 100, "reps": 5 })
}

/// The exercises of a workout with the numbers of their sets: `pull-up:1,2 plank#A:3`.
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
fn a_set_joins_its_exercise_or_begins_it() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let check = |exercise: &str, superset: Option<&str>, expected: &str| {
        let mut set = set(exercise);
        set["superset"] = json!(superset);
        let answer = house.post(&key, &format!("{path}/sets"), &set);
        assert_eq!((answer.status, layout(&answer.body).as_str()), (201, expected));
        answer
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
    // Of two blocks without a superset named, the later one goes on.
    let last = check("pull-up", None, "pull-up:1,3 plank:2 pull-up#A:4,6,7 dip#A:5");
    assert_eq!(house.get(&key, &path).body, last.body);
}

#[test]
fn a_set_is_corrected_and_removed_by_its_number_which_no_other_set_ever_has() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let sets = format!("{path}/sets");
    for exercise in [BENCH, BENCH, "pull-up"] {
        house.post(&key, &sets, &set(exercise));
    }
    house.clock.advance_ms(60_000);
    let second = format!("{sets}/2");
    let corrected = house.put(&key, &second, &json!({ "kind": "failure", "reps": 7, "id": 9 }));
    assert_eq!(corrected.status, 200, "{}", corrected.body);
    assert_eq!(
        corrected.body["exercises"][0]["sets"][1],
        json!({ "id": 2, "kind": "failure", "reps": 7, "performed_at": "2026-11-23T13:00:00+01:00" })
    );
    assert_eq!(house.delete(&key, &second).status, 200);
    assert_eq!(house.delete(&key, &second).status, 404);
    assert_eq!(house.put(&key, &second, &json!({ "kind": "drop", "reps": 7 })).status, 404);
    let removed = house.delete(&key, &format!("{sets}/3")).body;
    assert_eq!(layout(&removed), format!("{BENCH}:1"), "an exercise goes with its last set");
    let mut whole = removed.clone();
    assert_eq!(layout(&house.post(&key, &sets, &set(BENCH)).body), format!("{BENCH}:1,4"));
    // Nor does it when the workout was put anew in the meantime, without the set.
    whole["notes"] = json!("changed");
    assert_eq!(house.put(&key, &path, &whole).status, 200);
    assert_eq!(layout(&house.post(&key, &sets, &set(BENCH)).body), format!("{BENCH}:1,5"));
}

#[test]
fn under_one_idempotency_key_a_set_is_added_once() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let sets = format!("{path}/sets");
    let post = |path: &str, body: &Value, idempotency: &str| {
        house.call_with(&key, "POST", path, Some(body), &[("idempotency-key", idempotency)])
    };
    let first = post(&sets, &set(BENCH), "k");
    house.post(&key, &sets, &set("pull-up"));
    let again = post(&sets, &set(BENCH), "k");
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(again.location(), first.location());
    assert_eq!(layout(&again.body), format!("{BENCH}:1 pull-up:2"), "as the workout now is");
    assert_eq!(post(&sets, &set("pull-up"), "k").status, 422);
    // A key stands for one request of one kind.
    assert_eq!(post("/v1/workouts", &bench(1), "k").status, 422);
    assert_eq!(post("/v1/workouts", &bench(1), "w").status, 201);
    assert_eq!(post(&sets, &bench(1), "w").status, 422);
    let other = format!("{}/sets", house.posted(&key, &open()));
    assert_eq!(post(&other, &set(BENCH), "k").status, 422);
    house.sink.take_events();
    assert_eq!(layout(&house.get(&key, &path).body), format!("{BENCH}:1 pull-up:2"));
    house.post(&key, &format!("{path}/complete"), &json!({ "ended_at": "2026-11-23T12:00:00Z" }));
    assert_eq!(post(&sets, &set(BENCH), "k").location(), first.location(), "after the end too");
}

#[test]
fn an_idempotency_key_taken_by_another_request_in_the_meantime_adds_no_set() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let taken = "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, \
                 workout_id, document, set_id, created_at_ms) \
                 SELECT athlete_id, 'k', 'of another', workout_id, '', 7, 0 FROM workouts";
    house.database.fail_after(1, Fault::Overtaken(taken));
    let headers = [("idempotency-key", "k")];
    let sets = format!("{path}/sets");
    let answer = house.call_with(&key, "POST", &sets, Some(&set(BENCH)), &headers);
    assert_eq!(answer.status, 422, "{}", answer.body);
    assert_eq!(house.get(&key, &path).etag(), "\"1\"");
}

#[test]
fn a_set_whose_answer_was_lost_is_found_by_its_idempotency_key() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let post = || {
        let headers = [("idempotency-key", "k")];
        house.call_with(&key, "POST", &format!("{path}/sets"), Some(&set(BENCH)), &headers)
    };
    house.database.fail_next(&[Fault::BeforeCommit]);
    assert_eq!(post().status, 503);
    // A read that comes through, and then a write.
    house.database.fail_after(1, Fault::AfterCommit);
    assert_eq!(post().status, 503);
    let again = post();
    assert_eq!((again.status, layout(&again.body)), (201, format!("{BENCH}:1")));
    assert_eq!(post().body, again.body);
}

#[test]
fn a_refused_set_does_not_take_its_idempotency_key() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let post = || {
        let headers = [("idempotency-key", "k")];
        house.call_with(&key, "POST", &format!("{path}/sets"), Some(&set("my-lift")), &headers)
    };
    assert_eq!(post().pointers(), ["/exercise"]);
    assert_eq!(post().pointers(), ["/exercise"]);
    let own = json!({ "name": "My Lift", "primary": ["chest"] });
    assert_eq!(house.post(&key, "/v1/exercises", &own).status, 201);
    assert_eq!(layout(&post().body), "my-lift:1");
}

#[test]
fn who_has_not_seen_the_newest_revision_changes_no_set() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let sets = format!("{path}/sets");
    house.post(&key, &sets, &set(BENCH));
    house.published();
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
            let answer = house.call_with(&key, method, path, body.as_ref(), &headers);
            assert_eq!(answer.status, 412, "{method} {path} {stale}");
        }
    }
    assert_eq!(house.published(), []);
    assert_eq!(house.get(&key, &path).etag(), "\"2\"");
    for (revision, (method, path, body)) in (2..).zip(&calls[..2]) {
        let seen = format!("\"{revision}\"");
        let headers = [("if-match", seen.as_str())];
        let answer = house.call_with(&key, method, path, body.as_ref(), &headers);
        assert_eq!(answer.etag(), format!("\"{}\"", revision + 1), "{method}: {}", answer.body);
    }
    let headers = [("if-match", "*")];
    assert_eq!(house.call_with(&key, "POST", &complete, Some(&end), &headers).status, 200);
}

#[test]
fn a_complete_workout_takes_no_set_and_is_completed_once() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let (sets, complete) = (format!("{path}/sets"), format!("{path}/complete"));
    let end = |at: &str| house.post(&key, &complete, &json!({ "ended_at": at }));
    assert_eq!(end("2026-11-23T09:00:00+01:00").status, 409, "without a set");
    house.post(&key, &sets, &set(BENCH));
    assert_eq!(house.post(&key, &complete, &json!({})).pointers(), ["/ended_at"]);
    assert_eq!(end("2026-11-23T07:59:59+01:00").pointers(), ["/ended_at"]);
    let completed = end("2026-11-23T09:00:00+01:00");
    assert_eq!((completed.status, &completed.body["status"]), (200, &json!("completed")));
    house.published();
    let again = end("2026-11-23T09:00:00+01:00");
    assert_eq!((again.status, &again.body), (200, &completed.body));
    assert_eq!(end("2026-11-23T09:30:00+01:00").status, 409);
    let first = format!("{sets}/1");
    assert_eq!(house.post(&key, &sets, &set(BENCH)).status, 409);
    assert_eq!(house.put(&key, &first, &json!({ "kind": "drop", "reps": 1 })).status, 409);
    assert_eq!(house.delete(&key, &first).status, 409);
    assert_eq!(house.published(), []);
    assert_eq!(house.get(&key, &path).body, completed.body);
}

#[test]
fn each_change_of_a_set_is_an_event_with_the_whole_workout() {
    use EventType::{TrainingSetRecorded, WorkoutCompleted};
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let sets = format!("{path}/sets");
    house.post(&key, &sets, &set(BENCH));
    house.post(&key, &sets, &set("pull-up"));
    house.put(&key, &format!("{sets}/1"), &json!({ "kind": "working", "reps": 6 }));
    house.delete(&key, &format!("{sets}/2"));
    let events = house.sink.take_events();
    let seen: Vec<_> = events
        .iter()
        .map(|event| {
            let workout = snapshot(event);
            let sets: Vec<_> = workout.exercises.iter().map(|e| e.sets.len()).collect();
            (event.event_type(), workout.revision, sets)
        })
        .collect();
    let expected = [(2, vec![1]), (3, vec![1, 1]), (4, vec![1, 1]), (5, vec![1])];
    assert_eq!(seen, expected.map(|(revision, sets)| (TrainingSetRecorded, revision, sets)));
    assert_eq!(snapshot(&events[2]).exercises[0].sets[0].reps, Some(6));
    house.post(&key, &format!("{path}/complete"), &json!({ "ended_at": "2026-11-23T12:00:00Z" }));
    assert_eq!(house.published(), [(WorkoutCompleted, 6)]);
}

#[test]
fn a_full_workout_takes_no_more() {
    let house = House::new();
    let key = house.athlete();
    let check = |exercises: usize, sets: usize, exercise: &str, pointer: Option<&str>| {
        let logged = vec![json!({ "kind": "working", "reps": 5 }); sets];
        let mut workout = open();
        workout["exercises"] =
            json!(vec![json!({ "exercise": "pull-up", "sets": logged }); exercises]);
        let path = house.posted(&key, &workout);
        let answer = house.post(&key, &format!("{path}/sets"), &set(exercise));
        match pointer {
            None => assert_eq!(answer.status, 201, "{}", answer.body),
            Some(pointer) => {
                assert_eq!((answer.status, answer.pointers()), (422, vec![pointer.to_owned()]));
                assert_eq!(house.published(), []);
                assert_eq!(house.get(&key, &path).etag(), "\"1\"");
            }
        }
        house.published();
    };
    check(1, 499, "pull-up", None);
    check(1, 500, "pull-up", Some(""));
    check(49, 1, "dip", None);
    check(50, 1, "dip", Some("/exercise"));
    check(50, 1, "pull-up", None);
}

#[test]
fn a_bad_set_is_told_by_its_fields_and_changes_nothing() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let sets = format!("{path}/sets");
    house.post(&key, &sets, &set(BENCH));
    house.published();
    let check = |name: &str, value: Value, pointers: &[&str]| {
        let mut bad = set(BENCH);
        bad[name] = value;
        assert_eq!(house.post(&key, &sets, &bad).pointers(), pointers, "POST {bad}");
        if !["exercise", "superset"].contains(&name) {
            bad.as_object_mut().unwrap().remove("exercise");
            assert_eq!(house.put(&key, &format!("{sets}/1"), &bad).pointers(), pointers, "{bad}");
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
    assert_eq!(house.published(), []);
    let other = house.athlete();
    assert_eq!(house.post(&other, &sets, &set(BENCH)).status, 404);
    assert_eq!(house.delete(&other, &format!("{sets}/1")).status, 404);
    assert_eq!(house.get(&key, &path).etag(), "\"2\"");
}

#[test]
fn a_change_that_is_overtaken_starts_from_what_is_there_then() {
    let house = House::new();
    let key = house.athlete();
    let path = house.posted(&key, &open());
    let overtake = || {
        let others = "UPDATE workouts SET revision = revision + 1, change_seq = change_seq + 1, \
                      document = json_set(document, '$.notes', 'of another')";
        house.database.fail_after(1, Fault::Overtaken(others));
    };
    let sets = format!("{path}/sets");
    overtake();
    let added = house.post(&key, &sets, &set(BENCH));
    assert_eq!((added.etag(), &added.body["notes"]), ("\"3\"", &json!("of another")));
    overtake();
    assert_eq!(house.put(&key, &path, &bench(1)).etag(), "\"5\"");
    // Who named what was read is told that it is not that any more.
    overtake();
    let headers = [("if-match", "\"5\"")];
    let late = house.call_with(&key, "PUT", &path, Some(&bench(2)), &headers);
    assert_eq!(late.status, 412, "{}", late.body);
    assert_eq!(house.get(&key, &path).body["totals"]["sets"], 1);
}
