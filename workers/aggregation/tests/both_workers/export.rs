//! An export, imported by another athlete, gives the same totals.

use super::*;

/// Posts 131 workouts that use every field: more than the 100 workouts of an export's page.
fn post_history(athlete: &Athlete<'_>) {
    athlete.send_ok("PUT", "/v1/me", &json!({ "body_weight_kg": 80.5 }));
    let own = json!({ "name": "Sandbag Élevé", "aliases": ["Sandbag"], "primary": ["back"],
                      "load": { "type": "per_hand" } });
    athlete.send_ok("POST", "/v1/exercises", &own);
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
            { "exercise": "assisted-pull-up", "superset": 7, "sets": [
                { "kind": "working", "weight_kg": 25, "reps": 8, "rpe": 6 },
                { "kind": "working", "weight_lb": 40.5, "reps": 8 }] },
            { "exercise": "plank", "sets": [{ "kind": "working", "duration_s": 60 + n },
                { "kind": "warmup", "weight_kg": 5, "duration_s": 20 }] },
            { "exercise": "farmers-walk", "sets": [
                { "kind": "working", "distance_m": 5_000, "duration_s": 1_500 }] },
            { "exercise": "farmers-walk", "sets": [
                { "kind": "working", "weight_kg": 40, "distance_m": 40.5 }] },
            { "exercise": "sandbag-eleve", "sets": [
                { "kind": "working", "weight_kg": 30.25, "reps": 6 }] },
        ]);
        athlete.post_workout(&workout);
    }
    // A workout in progress without sets.
    athlete.post_workout(&json!({ "started_at": "2026-11-20T08:00:00Z", "exercises": [] }));
    athlete.fixture.sweep_after_minutes(9);
    athlete.fixture.consume_queue();
}

#[test]
fn json_export_imported_by_another_athlete_gives_equal_totals() {
    let fixture = Fixture::new();
    let (ada, bob) = (fixture.create_athlete(), fixture.create_athlete());
    post_history(&ada);
    // Stored workouts keep their exercises as they were when an exercise is changed or deleted.
    let other = json!({ "name": "Sandbag Élevé", "aliases": ["Sandbag"], "primary": ["quads"] });
    ada.send_ok("PUT", "/v1/exercises/sandbag-eleve", &other);
    ada.send_ok("POST", "/v1/exercises", &json!({ "name": "Stone", "primary": ["glutes"] }));
    let mut stones = bench("2025-06-01T10:00:00Z", 80.0, 5);
    stones["exercises"][0]["exercise"] = json!("stone");
    ada.post_workout(&stones);
    fixture.consume_queue();
    ada.send_ok("DELETE", "/v1/exercises/stone", &Value::Null);
    let (status, export) = ada.send("GET", "/v1/export", "", "");
    assert_eq!(status, 200);
    let (status, import) = bob.send("POST", "/v1/imports", "application/json", &export);
    assert_eq!(status, 202, "{import}");
    let import: Value = serde_json::from_str(&import).unwrap();
    assert_eq!((&import["workouts"], &import["errors"]), (&json!(132), &json!([])));
    fixture.consume_queue();
    let done = bob.get_import(&import);
    assert_eq!((&done["status"], &done["imported"]), (&json!("completed"), &json!(132)));
    assert_eq!(bob.totals(), ada.totals());
    assert_eq!(bob.get("/v1/exercises?q=sandbag"), ada.get("/v1/exercises?q=sandbag"));
    // An export of the import equals the first export.
    assert_eq!(bob.send("GET", "/v1/export?format=json", "", "").1, export);
    // A second import by the first athlete finds only duplicates.
    let (_, dry_run) = ada.send("POST", "/v1/imports?dry_run=true", "application/json", &export);
    let dry_run: Value = serde_json::from_str(&dry_run).unwrap();
    assert_eq!((&dry_run["to_import"], &dry_run["duplicates"]), (&json!(0), &json!(132)));
}

#[test]
fn csv_export_is_imported_as_hevy_with_equal_totals() {
    let fixture = Fixture::new();
    let (ada, bob) = (fixture.create_athlete(), fixture.create_athlete());
    post_history(&ada);
    let (status, csv) = ada.send("GET", "/v1/export?format=csv", "", "");
    assert_eq!(status, 200);
    assert!(csv.starts_with("title,start_time,end_time,description,exercise_title,superset_id,"));
    let cells = csv.split([',', '\n']).map(|cell| cell.trim_matches('"'));
    let formulas: Vec<_> = cells.filter(|cell| cell.starts_with(['=', '@', '+', '-'])).collect();
    assert_eq!(formulas, Vec::<&str>::new());
    assert!(csv.contains("\"'=HYPERLINK(\"\"x\"\")\""));
    // The columns do not contain the body weight and custom exercises.
    bob.send_ok("PUT", "/v1/me", &json!({ "body_weight_kg": 80.5 }));
    let own =
        json!({ "name": "Sandbag Élevé", "primary": ["back"], "load": { "type": "per_hand" } });
    bob.send_ok("POST", "/v1/exercises", &own);
    let import = bob.import_csv("?time_zone=-05:00", &csv);
    assert_eq!((&import["format"], &import["errors"]), (&json!("hevy"), &json!([])));
    assert_eq!((&import["workouts"], &import["unmatched"]), (&json!(130), &json!([])));
    fixture.consume_queue();
    let empty_workout =
        ada.get("/v1/workouts?from=2026-11-20&to=2026-11-20")["items"][0]["id"].clone();
    ada.send_ok(
        "DELETE",
        &format!("/v1/workouts/{}", empty_workout.as_str().unwrap()),
        &Value::Null,
    );
    fixture.consume_queue();
    assert_eq!(bob.totals(), ada.totals());
    // An export of the import equals the first export.
    assert_eq!(bob.send("GET", "/v1/export?format=csv", "", "").1, csv);
    let workout = bob.get("/v1/workouts?limit=1")["items"][0].clone();
    assert_eq!(workout["exercises"][0]["notes"], "@slow");
    let days = "/v1/export?format=csv&from=2026-01-02&to=2026-01-03";
    let (_, two_days) = ada.send("GET", days, "", "");
    assert_eq!(two_days.matches("Bench").count(), 2 * 3);
    assert_eq!(ada.send("GET", "/v1/export?format=xml", "", "").0, 400);
}
