//! Totals after edits, deletions and live sets.

use super::*;

#[test]
fn moving_or_deleting_a_workout_updates_days_and_weeks() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let path = ada.post_workout(&bench("2026-11-15T23:30:00+01:00", 100.0, 8));
    fixture.consume_queue();
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
    ada.send_ok("PUT", &path, &bench("2026-11-16T00:30:00+01:00", 100.0, 8));
    let events = fixture.consume_queue();
    check((0, 0), (1, 1));
    let updated = events.iter().filter(|e| e.event_type() == EventType::AggregationUpdated);
    assert_eq!(updated.count(), 2, "both weeks changed");
    ada.send_ok("DELETE", &path, &Value::Null);
    fixture.consume_queue();
    check((0, 0), (0, 0));
}

#[test]
fn every_week_that_a_workout_left_is_announced_after_failures() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let path = ada.post_workout(&bench("2026-11-02T08:00:00Z", 100.0, 8));
    fixture.consume_queue();
    for (started_at, reps) in [("2026-11-10T08:00:00Z", 8), ("2026-11-17T08:00:00Z", 8)] {
        ada.send_ok("PUT", &path, &bench(started_at, 100.0, reps));
        let (edits, _) = fixture.take_events();
        fixture.sink.fail_next(3);
        assert!(matches!(fixture.deliver(&edits)[..], [MessageResult::Retry { .. }]));
    }
    ada.send_ok("PUT", &path, &bench("2026-11-17T08:00:00Z", 100.0, 9));
    let weeks = |events: &[Event]| -> Vec<String> {
        let week = |event: &Event| match &event.data {
            EventData::AggregationUpdated(data) => Some(data.week_start.to_string()),
            _ => None,
        };
        events.iter().filter_map(week).collect()
    };
    assert_eq!(weeks(&fixture.consume_queue()), ["2026-11-02", "2026-11-09", "2026-11-16"]);
    ada.send_ok("PUT", &path, &bench("2026-11-17T08:00:00Z", 100.0, 10));
    assert_eq!(weeks(&fixture.consume_queue()), ["2026-11-16"], "announced weeks are not repeated");
}

#[test]
fn live_sets_count_when_logged_corrected_or_removed() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let open = json!({ "started_at": "2026-11-23T08:00:00Z", "exercises": [] });
    let path = ada.post_workout(&open);
    let read_day = || {
        fixture.sweep_after_minutes(9);
        fixture.consume_queue();
        let day = ada.get("/v1/volume/daily?from=2026-11-23&to=2026-11-23")["days"][0].clone();
        (day["workouts"].clone(), day["sets"].clone(), day["tonnage_kg"].clone())
    };
    let expected = |sets: u32, kg: f64| (json!(1), json!(sets), json!(kg));
    let set = json!({ "exercise": "deadlift", "kind": "working", "weight_kg": 150, "reps": 5 });
    ada.send_ok("POST", &format!("{path}/sets"), &set);
    assert_eq!(read_day(), expected(1, 750.0));
    ada.send_ok("POST", &format!("{path}/sets"), &set);
    assert_eq!(read_day(), expected(2, 1_500.0));
    let corrected = json!({ "kind": "working", "weight_kg": 150, "reps": 4 });
    ada.send_ok("PUT", &format!("{path}/sets/2"), &corrected);
    assert_eq!(read_day(), expected(2, 1_350.0));
    ada.send_ok("DELETE", &format!("{path}/sets/1"), &Value::Null);
    assert_eq!(read_day(), expected(1, 600.0));
    ada.send_ok(
        "POST",
        &format!("{path}/complete"),
        &json!({ "ended_at": "2026-11-23T09:00:00Z" }),
    );
    assert_eq!(read_day(), expected(1, 600.0));
}

#[test]
fn week_counts_workouts_without_sets() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let open =
        |day: u32| json!({ "started_at": format!("2026-11-{day}T08:00:00Z"), "exercises": [] });
    let paths = [ada.post_workout(&open(16)), ada.post_workout(&open(17))];
    fixture.sweep_after_minutes(9);
    fixture.consume_queue();
    let workouts_per_week = || {
        let weeks = ada.get("/v1/volume/weekly?from=2026-11-09&to=2026-11-16");
        [0, 1].map(|week| weeks["weeks"][week]["workouts"].clone())
    };
    assert_eq!(workouts_per_week(), [json!(0), json!(2)]);
    ada.send_ok("DELETE", &paths[0], &Value::Null);
    ada.send_ok("PUT", &paths[1], &open(15));
    fixture.sweep_after_minutes(9);
    fixture.consume_queue();
    assert_eq!(workouts_per_week(), [json!(1), json!(0)]);
}
