//! Account deletion, and custom volume landmarks.

use super::*;
use std::collections::BTreeMap;

/// Counts the rows of an athlete in each table with an `athlete_id` column.
fn count_rows(fixture: &Fixture, athlete_id: &str) -> BTreeMap<String, usize> {
    let tables = fixture.database.query(
        "SELECT DISTINCT entry.name AS name FROM sqlite_master AS entry \
         JOIN pragma_table_info(entry.name) AS field \
         WHERE entry.type = 'table' AND field.name = 'athlete_id'",
    );
    let count = |row: &String| {
        let row: Value = serde_json::from_str(row).unwrap();
        let table = row["name"].as_str().unwrap().to_owned();
        let of_athlete = format!("SELECT 1 FROM {table} WHERE athlete_id = '{athlete_id}'");
        let rows = fixture.database.query(&of_athlete).len();
        (table, rows)
    };
    tables.iter().map(count).collect()
}

/// Stores rows of the athlete in every table. Returns the athlete's id.
fn fill_every_table(athlete: &Athlete<'_>) -> String {
    let fixture = athlete.fixture;
    let id = athlete.get("/v1/me")["athlete_id"].as_str().unwrap().to_owned();
    athlete.send_ok("PUT", "/v1/me", &json!({ "body_weight_kg": 80 }));
    athlete.send_ok("POST", "/v1/exercises", &json!({ "name": "Own", "primary": ["chest"] }));
    athlete.post_workout(&bench("2026-11-23T08:00:00Z", 100.0, 5));
    athlete.import_csv("", super::imports::HEVY_WITH_UNKNOWN_EXERCISE);
    let mapping = json!({ "mapping": { "Quux": "pull-up" } });
    athlete.send_ok("PUT", "/v1/me/exercise-names", &mapping);
    fixture.consume_queue();
    fixture.database.execute(&format!(
        "INSERT INTO idempotency_keys (athlete_id, idempotency_key, request_hash, created, \
         resource_id, created_at_ms) VALUES ('{id}', 'k', '', 'import', '', 0); \
         INSERT INTO patterns (athlete_id, pattern_id, pattern, subject, since, confidence, \
         evidence, title, recommendation, detected_at_ms) \
         VALUES ('{id}', 'p', '', '', '', 1, '{{}}', '', '', 0); \
         INSERT INTO recommendations VALUES ('{id}', '[]', 0); \
         INSERT INTO weekly_reports VALUES ('{id}', '2026-11-16', '{{}}', 0); \
         INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
         created_at_ms, expires_at_ms, in_app, seq) \
         VALUES ('{id}', 'n', '', '', '', '{{}}', 0, 0, 1, 1); \
         INSERT INTO webhook_endpoints (athlete_id, endpoint_id, url, description, event_types, form, \
         version, signing_keys, created_at_ms) \
         VALUES ('{id}', 'e', '', '', '[]', 'full', 1, '[]', 0); \
         INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, event_type, \
         body, traceparent, created_at_ms, due_at_ms) \
         VALUES ('{id}', 'e', 'd', 'd', '', '', '', 0, 0)"
    ));
    fixture.database.operations.execute(&format!(
        "INSERT INTO dead_letters (dead_letter_id, queue, message_id, athlete_id, reason, \
         reason_group, attempts, failed_at_ms, body) \
         VALUES ('{id}', '', '', '{id}', '', '', 4, 0, '')"
    ));
    id
}

#[test]
fn account_deletion_leaves_only_the_deletion_record() {
    let fixture = Fixture::new();
    let (ada, bob) = (fixture.create_athlete(), fixture.create_athlete());
    let (ada_id, bob_id) = (fill_every_table(&ada), fill_every_table(&bob));
    let before = count_rows(&fixture, &bob_id);
    let mut filled = before.clone();
    assert_eq!(filled.remove("deleted_athletes"), Some(0));
    assert!(filled.values().all(|rows| *rows > 0), "fill_every_table misses a table: {filled:?}");
    assert_eq!(count_rows(&fixture, &ada_id), before);
    ada.send_ok("DELETE", "/v1/me", &Value::Null);
    let mut remaining = count_rows(&fixture, &ada_id);
    let tombstones = remaining.remove("deleted_athletes");
    assert_eq!(tombstones, Some(2), "the athlete's database has one, and the operators'");
    assert!(remaining.values().all(|rows| *rows == 0), "{remaining:?}");
    assert_eq!(count_rows(&fixture, &bob_id), before);
    for (method, path) in [("GET", "/v1/me"), ("POST", "/v1/workouts"), ("DELETE", "/v1/me")] {
        let workout = bench("2026-11-23T08:00:00Z", 100.0, 5).to_string();
        assert_eq!(ada.send(method, path, "application/json", &workout).0, 401, "{method} {path}");
    }
    assert_eq!(bob.get("/v1/workouts")["items"].as_array().unwrap().len(), 2);
}

#[test]
fn custom_landmarks_decide_the_volume_level_of_a_week() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let mut workout = bench("2026-11-23T08:00:00Z", 100.0, 8);
    let set = workout["exercises"][0]["sets"][0].clone();
    workout["exercises"][0]["sets"] = json!(vec![set; 10]);
    ada.post_workout(&workout);
    fixture.consume_queue();
    let check = |landmarks: Value, level: &str| {
        ada.send_ok("PUT", "/v1/me", &json!({ "landmarks": { "chest": landmarks } }));
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
