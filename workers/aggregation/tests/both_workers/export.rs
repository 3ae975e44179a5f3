//! Export and import into another athlete come to the same.

use super::*;

/// Two years with all that a workout can have. The page of an export is 100 workouts.
fn train(athlete: &Athlete<'_>) {
    athlete.ok("PUT", "/v1/me", &json!({ "body_weight_kg": 80.5 }));
    let own = json!({ "name": "Sandbag Élevé", "aliases": ["Sandbag"], "primary": ["back"],
                      "load": { "type": "per_hand" } });
    athlete.ok("POST", "/v1/exercises", &own);
    for n in 0..130 {
        let (month, day) = (n / 25 + 1, n % 25 + 1);
        let mut workout = bench(&format!("2026-{month:02}-{day:02}T23:30:00-05:00"), 100.0, 5);
        workout["title"] = json!(if n % 2 == 0 { "=HYPERLINK(\"x\")" } else { "Push, \"hard\"" });
        workout["notes"] = json!("line 1\nline 2");
        workout["exercises"] = json!([
            { "exercise": "barbell-bench-press", "superset": "A", "notes": "@slow", "sets": [
                { "kind": "warmup", "weight_kg": 60, "reps": 10 },
                { "kind": "working", "weight_lb": 225 + n, "reps": 5, "rpe": 8.5, "rest_s": 120 },
                { "kind": "failure", "weight_kg": 102.5, "reps": 7, "rir": 0 },
            ] },
            { "exercise": "pull-up", "superset": "A", "sets": [
                { "kind": "drop", "weight_kg": 10, "reps": 8 + n % 3 }] },
            { "exercise": "plank", "sets": [{ "kind": "working", "duration_s": 60 + n }] },
            { "exercise": "farmers-walk", "sets": [
                { "kind": "working", "weight_kg": 40, "distance_m": 40.5 }] },
            { "exercise": "sandbag-eleve", "sets": [
                { "kind": "working", "weight_kg": 30.25, "reps": 6 }] },
        ]);
        athlete.post(&workout);
    }
    // Left open without a set, and completed by the sweep.
    athlete.post(&json!({ "started_at": "2026-11-20T08:00:00Z", "exercises": [] }));
    run(athlete.house.app.sweep());
    athlete.house.settle();
}

#[test]
fn an_export_as_json_comes_to_the_same_with_another_athlete() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    train(&ada);
    // What is saved counts by its exercises as they were, also where one is another or gone by now.
    let other = json!({ "name": "Sandbag Élevé", "aliases": ["Sandbag"], "primary": ["quads"] });
    ada.ok("PUT", "/v1/exercises/sandbag-eleve", &other);
    ada.ok("POST", "/v1/exercises", &json!({ "name": "Stone", "primary": ["glutes"] }));
    let mut stones = bench("2025-06-01T10:00:00Z", 80.0, 5);
    stones["exercises"][0]["exercise"] = json!("stone");
    ada.post(&stones);
    house.settle();
    ada.ok("DELETE", "/v1/exercises/stone", &Value::Null);
    let (status, export) = ada.send("GET", "/v1/export", "", "");
    assert_eq!(status, 200);
    let (status, import) = bob.send("POST", "/v1/imports", "application/json", &export);
    assert_eq!(status, 202, "{import}");
    let import: Value = serde_json::from_str(&import).unwrap();
    assert_eq!((&import["workouts"], &import["errors"]), (&json!(132), &json!([])));
    house.settle();
    let done = bob.import_now(&import);
    assert_eq!((&done["status"], &done["imported"]), (&json!("completed"), &json!(132)));
    assert_eq!(bob.sums(), ada.sums());
    assert_eq!(bob.get("/v1/exercises?q=sandbag"), ada.get("/v1/exercises?q=sandbag"));
    // What comes out again is what went in.
    assert_eq!(bob.send("GET", "/v1/export?format=json", "", "").1, export);
    // Ada has all of it.
    let (_, again) = ada.send("POST", "/v1/imports?dry_run=true", "application/json", &export);
    let again: Value = serde_json::from_str(&again).unwrap();
    assert_eq!((&again["to_import"], &again["duplicates"]), (&json!(0), &json!(132)));
}

#[test]
fn an_export_as_csv_is_read_as_hevys_and_comes_to_the_same() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    train(&ada);
    let (status, csv) = ada.send("GET", "/v1/export?format=csv", "", "");
    assert_eq!(status, 200);
    assert!(csv.starts_with("title,start_time,end_time,description,exercise_title,superset_id,"));
    let cells = csv.split([',', '\n']).map(|cell| cell.trim_matches('"'));
    let formulas: Vec<_> = cells.filter(|cell| cell.starts_with(['=', '@', '+', '-'])).collect();
    assert_eq!(formulas, Vec::<&str>::new());
    assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\")\""));
    // What the columns have no room for: the body weight, custom exercises.
    bob.ok("PUT", "/v1/me", &json!({ "body_weight_kg": 80.5 }));
    let own =
        json!({ "name": "Sandbag Élevé", "primary": ["back"], "load": { "type": "per_hand" } });
    bob.ok("POST", "/v1/exercises", &own);
    let import = bob.import("?time_zone=-05:00", &csv);
    assert_eq!((&import["format"], &import["errors"]), (&json!("hevy"), &json!([])));
    assert_eq!((&import["workouts"], &import["unmatched"]), (&json!(130), &json!([])));
    house.settle();
    let empty = ada.get("/v1/workouts?from=2026-11-20&to=2026-11-20")["items"][0]["id"].clone();
    ada.ok("DELETE", &format!("/v1/workouts/{}", empty.as_str().unwrap()), &Value::Null);
    house.settle();
    assert_eq!(bob.sums(), ada.sums());
    let workout = bob.get("/v1/workouts?limit=1")["items"][0].clone();
    assert_eq!(workout["exercises"][0]["notes"], "@slow");
    let days = "/v1/export?format=csv&from=2026-01-02&to=2026-01-03";
    let (_, two_days) = ada.send("GET", days, "", "");
    assert_eq!(two_days.matches("Bench").count(), 2 * 3);
    assert_eq!(ada.send("GET", "/v1/export?format=xml", "", "").0, 422);
}
