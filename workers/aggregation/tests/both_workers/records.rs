//! Personal records: broken, announced, and withdrawn after corrections.

use super::*;

/// Reads the records of the bench press, as `kind=value day` or `kind@weight=value day`.
fn bench_records(athlete: &Athlete<'_>) -> Vec<String> {
    let items = athlete.get("/v1/records?exercise=barbell-bench-press")["items"].clone();
    let format_record = |record: &Value| {
        let at = record["weight_kg"].as_f64().map(|kg| format!("@{kg}")).unwrap_or_default();
        let (kind, date) = (record["kind"].as_str().unwrap(), record["date"].as_str().unwrap());
        format!("{kind}{at}={} {date}", record["value"])
    };
    items.as_array().unwrap().iter().map(format_record).collect()
}

/// Reads the record of the heaviest bench press, as `value day`.
fn heaviest_record(athlete: &Athlete<'_>) -> Option<String> {
    bench_records(athlete)
        .into_iter()
        .find_map(|record| Some(record.strip_prefix("heaviest_weight=")?.to_owned()))
}

#[test]
fn broken_records_are_announced_once_with_their_values() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.post_workout(&bench("2026-11-18T18:00:00Z", 100.0, 5));
    assert_eq!(notifications(&fixture.consume_queue()), [], "a first record beats no other");
    let path = ada.post_workout(&bench("2026-11-23T08:00:00Z", 105.0, 5));
    let (events, _) = fixture.take_events();
    // The mark fails: the event is published, and nothing says so.
    fixture.database.fail_after(1, DatabaseFault::BeforeCommit);
    fixture.deliver(&events);
    let published = fixture.take_events().1;
    let announced = notifications(&published);
    assert_eq!(announced.len(), 1);
    assert_eq!(
        (announced[0].kind.as_str(), announced[0].title.as_str()),
        ("new_record", "New record: Barbell Bench Press")
    );
    assert_eq!(announced[0].date.map(|date| date.to_string()).as_deref(), Some("2026-11-23"));
    assert_eq!(
        json!(format!("/v1/workouts/{}", announced[0].data["workout_id"].as_str().unwrap())),
        json!(path)
    );
    let values: Vec<_> = announced[0].data["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| {
            let kind = record["kind"].as_str().unwrap();
            format!("{kind}: {} over {}", record["value"], record["beaten"])
        })
        .collect();
    assert_eq!(
        values,
        [
            "best_e1rm: 122.5 over 116.667",
            "heaviest_weight: 105.0 over 100.0",
            "most_volume: 525.0 over 500.0",
        ]
    );
    // A redelivery publishes the same event ids, so the inbox discards it as a duplicate.
    fixture.deliver(&events);
    let ids = |events: &[Event]| -> Vec<_> {
        let is_notification =
            |event: &&Event| event.event_type() == EventType::NotificationRequested;
        events.iter().filter(is_notification).map(|event| event.id).collect()
    };
    assert_eq!(ids(&fixture.take_events().1), ids(&published));
    // It has marked the revision: nothing of it is published any more, nor by an edit of the notes.
    fixture.deliver(&events);
    assert_eq!(ids(&fixture.take_events().1), []);
    let mut with_notes = bench("2026-11-23T08:00:00Z", 105.0, 5);
    with_notes["notes"] = json!("easy");
    ada.send_ok("PUT", &path, &with_notes);
    assert_eq!(ids(&fixture.consume_queue()), []);
    // An equal value does not break a record.
    ada.post_workout(&bench("2026-11-23T09:00:00Z", 105.0, 5));
    assert_eq!(notifications(&fixture.consume_queue()), []);
}

#[test]
fn record_is_announced_for_completed_workouts_of_two_weeks() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.post_workout(&bench("2025-11-01T18:00:00Z", 100.0, 5));
    fixture.consume_queue();
    let check = |started_at: &str, kg: f64, announced: usize| {
        ada.post_workout(&bench(started_at, kg, 5));
        assert_eq!(notifications(&fixture.consume_queue()).len(), announced, "{started_at}");
    };
    check("2026-11-08T23:59:59Z", 101.0, 0);
    check("2026-11-09T00:00:00Z", 102.0, 1);
    check("2026-11-23T08:00:00Z", 103.0, 1);
    check("2026-11-24T08:00:00Z", 104.0, 1);
    let mut open = bench("2026-11-23T10:00:00Z", 105.0, 5);
    open["ended_at"] = Value::Null;
    let path = ada.post_workout(&open);
    fixture.sweep_after_minutes(9);
    assert_eq!(notifications(&fixture.consume_queue()), [], "the workout is in progress");
    assert_eq!(heaviest_record(&ada).as_deref(), Some("105.0 2026-11-23"));
    ada.send_ok(
        "POST",
        &format!("{path}/complete"),
        &json!({ "ended_at": "2026-11-23T12:00:00Z" }),
    );
    assert_eq!(notifications(&fixture.consume_queue()).len(), 1);
}

/// Returns the records that aggregation announces for what is in its queue: `exercise/kind=value`.
fn announced(fixture: &Fixture) -> Vec<String> {
    let found = notifications(&fixture.consume_queue());
    let records = found.iter().flat_map(|notification| {
        let records = notification.data.get("records").and_then(Value::as_array);
        records.cloned().unwrap_or_default()
    });
    let name = |record: Value| {
        let text = |name: &str| record[name].as_str().unwrap().to_owned();
        format!("{}/{}={}", text("exercise"), text("kind"), record["value"])
    };
    records.map(name).filter(|record| record.contains("heaviest")).collect()
}

/// Returns a workout with a set of the bench press, one of the squat, and a title.
fn bench_and_squat(started_at: &str, bench_kg: f64, squat_kg: f64, title: &str) -> Value {
    let mut workout = bench(started_at, bench_kg, 5);
    let mut squat = workout["exercises"][0].clone();
    squat["exercise"] = json!("barbell-back-squat");
    squat["sets"][0]["weight_kg"] = json!(squat_kg);
    workout["exercises"].as_array_mut().unwrap().push(squat);
    workout["title"] = json!(title);
    workout
}

#[test]
fn edit_announces_only_the_records_that_it_raised() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.post_workout(&bench_and_squat("2026-11-18T08:00:00Z", 100.0, 140.0, "Before"));
    fixture.consume_queue();
    let monday = |bench_kg, squat_kg, title| {
        bench_and_squat("2026-11-20T08:00:00Z", bench_kg, squat_kg, title)
    };
    let first = ada.post_workout(&monday(105.0, 150.0, "Monday"));
    let (bench, squat) = ("barbell-bench-press", "barbell-back-squat");
    let heaviest = |exercise: &str, kg: f64| format!("{exercise}/heaviest_weight={kg:?}");
    assert_eq!(announced(&fixture), [heaviest(squat, 150.0), heaviest(bench, 105.0)]);
    // Wednesday's workout takes the squat's record.
    ada.post_workout(&bench_and_squat("2026-11-22T08:00:00Z", 60.0, 155.0, "Wednesday"));
    assert_eq!(announced(&fixture), [heaviest(squat, 155.0)]);
    let edit = |workout: Value, expected: &[String]| {
        ada.send_ok("PUT", &first, &workout);
        assert_eq!(announced(&fixture), expected, "{workout}");
    };
    edit(monday(105.0, 150.0, "Another title"), &[]);
    edit(monday(107.5, 150.0, "A raised bench press"), &[heaviest(bench, 107.5)]);
    edit(monday(107.5, 160.0, "A raised squat"), &[heaviest(squat, 160.0)]);
    // Values that the workout had before are not announced, whichever workout has the record meanwhile.
    edit(monday(90.0, 150.0, "A mistake"), &[]);
    edit(monday(107.5, 160.0, "Its correction"), &[]);
    edit(monday(107.5, 162.5, "More"), &[heaviest(squat, 162.5)]);
}

#[test]
fn record_that_returns_to_a_workout_is_not_announced() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.post_workout(&bench("2026-11-18T08:00:00Z", 100.0, 5));
    let held = ada.post_workout(&bench("2026-11-20T08:00:00Z", 105.0, 5));
    let better = ada.post_workout(&bench("2026-11-22T08:00:00Z", 110.0, 5));
    announced(&fixture);
    ada.send_ok("DELETE", &better, &Value::Null);
    assert_eq!(announced(&fixture), Vec::<String>::new());
    assert_eq!(heaviest_record(&ada).as_deref(), Some("105.0 2026-11-20"));
    let mut retitled = bench("2026-11-20T08:00:00Z", 105.0, 5);
    retitled["title"] = json!("Push");
    ada.send_ok("PUT", &held, &retitled);
    assert_eq!(announced(&fixture), Vec::<String>::new());
}

#[test]
fn lost_completion_and_edit_announce_each_record_once() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.post_workout(&bench_and_squat("2026-11-18T08:00:00Z", 100.0, 140.0, "Before"));
    fixture.consume_queue();
    let started_at = "2026-11-20T08:00:00Z";
    let path = ada.post_workout(&bench_and_squat(started_at, 105.0, 140.0, "A"));
    let (posted, _) = fixture.take_events();
    ada.send_ok("PUT", &path, &bench_and_squat(started_at, 105.0, 150.0, "B"));
    let (edited, _) = fixture.take_events();
    // The first is published, but not marked; then the edit arrives, and then the first once more.
    fixture.database.fail_after(1, DatabaseFault::BeforeCommit);
    fixture.deliver(&posted);
    let ids = |events: &[Event]| -> Vec<_> {
        let of_records = |e: &&Event| e.event_type() == EventType::NotificationRequested;
        events.iter().filter(of_records).map(|event| event.id).collect()
    };
    let first = ids(&fixture.take_events().1);
    assert_eq!(first.len(), 1);
    fixture.deliver(&edited);
    let both = ids(&fixture.take_events().1);
    assert_eq!((both.len(), both[0]), (2, first[0]), "the inbox has the first already");
    fixture.deliver(&posted);
    assert_eq!(ids(&fixture.take_events().1), []);
}

#[test]
fn backfill_and_late_edits_are_quiet() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let check = |expected_quiet: bool| {
        let events = fixture.consume_queue();
        let mut weeks = 0;
        for event in &events {
            let EventData::AggregationUpdated(data) = &event.data else {
                panic!("unexpected: {event:?}")
            };
            assert_eq!(data.quiet, expected_quiet, "{data:?}");
            weeks += 1;
        }
        assert!(weeks > 0);
    };
    let chest = |started_at: &str, kg: f64, notes: &str| {
        let mut workout = bench(started_at, kg, 5);
        let set = workout["exercises"][0]["sets"][0].clone();
        workout["exercises"][0]["sets"] = vec![set; 30].into();
        workout["notes"] = json!(notes);
        workout
    };
    let mut paths = Vec::new();
    for week in 1..=8 {
        let started_at = format!("2026-05-{:02}T08:00:00Z", 3 * week);
        let workout = |notes| chest(&started_at, 100.0 + f64::from(week), notes);
        let path = ada.post_workout(&workout("posted"));
        check(true);
        ada.send_ok("PUT", &path, &workout("a note"));
        check(true);
        paths.push(path);
    }
    for path in paths {
        ada.send_ok("DELETE", &path, &Value::Null);
        check(true);
    }
    // A deletion of this week's workout is quiet too; a workout of this week is not.
    let path = ada.post_workout(&bench("2026-11-22T08:00:00Z", 100.0, 5));
    check(false);
    ada.send_ok("DELETE", &path, &Value::Null);
    check(true);
}

#[test]
fn record_of_one_day_belongs_to_the_earlier_workout() {
    for starts in [["06:00", "18:00"], ["18:00", "06:00"]] {
        let fixture = Fixture::new();
        let ada = fixture.create_athlete();
        for start in starts {
            ada.post_workout(&bench(&format!("2026-11-20T{start}:00Z"), 100.0, 5));
        }
        fixture.consume_queue();
        let holders = fixture.database.query(
            "SELECT DISTINCT time(started_at_ms / 1000, 'unixepoch') AS start FROM workouts, \
             personal_records, json_each(records) AS record \
             WHERE record.value ->> 2 = workout_id",
        );
        assert_eq!(holders, [r#"{"start":"06:00:00"}"#]);
    }
}

#[test]
fn correction_or_deletion_withdraws_a_record() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let first = ada.post_workout(&bench("2026-11-18T18:00:00Z", 100.0, 5));
    fixture.consume_queue();
    let before = bench_records(&ada);
    assert_eq!(
        before,
        [
            "heaviest_weight=100.0 2026-11-18",
            "most_reps@100=5.0 2026-11-18",
            "best_e1rm=116.667 2026-11-18",
            "most_volume=500.0 2026-11-18",
        ]
    );
    let second = ada.post_workout(&bench("2026-11-23T08:00:00Z", 110.0, 5));
    fixture.consume_queue();
    assert_eq!(heaviest_record(&ada).as_deref(), Some("110.0 2026-11-23"));
    // The athlete corrects a typing error.
    ada.send_ok("PUT", &second, &bench("2026-11-23T08:00:00Z", 101.0, 5));
    fixture.consume_queue();
    assert_eq!(heaviest_record(&ada).as_deref(), Some("101.0 2026-11-23"));
    ada.send_ok("PUT", &second, &bench("2026-11-23T08:00:00Z", 90.0, 5));
    assert_eq!(notifications(&fixture.consume_queue()), []);
    assert_eq!(heaviest_record(&ada).as_deref(), Some("100.0 2026-11-18"));
    assert!(bench_records(&ada).contains(&"most_reps@90=5.0 2026-11-23".to_owned()));
    ada.send_ok("DELETE", &second, &Value::Null);
    fixture.consume_queue();
    assert_eq!(bench_records(&ada), before);
    ada.send_ok("DELETE", &first, &Value::Null);
    fixture.consume_queue();
    assert_eq!(bench_records(&ada), Vec::<String>::new());
}

#[test]
fn earliest_of_equal_values_holds_the_record_in_any_order() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let later = ada.post_workout(&bench("2026-11-20T18:00:00Z", 100.0, 5));
    fixture.consume_queue();
    ada.post_workout(&bench("2026-11-18T18:00:00Z", 100.0, 5));
    assert_eq!(notifications(&fixture.consume_queue()), [], "an equal value breaks no record");
    assert_eq!(heaviest_record(&ada).as_deref(), Some("100.0 2026-11-18"));
    // The workout that holds the record moves to a later day than the other.
    ada.send_ok("PUT", &later, &bench("2026-11-17T18:00:00Z", 100.0, 5));
    fixture.consume_queue();
    assert_eq!(heaviest_record(&ada).as_deref(), Some("100.0 2026-11-17"));
    ada.send_ok("PUT", &later, &bench("2026-11-22T18:00:00Z", 100.0, 5));
    fixture.consume_queue();
    assert_eq!(heaviest_record(&ada).as_deref(), Some("100.0 2026-11-18"));
}

#[test]
fn records_of_two_athletes_are_independent() {
    let fixture = Fixture::new();
    let (ada, bob) = (fixture.create_athlete(), fixture.create_athlete());
    ada.post_workout(&bench("2026-11-18T18:00:00Z", 100.0, 5));
    bob.post_workout(&bench("2026-11-18T18:00:00Z", 90.0, 5));
    fixture.consume_queue();
    bob.post_workout(&bench("2026-11-19T18:00:00Z", 95.0, 5));
    assert_eq!(notifications(&fixture.consume_queue()).len(), 1);
    assert_eq!(heaviest_record(&ada).as_deref(), Some("100.0 2026-11-18"));
    assert_eq!(heaviest_record(&bob).as_deref(), Some("95.0 2026-11-19"));
}

#[test]
fn body_weight_alone_breaks_no_announced_record() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let pull_ups = |day: &str, body_weight_kg: f64, weight_kg: f64, reps: u32| {
        json!({
            "started_at": format!("{day}T08:00:00Z"),
            "ended_at": format!("{day}T09:00:00Z"),
            "body_weight_kg": body_weight_kg,
            "exercises": [
                { "exercise": "pull-up",
                  "sets": [{ "kind": "working", "weight_kg": weight_kg, "reps": reps }] },
                { "exercise": "assisted-dip",
                  "sets": [{ "kind": "working", "weight_kg": 20, "reps": 8 }] },
            ],
        })
    };
    let announced = |workout: &Value| {
        ada.post_workout(workout);
        let found = notifications(&fixture.consume_queue());
        let records = found.iter().flat_map(|n| n.data["records"].as_array().unwrap());
        let name = |record: &Value| {
            format!("{}/{}", record["exercise"].as_str().unwrap(), record["kind"].as_str().unwrap())
        };
        records.map(name).collect::<Vec<_>>()
    };
    assert_eq!(announced(&pull_ups("2026-11-20", 80.0, 10.0, 8)), Vec::<String>::new());
    assert_eq!(announced(&pull_ups("2026-11-21", 80.4, 10.0, 8)), Vec::<String>::new());
    // A weight that was not lifted before, with a higher estimate.
    let records = announced(&pull_ups("2026-11-22", 80.4, 12.0, 8));
    assert_eq!(records, ["pull-up/best_e1rm", "pull-up/heaviest_weight", "pull-up/most_volume"]);
    let records = announced(&pull_ups("2026-11-23", 80.4, 11.0, 12));
    assert_eq!(records, ["pull-up/best_e1rm", "pull-up/most_volume"]);
}

#[test]
fn record_of_a_renamed_exercise_has_its_new_name() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let define = |method: &str, path: &str, name: &str| {
        ada.send_ok(method, path, &json!({ "name": name, "primary": ["biceps"] }));
    };
    define("POST", "/v1/exercises", "My Row");
    let row = |day: &str, kg: f64| {
        let mut workout = bench(&format!("{day}T08:00:00Z"), kg, 5);
        workout["exercises"][0]["exercise"] = json!("my-row");
        workout
    };
    ada.post_workout(&row("2026-11-21", 50.0));
    define("PUT", "/v1/exercises/my-row", "Zercher Row");
    fixture.consume_queue();
    ada.post_workout(&row("2026-11-22", 55.0));
    let announced = notifications(&fixture.consume_queue());
    assert!(announced[0].body.starts_with("Zercher Row: "), "{}", announced[0].body);
}
