//! The application on real SQL, with a recording sink: answers, errors, faults, the sweep.

use crate::app::App;
use crate::publisher::ApiEventPublisher;
use futures::TryStreamExt;
use platform::http::{Body, Content, Response};
use platform::{Publisher, Usage};
use serde_json::{Value, json};
use shared_kernel::EventType;
use std::rc::Rc;
use testkit::{DatabaseZones, Fault, FixedClock, FixedEntropy, RecordingSink, Sqlite, run};

const OPERATOR: &str = "operator-token";

struct House {
    app: App,
    database: Rc<Sqlite>,
    sink: Rc<RecordingSink>,
    clock: Rc<FixedClock>,
}

impl House {
    fn new() -> Self {
        let (database, shards) = testkit::database();
        let sink = Rc::new(RecordingSink::default());
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let app = App {
            shards,
            publisher: ApiEventPublisher::new(Publisher::new(Rc::clone(&sink) as _)),
            sink: Rc::clone(&sink) as _,
            clock: Rc::clone(&clock) as _,
            time_zones: Rc::new(DatabaseZones),
            entropy: Rc::new(FixedEntropy::default()),
            operator_token: Some(OPERATOR.to_owned()),
            usage: Rc::new(Usage::default()),
        };
        Self { app, database, sink, clock }
    }

    fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Response {
        let mut request = http::Request::builder().method(method).uri(format!("http://host{path}"));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let bytes_max = crate::body_bytes_max(path.split('?').next().unwrap());
        let body = if body.len() > bytes_max {
            Body::TooLong { bytes_max }
        } else {
            Body::Complete(body.to_vec())
        };
        run(self.app.handle(request.body(body).unwrap()))
    }

    fn call(&self, token: &str, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.call_with(token, method, path, body, &[])
    }

    fn call_with(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
        more: &[(&str, &str)],
    ) -> Answer {
        let bearer = format!("Bearer {token}");
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend_from_slice(more);
        if body.is_some() {
            headers.push(("content-type", "application/json"));
        }
        let bytes = body.map(ToString::to_string).unwrap_or_default();
        Answer::of(self.send(method, path, &headers, bytes.as_bytes()))
    }

    fn athlete(&self) -> String {
        let body = json!({ "display_name": "Ada", "email": "ada@example.com" });
        let answer = self.call(OPERATOR, "POST", "/v1/admin/athletes", Some(&body));
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["api_key"].as_str().unwrap().to_owned()
    }

    fn workouts(&self) -> usize {
        self.database.query("SELECT 1 FROM workouts").len()
    }
}

struct Answer {
    status: u16,
    headers: platform::http::HeaderMap,
    body: Value,
    text: String,
}

impl Answer {
    fn of(response: Response) -> Self {
        let (parts, content) = response.into_parts();
        let text = match content {
            Content::Text(text) => text,
            Content::Pieces(pieces) => run(pieces.try_collect::<Vec<_>>()).unwrap().concat(),
        };
        let body = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self { status: parts.status.as_u16(), headers: parts.headers, body, text }
    }

    fn pointers(&self) -> Vec<String> {
        let errors = self.body["errors"].as_array().unwrap_or_else(|| panic!("{}", self.body));
        errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect()
    }
}

fn bench(sets: usize) -> Value {
    let set = json!({ "kind": "working", "weight_kg": 102.5, "reps": 8, "rpe": 8.5 });
    json!({
        "title": "Push",
        "started_at": "2026-11-23T08:00:00+01:00",
        "ended_at": "2026-11-23T09:00:00+01:00",
        "exercises": [{ "exercise": "barbell-bench-press", "sets": vec![set; sets] }],
    })
}

#[test]
fn a_posted_workout_is_stored_answered_and_published_in_one_round_trip() {
    let house = House::new();
    let key = house.athlete();
    let before = house.database.round_trips();
    let posted = house.call(&key, "POST", "/v1/workouts", Some(&bench(3)));
    let round_trips = house.database.round_trips() - before;
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
    let events = house.sink.take_events();
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].event_type(), EventType::WorkoutCompleted);
    let read = house.call(&key, "GET", &format!("/v1/workouts/{id}"), None);
    assert_eq!(read.body, posted.body);
}

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

#[test]
fn the_same_idempotency_key_gives_the_same_answer_and_stores_nothing_more() {
    let house = House::new();
    let key = house.athlete();
    let post = |workout: &Value, idempotency: &str| {
        let headers = [("idempotency-key", idempotency)];
        house.call_with(&key, "POST", "/v1/workouts", Some(workout), &headers)
    };
    let first = post(&bench(3), "k1");
    let again = post(&bench(3), "\"k1\"");
    assert_eq!((first.status, again.status), (201, 201));
    assert_eq!(first.body, again.body);
    assert_eq!(first.headers["location"], again.headers["location"]);
    assert_eq!(house.sink.take_events().len(), 1);
    assert_eq!(post(&bench(4), "k1").status, 422);
    assert_eq!(house.workouts(), 1);
    assert_eq!(post(&bench(3), "k2").status, 201);
    assert_eq!(house.workouts(), 2);
    assert_eq!(post(&bench(3), "").status, 400);
    // Another athlete's k1 is another key.
    let other = house.athlete();
    let headers = [("idempotency-key", "k1")];
    let others = house.call_with(&other, "POST", "/v1/workouts", Some(&bench(3)), &headers);
    assert_ne!(others.body["id"], first.body["id"]);
    // After seven days the key is free again.
    house.clock.advance_ms(7 * 24 * 3_600_000 + 1);
    assert_ne!(post(&bench(3), "k1").body["id"], first.body["id"]);
}

#[test]
fn every_bad_field_is_told_with_its_pointer_and_nothing_is_stored() {
    let house = House::new();
    let key = house.athlete();
    let bad = json!({
        "title": 7,
        "started_at": "2026-11-23T08:00:00+01:00",
        "ended_at": "2026-11-23T07:00:00+01:00",
        "exercises": [
            { "exercise": "no-such-lift", "sets": [] },
            { "exercise": "pull-up", "superset": -1, "sets": [
                { "kind": "working", "weight_kg": 1000.5, "reps": 8 },
                { "kind": "working", "weight_kg": 1, "weight_lb": 2, "reps": 1001 },
                { "kind": "heavy", "reps": 5, "rpe": 7.3, "rest_s": -1 },
                { "kind": "working", "reps": 5, "rpe": 8, "rir": 2 },
                { "kind": "working", "weigth_kg": 5 },
                "set"
            ] }
        ]
    });
    let answer = house.call(&key, "POST", "/v1/workouts", Some(&bad));
    assert_eq!(answer.status, 422);
    assert_eq!(answer.headers["content-type"], "application/problem+json");
    let mut pointers = answer.pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        [
            "/ended_at",
            "/exercises/0/exercise",
            "/exercises/1/sets/0/weight_kg",
            "/exercises/1/sets/1/reps",
            "/exercises/1/sets/1/weight_lb",
            "/exercises/1/sets/2/kind",
            "/exercises/1/sets/2/rest_s",
            "/exercises/1/sets/2/rpe",
            "/exercises/1/sets/3/rir",
            "/exercises/1/sets/4/reps",
            "/exercises/1/sets/4/weigth_kg",
            "/exercises/1/sets/5",
            "/exercises/1/superset",
            "/title",
        ]
    );
    assert_eq!(house.workouts(), 0);
}

#[test]
fn the_bounds_of_a_workout_hold_at_their_edge() {
    let house = House::new();
    let key = house.athlete();
    let check = |change: &dyn Fn(&mut Value), pointer: Option<&str>| {
        let mut workout = bench(1);
        change(&mut workout);
        let answer = house.call(&key, "POST", "/v1/workouts", Some(&workout));
        match pointer {
            None => assert_eq!(answer.status, 201, "{}", answer.body),
            Some(pointer) => assert_eq!(answer.pointers(), [pointer], "{workout}"),
        }
    };
    let exercises = |count: usize, sets: usize| {
        move |workout: &mut Value| {
            let sets = vec![json!({ "kind": "working", "reps": 5 }); sets];
            let exercise = json!({ "exercise": "pull-up", "sets": sets });
            workout["exercises"] = json!(vec![exercise; count]);
        }
    };
    let set = |name: &'static str, value: Value| {
        move |workout: &mut Value| workout["exercises"][0]["sets"][0][name] = value.clone()
    };
    let pointer = |name: &str| format!("/exercises/0/sets/0/{name}");
    check(&exercises(50, 10), None);
    check(&exercises(51, 1), Some("/exercises"));
    check(&exercises(2, 251), Some("/exercises"));
    check(&exercises(0, 0), Some("/exercises"));
    check(&set("weight_kg", json!(1000)), None);
    check(&set("weight_kg", json!(-0.1)), Some(&pointer("weight_kg")));
    check(&set("weight_kg", json!("100")), Some(&pointer("weight_kg")));
    check(&set("reps", json!(1000)), None);
    check(&set("reps", json!(-1)), Some(&pointer("reps")));
    check(&set("reps", json!(8.5)), Some(&pointer("reps")));
    check(&set("rpe", json!(10)), None);
    check(&set("rpe", json!(10.5)), Some(&pointer("rpe")));
    check(&set("rpe", json!(0.5)), Some(&pointer("rpe")));
    check(&|w| w["notes"] = json!("é".repeat(2_000)), None);
    check(&|w| w["notes"] = json!("é".repeat(2_001)), Some("/notes"));
    check(&|w| w["started_at"] = json!("1969-12-31T23:59:59Z"), Some("/started_at"));
    check(&|w| w["started_at"] = json!("2026-11-23T08:00:00"), Some("/started_at"));
    check(
        &|w| {
            w["started_at"] = json!("2026-11-24T12:00:01Z");
            w["ended_at"] = json!("2026-11-24T13:00:00Z");
        },
        Some("/started_at"),
    );
}

#[test]
fn requests_that_are_no_good_at_all_are_told_so() {
    let house = House::new();
    let key = house.athlete();
    let bearer = format!("Bearer {key}");
    let auth = ("authorization", bearer.as_str());
    let json_type = ("content-type", "application/json");
    let check = |method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], status: u16| {
        let response = house.send(method, path, headers, body);
        assert_eq!(response.status(), status, "{method} {path}");
        assert!(response.headers().contains_key("x-request-id"));
        response
    };
    check("POST", "/v1/workouts", &[auth, json_type], b"{\"a\":", 400);
    check("POST", "/v1/workouts", &[auth, json_type], b"[]", 422);
    check("POST", "/v1/workouts", &[auth, ("content-type", "text/plain")], b"{}", 415);
    check("POST", "/v1/workouts", &[auth, json_type], &vec![b' '; 262_145], 413);
    check("GET", "/v1/workouts", &[], b"", 401);
    check("GET", "/v1/workouts", &[("authorization", "Basic abc")], b"", 401);
    check("GET", "/v1/workouts", &[("authorization", "Bearer bt_nonsense")], b"", 401);
    check("GET", "/v1/workouts", &[("authorization", "Bearer nonsense")], b"", 401);
    check("GET", "/v1/workouts?to=%2B262142-12-31", &[auth], b"", 422);
    check("GET", "/v1/volume/weekly?to=%2B262142-12-31", &[auth], b"", 422);
    check("GET", "/v1/volume/weekly?to=9999-12-31", &[auth], b"", 200);
    check("GET", "/v1/workouts", &[("authorization", "Bearer operator-token")], b"", 403);
    check("GET", "/v1/admin/dead-letters", &[auth], b"", 403);
    check("GET", "/v1/admin/dead-letters", &[("authorization", "Bearer wrong")], b"", 401);
    check("GET", "/v1/nothing", &[auth], b"", 404);
    check("GET", "/v1/workouts/not-a-uuid", &[auth], b"", 404);
    check("GET", "/v1/workouts?limit=0", &[auth], b"", 422);
    check("GET", "/v1/workouts?limit=101", &[auth], b"", 422);
    check("GET", "/v1/workouts?cursor=zz", &[auth], b"", 400);
    check("GET", "/v1/workouts?from=yesterday", &[auth], b"", 422);
    check("GET", "/v1/volume/weekly?from=2026-11-23&to=2026-11-01", &[auth], b"", 422);
    check("GET", "/v1/volume/weekly?from=1990-01-01", &[auth], b"", 422);
    check("GET", "/healthz", &[], b"", 200);
    let refused = check("PATCH", "/v1/workouts", &[auth], b"", 405);
    assert_eq!(refused.headers()["allow"], "GET, POST");
}

#[test]
fn a_key_of_nobody_stores_nothing_and_a_revoked_key_stops_at_once() {
    let house = House::new();
    let key = house.athlete();
    let wrong = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
    let headers = [("idempotency-key", "k")];
    for (method, path, body) in [
        ("POST", "/v1/workouts", Some(bench(1))),
        ("GET", "/v1/workouts", None),
        ("GET", "/v1/exercises", None),
        ("GET", "/v1/volume/weekly", None),
        ("GET", "/v1/notifications", None),
        ("POST", "/v1/notifications/read-all", None),
        ("GET", "/v1/me", None),
        ("PUT", "/v1/me", Some(json!({ "display_name": "Eve" }))),
    ] {
        let answer = house.call_with(&wrong, method, path, body.as_ref(), &headers);
        assert_eq!(answer.status, 401, "{method} {path}");
    }
    assert_eq!(house.workouts(), 0);
    assert_eq!(house.database.query("SELECT * FROM idempotency_keys"), Vec::<String>::new());
    assert_eq!(house.call(&key, "GET", "/v1/me", None).body["display_name"], "Ada");

    let athlete = house.call(&key, "GET", "/v1/me", None).body["athlete_id"].clone();
    let keys = format!("/v1/admin/athletes/{}/keys", athlete.as_str().unwrap());
    let second = house.call(OPERATOR, "POST", &keys, None).body;
    let key_id = second["key_id"].as_str().unwrap();
    let second = second["api_key"].as_str().unwrap();
    assert_eq!(house.call(second, "GET", "/v1/me", None).status, 200);
    let revoke = format!("{keys}/{key_id}");
    assert_eq!(house.call(OPERATOR, "DELETE", &revoke, None).status, 204);
    assert_eq!(house.call(OPERATOR, "DELETE", &revoke, None).status, 404);
    assert_eq!(house.call(second, "POST", "/v1/workouts", Some(&bench(1))).status, 401);
    assert_eq!(house.call(&key, "GET", "/v1/me", None).status, 200);
    assert_eq!(house.workouts(), 0);
}

#[test]
fn another_athletes_workout_is_not_there() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    let posted = house.call(&ada, "POST", "/v1/workouts", Some(&bench(1)));
    let path = format!("/v1/workouts/{}", posted.body["id"].as_str().unwrap());
    assert_eq!(house.call(&bob, "GET", &path, None).status, 404);
    assert_eq!(house.call(&bob, "DELETE", &path, None).status, 404);
    assert_eq!(house.call(&bob, "GET", "/v1/workouts", None).body["items"], json!([]));
    assert_eq!(house.call(&ada, "GET", &path, None).status, 200);
}

#[test]
fn a_deleted_workout_is_gone_and_its_event_says_so() {
    let house = House::new();
    let key = house.athlete();
    let posted = house.call(&key, "POST", "/v1/workouts", Some(&bench(1)));
    house.sink.take_events();
    let path = format!("/v1/workouts/{}", posted.body["id"].as_str().unwrap());
    assert_eq!(house.call(&key, "DELETE", &path, None).status, 204);
    let events = house.sink.take_events();
    assert_eq!(events[0].event_type(), EventType::WorkoutDeleted);
    assert_eq!(house.call(&key, "GET", &path, None).status, 404);
    assert_eq!(house.call(&key, "DELETE", &path, None).status, 404);
    assert_eq!(house.call(&key, "GET", "/v1/workouts", None).body["items"], json!([]));
}

#[test]
fn the_list_is_newest_first_in_pages_and_by_day() {
    let house = House::new();
    let key = house.athlete();
    for day in [20, 22, 21] {
        let mut workout = bench(1);
        workout["started_at"] = json!(format!("2026-11-{day}T23:30:00-05:00"));
        workout["ended_at"] = json!(format!("2026-11-{}T01:00:00-05:00", day + 1));
        assert_eq!(house.call(&key, "POST", "/v1/workouts", Some(&workout)).status, 201);
    }
    let mut days = Vec::new();
    let mut path = "/v1/workouts?limit=2".to_owned();
    loop {
        let page = house.call(&key, "GET", &path, None).body;
        for item in page["items"].as_array().unwrap() {
            days.push(item["started_at"].as_str().unwrap()[..10].to_owned());
        }
        let Some(cursor) = page["next_cursor"].as_str() else {
            break;
        };
        path = format!("/v1/workouts?limit=2&cursor={cursor}");
    }
    assert_eq!(days, ["2026-11-22", "2026-11-21", "2026-11-20"]);
    let some = house.call(&key, "GET", "/v1/workouts?from=2026-11-21&to=2026-11-21", None).body;
    assert_eq!(some["items"].as_array().unwrap().len(), 1);
}

#[test]
fn a_profile_changes_only_where_it_is_told() {
    let house = House::new();
    let key = house.athlete();
    let put = |body: Value| house.call(&key, "PUT", "/v1/me", Some(&body));
    let changed = put(json!({ "units": "lb", "body_weight_kg": 81.5, "email_threshold": 0.9 }));
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["email"], "ada@example.com");
    assert_eq!(changed.body["body_weight_kg"], 81.5);
    let cleared = put(json!({ "email": null, "body_weight_kg": null }));
    assert_eq!(cleared.body["email"], Value::Null);
    assert_eq!(cleared.body["units"], "lb");
    let bad = put(json!({
        "display_name": "a\nb", "email": "x@y\r\nBcc: z", "units": "stone", "email_threshold": 1.1,
        "body_weight_kg": -1, "colour": "red"
    }));
    let mut pointers = bad.pointers();
    pointers.sort();
    assert_eq!(
        pointers,
        ["/body_weight_kg", "/colour", "/display_name", "/email", "/email_threshold", "/units"]
    );
    assert_eq!(house.call(&key, "GET", "/v1/me", None).body["display_name"], "Ada");
    assert_eq!(put(json!({ "units": null })).pointers(), ["/units"]);
}

#[test]
fn a_body_weight_counts_for_the_workouts_that_follow() {
    let house = House::new();
    let key = house.athlete();
    let mut workout = bench(1);
    workout["exercises"] =
        json!([{ "exercise": "pull-up", "sets": [{ "kind": "working", "reps": 10 }] }]);
    let before = house.call(&key, "POST", "/v1/workouts", Some(&workout)).body;
    house.call(&key, "PUT", "/v1/me", Some(&json!({ "body_weight_kg": 80 })));
    let after = house.call(&key, "POST", "/v1/workouts", Some(&workout)).body;
    assert_eq!(before["totals"]["tonnage_kg"], 0.0);
    assert_eq!(after["totals"]["tonnage_kg"], 800.0);
}

#[test]
fn empty_weeks_are_zeros_and_every_muscle_is_there() {
    let house = House::new();
    let key = house.athlete();
    let path = "/v1/volume/weekly?from=2026-11-11&to=2026-11-23";
    let body = house.call(&key, "GET", path, None).body;
    let weeks = body["weeks"].as_array().unwrap();
    let starts: Vec<_> = weeks.iter().map(|week| week["week_start"].as_str().unwrap()).collect();
    assert_eq!(starts, ["2026-11-09", "2026-11-16", "2026-11-23"]);
    assert_eq!(weeks[0]["muscles"].as_array().unwrap().len(), 14);
    assert_eq!(
        weeks[0]["muscles"][0],
        json!({ "muscle": "chest", "hard_sets": 0.0, "tonnage_kg": 0.0, "mev": 4.0, "mrv": 24.0,
                "level": "below_mev" })
    );
    let recent = house.call(&key, "GET", "/v1/volume/weekly", None).body;
    assert_eq!(recent["weeks"].as_array().unwrap().len(), 12);
    house.call(&key, "POST", "/v1/workouts", Some(&bench(1)));
    assert_eq!(house.call(&key, "GET", path, None).body["pending"], 1);
}

#[test]
fn a_database_that_is_away_is_503_and_nothing_is_half_written() {
    let house = House::new();
    let key = house.athlete();
    let headers = [("idempotency-key", "k")];
    house.database.fail_next(&[Fault::BeforeCommit]);
    let answer = house.call_with(&key, "POST", "/v1/workouts", Some(&bench(1)), &headers);
    assert_eq!(answer.status, 503);
    assert_eq!(answer.headers["retry-after"], "2");
    assert_eq!((house.workouts(), house.sink.take_events().len()), (0, 0));
    // The answer was lost after the commit: the client's repeat finds its workout.
    house.database.fail_next(&[Fault::AfterCommit]);
    let lost = house.call_with(&key, "POST", "/v1/workouts", Some(&bench(1)), &headers);
    assert_eq!(lost.status, 503);
    let again = house.call_with(&key, "POST", "/v1/workouts", Some(&bench(1)), &headers);
    assert_eq!((again.status, house.workouts()), (201, 1));
    // A statement of the batch that fails takes the others with it.
    house.database.execute("ALTER TABLE workouts RENAME TO away");
    let headers = [("idempotency-key", "k2")];
    let answer = house.call_with(&key, "POST", "/v1/workouts", Some(&bench(1)), &headers);
    assert_eq!(answer.status, 503);
    let keys = house.database.query("SELECT idempotency_key FROM idempotency_keys");
    assert_eq!(keys, [r#"{"idempotency_key":"k"}"#]);
}

#[test]
fn what_was_not_published_is_sent_by_the_sweep_and_then_less_and_less_often() {
    let house = House::new();
    let key = house.athlete();
    house.sink.refuse_next(3);
    assert_eq!(house.call(&key, "POST", "/v1/workouts", Some(&bench(1))).status, 201);
    assert_eq!(house.sink.take_events().len(), 0);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events().len(), 0, "its event may still be on its way");
    house.clock.advance_ms(60_000);
    run(house.app.sweep());
    let first = house.sink.take_events();
    assert_eq!(first.len(), 1);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events().len(), 0);
    house.clock.advance_ms(60_000);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events(), first, "the same event, by the same id");
    house.clock.advance_ms(60_000);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events().len(), 0, "the second pause is two minutes");
    house.database.execute("UPDATE workouts SET aggregated_revision = revision");
    house.clock.advance_ms(86_400_000);
    run(house.app.sweep());
    assert_eq!(house.sink.take_events().len(), 0, "what is through is left alone");
}

#[test]
fn the_catalogue_is_listed() {
    let house = House::new();
    let key = house.athlete();
    let body = house.call(&key, "GET", "/v1/exercises", None).body;
    let items = body["items"].as_array().unwrap();
    assert!(items.len() >= 60);
    let bench = items.iter().find(|item| item["slug"] == "barbell-bench-press").unwrap();
    assert_eq!(
        *bench,
        json!({ "slug": "barbell-bench-press", "name": "Barbell Bench Press",
                "mechanic": "compound", "force": "push", "equipment": "barbell",
                "load": { "type": "external" }, "primary": ["chest"],
                "secondary": ["front_delts", "triceps"] })
    );
}

#[test]
fn a_message_of_an_operator_goes_to_its_queue_as_it_is() {
    let house = House::new();
    let path = "/v1/admin/queues/no-such-queue/messages";
    assert_eq!(house.call(OPERATOR, "POST", path, None).status, 404);
    let path = "/v1/admin/queues/volume-aggregation/messages";
    assert_eq!(house.call(OPERATOR, "POST", path, None).status, 202);
    let long = json!("x".repeat(130_000));
    assert_eq!(house.call(OPERATOR, "POST", path, Some(&long)).status, 413);
    house.sink.refuse_next(3);
    assert_eq!(house.call(OPERATOR, "POST", path, Some(&json!(1))).status, 503);
}
