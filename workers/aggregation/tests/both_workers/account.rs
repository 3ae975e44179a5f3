//! An athlete who goes, and their landmarks.

use super::*;
use std::collections::BTreeMap;

/// How many rows of an athlete each table with an athlete's id in it has.
fn rows(house: &House, athlete_id: &str) -> BTreeMap<String, usize> {
    let tables = house.database.query(
        "SELECT DISTINCT entry.name AS name FROM sqlite_master AS entry \
         JOIN pragma_table_info(entry.name) AS field \
         WHERE entry.type = 'table' AND field.name = 'athlete_id'",
    );
    let count = |row: &String| {
        let row: Value = serde_json::from_str(row).unwrap();
        let table = row["name"].as_str().unwrap().to_owned();
        let of_athlete = format!("SELECT 1 FROM {table} WHERE athlete_id = '{athlete_id}'");
        let rows = house.database.query(&of_athlete).len();
        (table, rows)
    };
    tables.iter().map(count).collect()
}

/// Leaves something in every table.
fn live(athlete: &Athlete<'_>) -> String {
    let house = athlete.house;
    let id = athlete.get("/v1/me")["athlete_id"].as_str().unwrap().to_owned();
    athlete.ok("PUT", "/v1/me", &json!({ "body_weight_kg": 80 }));
    athlete.ok("POST", "/v1/exercises", &json!({ "name": "Own", "primary": ["chest"] }));
    athlete.post(&bench("2026-11-23T08:00:00Z", 100.0, 5));
    athlete.import("", super::imports::HEVY_OF_ONE);
    house.settle();
    house.database.execute(&format!(
        "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, workout_id, \
         document, created_at_ms) VALUES ('{id}', 'k', '', '', '', 0); \
         INSERT INTO patterns (athlete_id, pattern_id, pattern, subject, since, confidence, \
         evidence, title, recommendation, detected_at_ms) \
         VALUES ('{id}', 'p', '', '', '', 1, '{{}}', '', '', 0); \
         INSERT INTO recommendations VALUES ('{id}', '[]', 0); \
         INSERT INTO weekly_reports VALUES ('{id}', '2026-11-16', '{{}}', 0); \
         INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
         created_at_ms) VALUES ('{id}', 'n', '', '', '', '{{}}', 0); \
         INSERT INTO webhook_endpoints (athlete_id, endpoint_id, url, description, event_types, form, \
         version, signing_keys, created_at_ms) \
         VALUES ('{id}', 'e', '', '', '[]', 'full', 1, '[]', 0); \
         INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, event_type, \
         body, traceparent, created_at_ms, due_at_ms) \
         VALUES ('{id}', 'e', 'd', 'd', '', '', '', 0, 0); \
         INSERT INTO dead_letters (dead_letter_id, queue, message_id, athlete_id, reason, \
         attempts, failed_at_ms, body) VALUES ('{id}', '', '', '{id}', '', 4, 0, '')"
    ));
    id
}

#[test]
fn who_deletes_themselves_leaves_nothing_but_that_they_did() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    let (ada_id, bob_id) = (live(&ada), live(&bob));
    let before = rows(&house, &bob_id);
    let mut filled = before.clone();
    assert_eq!(filled.remove("deleted_athletes"), Some(0));
    assert!(filled.values().all(|rows| *rows > 0), "a table that the test forgot: {filled:?}");
    assert_eq!(rows(&house, &ada_id), before);
    ada.ok("DELETE", "/v1/me", &Value::Null);
    let mut left = rows(&house, &ada_id);
    assert_eq!(left.remove("deleted_athletes"), Some(1));
    assert!(left.values().all(|rows| *rows == 0), "{left:?}");
    assert_eq!(rows(&house, &bob_id), before);
    for (method, path) in [("GET", "/v1/me"), ("POST", "/v1/workouts"), ("DELETE", "/v1/me")] {
        let workout = bench("2026-11-23T08:00:00Z", 100.0, 5).to_string();
        assert_eq!(ada.send(method, path, "application/json", &workout).0, 401, "{method} {path}");
    }
    assert_eq!(bob.get("/v1/workouts")["items"].as_array().unwrap().len(), 2);
}

#[test]
fn landmarks_of_ones_own_decide_the_level_of_a_week() {
    let house = House::new();
    let ada = house.athlete();
    let mut workout = bench("2026-11-23T08:00:00Z", 100.0, 8);
    let set = workout["exercises"][0]["sets"][0].clone();
    workout["exercises"][0]["sets"] = json!(vec![set; 10]);
    ada.post(&workout);
    house.settle();
    let check = |landmarks: Value, level: &str| {
        ada.ok("PUT", "/v1/me", &json!({ "landmarks": { "chest": landmarks } }));
        let weeks = ada.get("/v1/volume/weekly?from=2026-11-23&to=2026-11-23");
        let chest = &weeks["weeks"][0]["muscles"][0];
        assert_eq!((&chest["hard_sets"], &chest["level"]), (&json!(10.0), &json!(level)));
    };
    check(json!({}), "productive");
    check(json!({ "mev": 10.5 }), "below_mev");
    check(json!({ "mev": 2, "mav": 9.5 }), "high");
    check(json!({ "mev": 2, "mav": 5, "mrv": 9.5 }), "above_mrv");
    check(json!({ "mev": 10 }), "productive");
}
