//! Imports to their end: totals, duplicates, zones, crashes, one notification.

use super::*;
use std::fmt::Write;
use testkit::DatabaseFault;

const HEVY: &str = "title,start_time,end_time,description,exercise_title,superset_id,\
    exercise_notes,set_index,set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n";

/// A log of one workout, with a line that names an exercise nobody knows.
pub const HEVY_OF_ONE: &str = "title,start_time,end_time,description,exercise_title,superset_id,\
    exercise_notes,set_index,set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n\
    Push,2026-11-20 17:00:00,2026-11-20 18:00:00,,Bench Press (Barbell),,,0,normal,100,5,,,8\n\
    Pull,2026-11-21 17:00:00,2026-11-21 18:00:00,,Quux,,,0,normal,100,5,,,8\n";

/// A Hevy log of the bench press: each workout at its time, with its title, weight and sets.
fn hevy(workouts: &[(&str, &str, u32, usize)]) -> String {
    let mut log = HEVY.to_owned();
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

/// 120 workouts, three slices, each heavier than the one before; the last weeks have 30 sets.
fn long_log() -> String {
    let times: Vec<_> =
        (0..120).map(|n| format!("2026-{:02}-{:02} 17:00:00", n / 20 + 6, n % 20 + 1)).collect();
    let workouts: Vec<_> =
        (60..).zip(&times).map(|(kg, time)| (time.as_str(), "Push", kg, 5)).collect();
    hevy(&workouts)
}

#[test]
fn an_import_is_told_once_at_its_end_and_nothing_of_the_past() {
    let house = House::new();
    let ada = house.athlete();
    let import = ada.import("", &long_log());
    let (slices, others) = house.take_events();
    assert_eq!((slices.len(), others.len()), (3, 0));
    for (slice, done) in slices.iter().zip(1..) {
        house.deliver(std::slice::from_ref(slice));
        assert_eq!(ada.import_now(&import)["slices"]["done"], done);
        let told = house.take_events().1;
        assert_eq!(told.len(), usize::from(done == 3), "{told:?}");
        let news = notifications(&told);
        if done == 3 {
            assert_eq!(news[0].kind, "import_finished");
            assert_eq!(news[0].title, "Import finished: 120 workouts");
            assert_eq!(news[0].data["imported"], 120);
        }
    }
    let done = ada.import_now(&import);
    assert_eq!((&done["status"], &done["duplicates"]), (&json!("completed"), &json!(0)));
    assert!(done["finished_at"].is_string());
    assert_eq!(ada.get("/v1/volume/weekly")["pending"], 0);
    // What it crossed is not announced later either.
    ada.post(&bench("2026-11-19T18:00:00Z", 20.0, 1));
    let told = house.settle();
    assert!(told.iter().all(|event| event.event_type() == EventType::AggregationUpdated));
}

#[test]
fn slices_in_any_order_twice_and_through_crashes_come_to_the_same() {
    let calm = House::new();
    let ada = calm.athlete();
    ada.import("", &long_log());
    calm.settle();
    let expected = ada.sums();
    for fault in [DatabaseFault::BeforeCommit, DatabaseFault::AfterCommit] {
        // A slice is five round trips: read, store, write, mark, finish.
        for passing in 0..5 {
            let house = House::new();
            let bob = house.athlete();
            let import = bob.import("", &long_log());
            let (mut slices, _) = house.take_events();
            slices.reverse();
            house.database.fail_after(passing, fault);
            let results = house.deliver(&slices[..1]);
            assert_eq!(results, [MessageResult::Retry { delay_s: 1 }], "{fault:?} after {passing}");
            house.deliver(&slices);
            house.deliver(&slices[..2]);
            let done = bob.import_now(&import);
            assert_eq!((&done["imported"], &done["duplicates"]), (&json!(120), &json!(0)));
            assert_eq!(bob.sums(), expected, "{fault:?} after {passing}");
            let ids: std::collections::BTreeSet<_> =
                house.take_events().1.iter().map(|event| event.id).collect();
            assert_eq!(ids.len(), 1, "one notification, however often it is asked for");
        }
    }
}

#[test]
fn a_notification_that_is_not_accepted_is_asked_for_again() {
    let house = House::new();
    let ada = house.athlete();
    ada.import("", &hevy(&[("2026-06-01 17:00:00", "Push", 100, 3)]));
    let (slices, _) = house.take_events();
    house.sink.fail_next(10);
    assert_eq!(house.deliver(&slices), [MessageResult::Retry { delay_s: 1 }]);
    house.sink.fail_next(0);
    assert_eq!(house.deliver(&slices), [MessageResult::Ack]);
    assert_eq!(notifications(&house.take_events().1).len(), 1);
}

#[test]
fn a_second_import_of_a_log_changes_nothing() {
    let house = House::new();
    let ada = house.athlete();
    ada.import("", &long_log());
    house.settle();
    let (before, workouts) = (ada.sums(), ada.get("/v1/workouts/events?limit=100"));
    let again = ada.import("", &long_log());
    let told = notifications(&house.settle());
    assert_eq!(told[0].data["duplicates"], 120);
    let done = ada.import_now(&again);
    assert_eq!((&done["imported"], &done["duplicates"]), (&json!(0), &json!(120)));
    assert_eq!(ada.sums(), before);
    assert_eq!(ada.get("/v1/workouts/events?limit=100"), workouts);
    let check = |time: &str, title: &str, imported: u32| {
        let import = ada.import("", &hevy(&[(time, title, 100, 1)]));
        house.settle();
        assert_eq!(ada.import_now(&import)["imported"], imported, "{time} {title}");
    };
    check("2026-06-01 17:00:00", "Push", 0);
    check("2026-06-01 17:00:01", "Push", 1);
    check("2026-06-01 17:00:00", "Pull", 1);
    check("2026-06-01 17:00:00", "Pull", 0);
    let deleted = ada.get("/v1/workouts?from=2026-06-02&to=2026-06-02")["items"][0]["id"].clone();
    ada.ok("DELETE", &format!("/v1/workouts/{}", deleted.as_str().unwrap()), &Value::Null);
    check("2026-06-02 17:00:00", "Push", 1);
    let bob = house.athlete();
    let import = bob.import("", &long_log());
    house.settle();
    assert_eq!(bob.import_now(&import)["imported"], 120, "each athlete has their own");
}

#[test]
fn what_a_mapping_releases_is_imported_and_told() {
    let house = House::new();
    let ada = house.athlete();
    let import = ada.import("", HEVY_OF_ONE);
    let told = notifications(&house.settle());
    assert_eq!(
        (&told[0].data["imported"], &told[0].data["needs_mapping"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(ada.import_now(&import)["status"], "needs_mapping");
    let mapping = json!({ "mapping": { "Quux": "pull-up" } });
    ada.ok("PUT", &format!("/v1/imports/{}/mapping", import["id"].as_str().unwrap()), &mapping);
    let told = notifications(&house.settle());
    assert_eq!(
        (&told[0].data["imported"], &told[0].data["needs_mapping"]),
        (&json!(2), &json!(false))
    );
    assert_eq!(ada.import_now(&import)["status"], "completed");
    let workout = &ada.get("/v1/workouts?limit=1")["items"][0];
    assert_eq!(workout["exercises"][0]["exercise"], "pull-up");
    // A name left out with all that it has is no workout.
    let import = ada.import("", &HEVY_OF_ONE.replace("Bench Press (Barbell)", "Quuux"));
    let mapping = json!({ "mapping": { "Quux": null, "Quuux": null } });
    ada.ok("PUT", &format!("/v1/imports/{}/mapping", import["id"].as_str().unwrap()), &mapping);
    house.settle();
    let done = ada.import_now(&import);
    assert_eq!((&done["status"], &done["imported"]), (&json!("completed"), &json!(0)));
}

#[test]
fn a_local_time_gets_the_offset_of_its_zone_on_that_day() {
    let house = House::new();
    let check = |zone: &str, time: &str, started_at: &str| {
        let ada = house.athlete();
        ada.import(&format!("?time_zone={zone}"), &hevy(&[(time, "Push", 100, 1)]));
        house.settle();
        let workout = ada.get("/v1/workouts")["items"][0].clone();
        assert_eq!(workout["started_at"], started_at, "{zone} {time}");
    };
    check("Europe/Berlin", "2026-03-29 01:59:59", "2026-03-29T01:59:59+01:00");
    check("Europe/Berlin", "2026-03-29 03:00:00", "2026-03-29T03:00:00+02:00");
    // 02:30 is not there, and in autumn it is there twice: it counts on its day all the same.
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
fn a_formula_in_a_cell_stays_text() {
    let house = House::new();
    let ada = house.athlete();
    let import = ada.import("", &hevy(&[("2026-06-01 17:00:00", "=1+1", 100, 1)]));
    house.settle();
    assert_eq!(ada.import_now(&import)["imported"], 1);
    assert_eq!(ada.get("/v1/workouts")["items"][0]["title"], "=1+1");
    let (_, csv) = ada.send("GET", "/v1/export?format=csv", "", "");
    assert!(csv.lines().nth(1).unwrap().starts_with("'=1+1,2026-06-01 17:00:00,"), "{csv}");
}

#[test]
fn a_body_weight_counts_for_imported_workouts_as_for_posted_ones() {
    let house = House::new();
    let log = |day: &str| {
        hevy(&[(&format!("{day} 17:00:00"), "Pull", 10, 1)])
            .replace("Bench Press (Barbell)", "Pull Up")
    };
    let ada = house.athlete();
    for kg in [json!(80), json!(85), Value::Null] {
        ada.ok("PUT", "/v1/me", &json!({ "body_weight_kg": kg }));
        house.clock.advance_ms(7 * 86_400_000);
    }
    for day in ["2026-11-20", "2026-11-23", "2026-11-30", "2026-12-05", "2026-12-07"] {
        ada.import("", &log(day));
        let mut posted = bench(&format!("{day}T17:00:30Z"), 10.0, 8);
        posted["exercises"][0]["exercise"] = json!("pull-up");
        ada.post(&posted);
        house.settle();
        let page = ada.get(&format!("/v1/workouts?from={day}&to={day}"));
        let tonnage = |index: usize| page["items"][index]["totals"]["tonnage_kg"].clone();
        assert_eq!(tonnage(1), tonnage(0), "{day}");
    }
}
