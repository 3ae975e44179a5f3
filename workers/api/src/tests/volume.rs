//! GET /v1/volume/weekly: the shape of a week.

use super::*;

#[test]
fn empty_weeks_are_zeros_with_every_muscle() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let path = "/v1/volume/weekly?from=2026-11-11&to=2026-11-23";
    let body = api.call(&key, "GET", path, None).body;
    let weeks = body["weeks"].as_array().unwrap();
    let starts: Vec<_> = weeks.iter().map(|week| week["week_start"].as_str().unwrap()).collect();
    assert_eq!(starts, ["2026-11-09", "2026-11-16", "2026-11-23"]);
    assert_eq!(weeks[0]["muscles"].as_array().unwrap().len(), 17);
    assert_eq!(
        weeks[0]["muscles"][0],
        json!({ "muscle": "chest", "hard_sets": 0.0, "direct_sets": 0, "fractional_sets": 0.0,
                "tonnage_kg": 0.0, "mv": 2.0, "mev": 4.0, "mav": 16.0, "mrv": 24.0,
                "level": "below_mev" })
    );
    let recent = api.call(&key, "GET", "/v1/volume/weekly", None).body;
    assert_eq!(recent["weeks"].as_array().unwrap().len(), 12);
    api.call(&key, "POST", "/v1/workouts", Some(&bench_workout(1)));
    assert_eq!(api.call(&key, "GET", path, None).body["pending"], 1);
}
