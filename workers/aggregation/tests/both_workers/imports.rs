//! Imports until they finish: totals, duplicates, time zones, faults, and the notification.

use super::*;
use std::fmt::Write;
use testkit::DatabaseFault;

const HEVY_HEADER: &str = "title,start_time,end_time,description,exercise_title,superset_id,\
    exercise_notes,set_index,set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n";

/// A log of two workouts; the second has an exercise that needs a mapping.
pub const HEVY_WITH_UNKNOWN_EXERCISE: &str = "title,start_time,end_time,description,exercise_title,superset_id,\
    exercise_notes,set_index,set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n\
    Push,2026-11-20 17:00:00,2026-11-20 18:00:00,,Bench Press (Barbell),,,0,normal,100,5,,,8\n\
    Pull,2026-11-21 17:00:00,2026-11-21 18:00:00,,Quux,,,0,normal,100,5,,,8\n";

/// Returns a Hevy log of bench presses from the time, title, weight in kg and number of sets of
/// each workout.
fn hevy_log(workouts: &[(&str, &str, u32, usize)]) -> String {
    let mut log = HEVY_HEADER.to_owned();
    for (time, title, kg, sets) in workouts {
        for index in 0..*sets {
            let _ = writeln!(
                log,
                "{title},{time},{time},,Bench Press (Barbell),,,{index},normal,{kg},8,,,"
            );
        }
    }
    log
}

/// Returns a log of 120 workouts, which are three slices; each is heavier than the one before.
fn long_log() -> String {
    let times: Vec<_> =
        (0..120).map(|n| format!("2026-{:02}-{:02} 17:00:00", n / 20 + 6, n % 20 + 1)).collect();
    let workouts: Vec<_> =
        (60..).zip(&times).map(|(kg, time)| (time.as_str(), "Push", kg, 5)).collect();
    hevy_log(&workouts)
}

#[test]
fn import_notifies_once_when_finished_and_announces_no_past_event() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let import = ada.import_csv("", &long_log());
    let (slices, others) = fixture.take_events();
    assert_eq!((slices.len(), others.len()), (3, 0));
    for (slice, done) in slices.iter().zip(1..) {
        fixture.deliver(std::slice::from_ref(slice));
        assert_eq!(ada.get_import(&import)["slices"]["done"], done);
        let published = fixture.take_events().1;
        assert_eq!(published.len(), usize::from(done == 3), "{published:?}");
        let requested = notifications(&published);
        if done == 3 {
            assert_eq!(requested[0].kind, "import_finished");
            assert_eq!(requested[0].title, "Import finished: 120 workouts");
            assert_eq!(requested[0].data["imported"], 120);
        }
    }
    let done = ada.get_import(&import);
    assert_eq!((&done["status"], &done["duplicates"]), (&json!("completed"), &json!(0)));
    assert!(done["finished_at"].is_string());
    assert_eq!(ada.get("/v1/volume/weekly")["pending"], 0);
    // Later events do not announce the thresholds that the import crossed.
    ada.post_workout(&bench("2026-11-19T18:00:00Z", 20.0, 1));
    let events = fixture.consume_queue();
    assert!(events.iter().all(|event| event.event_type() == EventType::AggregationUpdated));
}

#[test]
fn reordered_duplicate_and_faulty_slices_give_equal_totals() {
    let faultless = Fixture::new();
    let ada = faultless.create_athlete();
    ada.import_csv("", &long_log());
    faultless.consume_queue();
    let expected = ada.totals();
    for fault in [DatabaseFault::BeforeCommit, DatabaseFault::AfterCommit] {
        // A slice is six round trips: read, compare, store, add to the volume, mark, finish.
        for successes in 0..6 {
            let fixture = Fixture::new();
            let bob = fixture.create_athlete();
            let import = bob.import_csv("", &long_log());
            let (mut slices, _) = fixture.take_events();
            slices.reverse();
            fixture.database.fail_after(successes, fault);
            let results = fixture.deliver(&slices[..1]);
            assert_eq!(
                results,
                [MessageResult::Retry { delay_s: 1 }],
                "{fault:?} after {successes}"
            );
            fixture.deliver(&slices);
            fixture.deliver(&slices[..2]);
            let done = bob.get_import(&import);
            assert_eq!((&done["imported"], &done["duplicates"]), (&json!(120), &json!(0)));
            assert_eq!(bob.totals(), expected, "{fault:?} after {successes}");
            let ids: std::collections::BTreeSet<_> =
                fixture.take_events().1.iter().map(|event| event.id).collect();
            assert_eq!(ids.len(), 1, "redeliveries request the same notification");
        }
    }
}

#[test]
fn unsent_notification_is_requested_when_the_slice_is_retried() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.import_csv("", &hevy_log(&[("2026-06-01 17:00:00", "Push", 100, 3)]));
    let (slices, _) = fixture.take_events();
    fixture.sink.fail_next(10);
    assert_eq!(fixture.deliver(&slices), [MessageResult::Retry { delay_s: 1 }]);
    fixture.sink.fail_next(0);
    assert_eq!(fixture.deliver(&slices), [MessageResult::Ack]);
    assert_eq!(notifications(&fixture.take_events().1).len(), 1);
}

#[test]
fn second_import_of_a_log_finds_only_duplicates() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.import_csv("", &long_log());
    fixture.consume_queue();
    let (before, workouts) = (ada.totals(), ada.get("/v1/workouts/events?limit=100"));
    let second = ada.import_csv("", &long_log());
    let requested = notifications(&fixture.consume_queue());
    assert_eq!(requested[0].data["duplicates"], 120);
    let done = ada.get_import(&second);
    assert_eq!((&done["imported"], &done["duplicates"]), (&json!(0), &json!(120)));
    assert_eq!(ada.totals(), before);
    assert_eq!(ada.get("/v1/workouts/events?limit=100"), workouts);
    let check = |time: &str, title: &str, imported: u32| {
        let import = ada.import_csv("", &hevy_log(&[(time, title, 100, 1)]));
        fixture.consume_queue();
        assert_eq!(ada.get_import(&import)["imported"], imported, "{time} {title}");
    };
    check("2026-06-01 17:00:00", "Push", 0);
    check("2026-06-01 17:00:59", "Push", 0);
    check("2026-06-01 17:00:00", "Pull", 0);
    check("2026-06-01 17:01:00", "Push", 1);
    check("2026-06-01 17:01:00", "Pull", 0);
    let deleted = ada.get("/v1/workouts?from=2026-06-02&to=2026-06-02")["items"][0]["id"].clone();
    ada.send_ok("DELETE", &format!("/v1/workouts/{}", deleted.as_str().unwrap()), &Value::Null);
    check("2026-06-02 17:00:00", "Push", 1);
    let bob = fixture.create_athlete();
    let import = bob.import_csv("", &long_log());
    fixture.consume_queue();
    assert_eq!(bob.get_import(&import)["imported"], 120, "duplicates are found per athlete");
}

#[test]
fn mapping_imports_the_waiting_workouts_and_notifies() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let import = ada.import_csv("", HEVY_WITH_UNKNOWN_EXERCISE);
    let requested = notifications(&fixture.consume_queue());
    assert_eq!(
        (&requested[0].data["imported"], &requested[0].data["needs_mapping"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(ada.get_import(&import)["status"], "needs_mapping");
    let mapping = json!({ "mapping": { "Quux": "pull-up" } });
    ada.send_ok(
        "PUT",
        &format!("/v1/imports/{}/mapping", import["id"].as_str().unwrap()),
        &mapping,
    );
    let requested = notifications(&fixture.consume_queue());
    assert_eq!(
        (&requested[0].data["imported"], &requested[0].data["needs_mapping"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(ada.get_import(&import)["status"], "completed");
    let workout = &ada.get("/v1/workouts?limit=1")["items"][0];
    assert_eq!(workout["exercises"][0]["exercise"], "pull-up");
    // A workout is not imported when the mapping skips all its exercises.
    let import =
        ada.import_csv("", &HEVY_WITH_UNKNOWN_EXERCISE.replace("Bench Press (Barbell)", "Quuux"));
    let mapping = json!({ "mapping": { "Quux": null, "Quuux": null } });
    ada.send_ok(
        "PUT",
        &format!("/v1/imports/{}/mapping", import["id"].as_str().unwrap()),
        &mapping,
    );
    fixture.consume_queue();
    let done = ada.get_import(&import);
    assert_eq!((&done["status"], &done["imported"]), (&json!("completed"), &json!(0)));
}

#[test]
fn local_time_gets_the_utc_offset_of_its_time_zone() {
    let fixture = Fixture::new();
    let check = |zone: &str, time: &str, started_at: &str| {
        let ada = fixture.create_athlete();
        ada.import_csv(&format!("?time_zone={zone}"), &hevy_log(&[(time, "Push", 100, 1)]));
        fixture.consume_queue();
        let workout = ada.get("/v1/workouts")["items"][0].clone();
        assert_eq!(workout["started_at"], started_at, "{zone} {time}");
    };
    check("Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29T01:59:59+01:00");
    check("Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29T03:00:00+02:00");
    // In spring 02:30 does not exist, in autumn it exists twice: both get the offset +01:00.
    check("Europe/Berlin", "2026-03-29 02:30:00", "2026-03-29T02:30:00+01:00");
    check("Europe/Berlin", "2026-10-25 02:30:00", "2026-10-25T02:30:00+01:00");
    check("Europe/Berlin", "2026-10-25 01:59:59", "2026-10-25T01:59:59+02:00");
    check("Europe/Berlin", "2026-10-25 03:00:00", "2026-10-25T03:00:00+01:00");
    check("America/New_York", "2026-03-08 03:00:00", "2026-03-08T03:00:00-04:00");
    check("America/New_York", "2026-11-01 00:59:59", "2026-11-01T00:59:59-04:00");
    check("Asia/Kathmandu", "2026-06-01 00:00:00", "2026-06-01T00:00:00+05:45");
    check("%2B01:00", "2026-06-01 23:59:59", "2026-06-01T23:59:59+01:00");
    check("UTC", "2026-06-01 23:59:59", "2026-06-01T23:59:59Z");
}

#[test]
fn formula_in_a_cell_is_imported_and_exported_as_text() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let import = ada.import_csv("", &hevy_log(&[("2026-06-01 17:00:00", "=1+1", 100, 1)]));
    fixture.consume_queue();
    assert_eq!(ada.get_import(&import)["imported"], 1);
    assert_eq!(ada.get("/v1/workouts")["items"][0]["title"], "=1+1");
    let (_, csv) = ada.send("GET", "/v1/export?format=csv", "", "");
    assert!(csv.lines().nth(1).unwrap().starts_with("'=1+1,2026-06-01 17:00:00,"), "{csv}");
}

#[test]
fn body_weight_counts_equally_for_imported_and_posted_workouts() {
    let fixture = Fixture::new();
    let log = |day: &str| {
        hevy_log(&[(&format!("{day} 17:00:00"), "Pull", 10, 1)])
            .replace("Bench Press (Barbell)", "Pull Up")
    };
    let ada = fixture.create_athlete();
    for kg in [json!(80), json!(85), Value::Null] {
        ada.send_ok("PUT", "/v1/me", &json!({ "body_weight_kg": kg }));
        fixture.clock.advance_ms(7 * 86_400_000);
    }
    for day in ["2026-11-20", "2026-11-23", "2026-11-30", "2026-12-05", "2026-12-07"] {
        ada.import_csv("", &log(day));
        let mut posted = bench(&format!("{day}T17:02:00Z"), 10.0, 8);
        posted["exercises"][0]["exercise"] = json!("pull-up");
        ada.post_workout(&posted);
        fixture.consume_queue();
        let page = ada.get(&format!("/v1/workouts?from={day}&to={day}"));
        let tonnage = |index: usize| page["items"][index]["totals"]["tonnage_kg"].clone();
        assert_eq!(tonnage(1), tonnage(0), "{day}");
    }
}
