//! Changes of whole workouts: the ids of sets, what a change keeps, and starts without an offset.

use super::*;

/// A workout of pull-ups.
fn pull_ups(reps: &[u32]) -> Value {
    let sets: Vec<_> = reps.iter().map(|reps| json!({ "kind": "working", "reps": reps })).collect();
    let mut workout = bench_workout(0);
    workout["exercises"] = json!([{ "exercise": "pull-up", "sets": sets }]);
    workout
}

fn set_ids(workout: &Value) -> Vec<u64> {
    let sets = workout["exercises"][0]["sets"].as_array().unwrap();
    sets.iter().map(|set| set["id"].as_u64().unwrap()).collect()
}

#[test]
fn change_of_the_title_keeps_the_body_weight_that_counted() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let weigh = |kg: u32| api.put(&key, "/v1/me", &json!({ "body_weight_kg": kg }));
    weigh(72);
    let path = api.create_workout(&key, &pull_ups(&[10]));
    weigh(90);
    let mut renamed = pull_ups(&[10]);
    renamed["title"] = json!("Pull");
    let changed = api.put(&key, &path, &renamed).body;
    assert_eq!(
        (&changed["title"], &changed["counted_body_weight_kg"]),
        (&json!("Pull"), &json!(72.0))
    );
    assert_eq!(changed["totals"]["tonnage_kg"], 720.0);
    let changed = api.put(&key, &path, &pull_ups(&[10, 5])).body;
    assert_eq!(changed["counted_body_weight_kg"], 90.0);
    let mut entered = pull_ups(&[10, 5]);
    entered["body_weight_kg"] = json!(75);
    assert_eq!(api.put(&key, &path, &entered).body["counted_body_weight_kg"], 75.0);
}

#[test]
fn set_ids_of_a_post_are_ignored() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut workout = pull_ups(&[10, 8]);
    workout["exercises"][0]["sets"][0]["id"] = json!(1_000_000);
    workout["exercises"][0]["sets"][1]["id"] = json!(1_000_000);
    let posted = api.post(&key, "/v1/workouts", &workout);
    assert_eq!((posted.status, set_ids(&posted.body)), (201, vec![1, 2]));
}

#[test]
fn put_keeps_known_set_ids_and_rejects_others() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = api.create_workout(&key, &pull_ups(&[10, 8, 6]));
    let mut workout = api.get(&key, &path).body;
    let sets = workout["exercises"][0]["sets"].as_array_mut().unwrap();
    sets.remove(1);
    sets.push(json!({ "kind": "working", "reps": 5 }));
    let changed = api.put(&key, &path, &workout);
    assert_eq!((changed.status, set_ids(&changed.body)), (200, vec![1, 3, 4]));
    let mut unknown = changed.body.clone();
    unknown["exercises"][0]["sets"][0]["id"] = json!(2);
    unknown["exercises"][0]["sets"][2]["id"] = json!(3);
    let rejected = api.put(&key, &path, &unknown);
    let pointers = ["/exercises/0/sets/0/id", "/exercises/0/sets/2/id"];
    assert_eq!(
        (rejected.status, rejected.error_pointers()),
        (422, pointers.map(String::from).to_vec())
    );
    assert_eq!(api.get(&key, &path).body, changed.body);
}

#[test]
fn start_with_z_is_stored_in_the_profiles_time_zone() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let post = |started_at: &str, round_trips: u64| {
        let mut workout = bench_workout(1);
        workout["started_at"] = json!(started_at);
        workout["ended_at"] = Value::Null;
        let before = api.database.round_trips();
        let posted = api.post(&key, "/v1/workouts", &workout);
        assert_eq!((posted.status, api.database.round_trips() - before), (201, round_trips));
        posted.body
    };
    assert_eq!(post("2026-11-22T23:30:00Z", 1)["local_date"], "2026-11-22");
    api.put(&key, "/v1/me", &json!({ "time_zone": "Asia/Tokyo" }));
    assert_eq!(post("2026-11-22T23:30:00+00:00", 1)["local_date"], "2026-11-22");
    api.sink.take_events();
    let posted = post("2026-11-22T23:30:00Z", 2);
    assert_eq!(posted["local_date"], "2026-11-23");
    assert_eq!(posted["started_at"], "2026-11-23T08:30:00+09:00");
    let path = format!("/v1/workouts/{}", posted["id"].as_str().unwrap());
    assert_eq!(api.get(&key, &path).body, posted);
    // A change with Z keeps the day, and a move with Z goes to a local day.
    let put = |started_at: &str| {
        let mut workout = posted.clone();
        workout["started_at"] = json!(started_at);
        api.put(&key, &path, &workout).body["started_at"].clone()
    };
    api.put(&key, "/v1/me", &json!({ "time_zone": "Europe/Berlin" }));
    assert_eq!(put("2026-11-22T23:30:00Z"), "2026-11-23T08:30:00+09:00");
    assert_eq!(put("2026-11-21T23:30:00Z"), "2026-11-22T00:30:00+01:00");
}

#[test]
fn replay_is_marked_and_a_deleted_workout_is_409() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let headers = [("idempotency-key", "k")];
    let post = |path: &str, body: &Value| api.call_with(&key, "POST", path, Some(body), &headers);
    let posted = post("/v1/workouts", &pull_ups(&[10]));
    assert_eq!(posted.headers.get("idempotency-replayed"), None);
    let path = posted.location().to_owned();
    let changed = api.put(&key, &path, &pull_ups(&[12])).body;
    let replayed = post("/v1/workouts", &pull_ups(&[10]));
    assert_eq!((replayed.status, &replayed.body), (201, &changed));
    assert_eq!(replayed.headers["idempotency-replayed"], "true");
    assert_eq!(replayed.location(), path);
    api.delete(&key, &path);
    let gone = post("/v1/workouts", &pull_ups(&[10]));
    assert_eq!((gone.status, &gone.body["code"]), (409, &json!("workout_deleted")));
    let open = api.create_workout(&key, &open_workout());
    let set = json!({ "exercise": "pull-up", "kind": "working", "reps": 5 });
    let headers = [("idempotency-key", "s")];
    let post_set = || api.call_with(&key, "POST", &format!("{open}/sets"), Some(&set), &headers);
    assert_eq!(post_set().headers.get("idempotency-replayed"), None);
    assert_eq!(post_set().headers["idempotency-replayed"], "true");
    api.delete(&key, &open);
    assert_eq!(post_set().body["code"], "workout_deleted");
}
