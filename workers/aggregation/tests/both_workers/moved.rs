//! Edits and live sets, and what the sums make of them.

use super::*;

#[test]
fn a_workout_moved_over_a_weeks_border_or_deleted_leaves_all_sums_right() {
    let house = House::new();
    let ada = house.athlete();
    let path = ada.post(&bench("2026-11-15T23:30:00+01:00", 100.0, 8));
    house.settle();
    let check = |old_day: (u32, u32), new_day: (u32, u32)| {
        let days = ada.get("/v1/volume/daily?from=2026-11-15&to=2026-11-16")["days"].clone();
        let weeks = ada.get("/v1/volume/weekly?from=2026-11-15&to=2026-11-16");
        for (index, (workouts, sets)) in [old_day, new_day].into_iter().enumerate() {
            for row in [&days[index], &weeks["weeks"][index]] {
                assert_eq!((&row["workouts"], &row["sets"]), (&json!(workouts), &json!(sets)));
                assert_eq!(row["tonnage_kg"], f64::from(sets) * 800.0);
            }
        }
        assert_eq!(weeks["pending"], 0);
    };
    check((1, 1), (0, 0));
    ada.ok("PUT", &path, &bench("2026-11-16T00:30:00+01:00", 100.0, 8));
    let told = house.settle();
    check((0, 0), (1, 1));
    let updated = told.iter().filter(|e| e.event_type() == EventType::AggregationUpdated);
    assert_eq!(updated.count(), 2, "both weeks are news");
    ada.ok("DELETE", &path, &Value::Null);
    house.settle();
    check((0, 0), (0, 0));
}

#[test]
fn every_week_that_a_workout_left_is_told_of_though_a_crash_and_another_edit_come_between() {
    let house = House::new();
    let ada = house.athlete();
    let path = ada.post(&bench("2026-11-02T08:00:00Z", 100.0, 8));
    house.settle();
    for (started_at, reps) in [("2026-11-10T08:00:00Z", 8), ("2026-11-17T08:00:00Z", 8)] {
        ada.ok("PUT", &path, &bench(started_at, 100.0, reps));
        let (moved, _) = house.take_events();
        house.sink.fail_next(3);
        assert!(matches!(house.deliver(&moved)[..], [MessageResult::Retry { .. }]));
    }
    ada.ok("PUT", &path, &bench("2026-11-17T08:00:00Z", 100.0, 9));
    let weeks = |events: &[Event]| -> Vec<String> {
        let week = |event: &Event| match &event.data {
            EventData::AggregationUpdated(data) => Some(data.week_start.to_string()),
            _ => None,
        };
        events.iter().filter_map(week).collect()
    };
    assert_eq!(weeks(&house.settle()), ["2026-11-02", "2026-11-09", "2026-11-16"]);
    ada.ok("PUT", &path, &bench("2026-11-17T08:00:00Z", 100.0, 10));
    assert_eq!(weeks(&house.settle()), ["2026-11-16"], "what was told is told");
}

#[test]
fn sets_count_as_they_are_logged_and_as_they_are_corrected() {
    let house = House::new();
    let ada = house.athlete();
    let open = json!({ "started_at": "2026-11-23T08:00:00Z", "exercises": [] });
    let path = ada.post(&open);
    let day = || {
        house.settle();
        let day = ada.get("/v1/volume/daily?from=2026-11-23&to=2026-11-23")["days"][0].clone();
        (day["workouts"].clone(), day["sets"].clone(), day["tonnage_kg"].clone())
    };
    let expect = |sets: u32, kg: f64| (json!(1), json!(sets), json!(kg));
    let set = json!({ "exercise": "deadlift", "kind": "working", "weight_kg": 150, "reps": 5 });
    ada.ok("POST", &format!("{path}/sets"), &set);
    assert_eq!(day(), expect(1, 750.0));
    ada.ok("POST", &format!("{path}/sets"), &set);
    assert_eq!(day(), expect(2, 1_500.0));
    let corrected = json!({ "kind": "working", "weight_kg": 150, "reps": 4 });
    ada.ok("PUT", &format!("{path}/sets/2"), &corrected);
    assert_eq!(day(), expect(2, 1_350.0));
    ada.ok("DELETE", &format!("{path}/sets/1"), &Value::Null);
    assert_eq!(day(), expect(1, 600.0));
    ada.ok("POST", &format!("{path}/complete"), &json!({ "ended_at": "2026-11-23T09:00:00Z" }));
    assert_eq!(day(), expect(1, 600.0));
}

#[test]
fn a_week_counts_its_workouts_also_when_none_of_them_has_a_set_yet() {
    let house = House::new();
    let ada = house.athlete();
    let open =
        |day: u32| json!({ "started_at": format!("2026-11-{day}T08:00:00Z"), "exercises": [] });
    let paths = [ada.post(&open(16)), ada.post(&open(17))];
    house.settle();
    let workouts = || {
        let weeks = ada.get("/v1/volume/weekly?from=2026-11-09&to=2026-11-16");
        [0, 1].map(|week| weeks["weeks"][week]["workouts"].clone())
    };
    assert_eq!(workouts(), [json!(0), json!(2)]);
    ada.ok("DELETE", &paths[0], &Value::Null);
    ada.ok("PUT", &paths[1], &open(15));
    house.settle();
    assert_eq!(workouts(), [json!(1), json!(0)]);
}
