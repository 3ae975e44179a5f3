//! Imports: units, zones, hints, errors and named columns.

use super::*;

const STRONG: &str = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,\
    Workout Notes,RPE\n";

impl TestApi {
    fn post_csv(&self, key: &str, query: &str, csv: &str) -> TestResponse {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "text/csv")];
        let path = format!("/v1/imports{query}");
        TestResponse::from_http(self.send("POST", &path, &headers, csv.as_bytes()))
    }

    fn preview(&self, key: &str, query: &str, csv: &str) -> Value {
        let response = self.post_csv(key, &format!("?dry_run=true{query}"), csv);
        assert_eq!(response.status, 200, "{}", response.body);
        response.body
    }

    /// Imports a file and returns the import and its first workout.
    fn import_one(&self, key: &str, query: &str, csv: &str) -> (Value, Value) {
        let response = self.post_csv(key, query, csv);
        assert_eq!(response.status, 202, "{}", response.body);
        let rows = self.database.query("SELECT workouts FROM import_slices");
        self.database.execute("DELETE FROM import_slices");
        let row: Value = serde_json::from_str(&rows[0]).unwrap();
        let workouts: Value = serde_json::from_str(row["workouts"].as_str().unwrap()).unwrap();
        (response.body, workouts[0]["workout"].clone())
    }
}

fn rows(weights: &[&str]) -> String {
    let row = |weight: &&str| format!("2024-06-03 18:00:00,Push,1h,Pull Up,1,{weight},5,0,0,,,\n");
    STRONG.to_owned() + &weights.iter().map(row).collect::<String>()
}

#[test]
fn unit_and_zone_come_from_file_then_caller_then_profile() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let sources = |query: &str, csv: &str| {
        let body = api.preview(&key, query, csv);
        let text = |name: &str| body[name].as_str().unwrap().to_owned();
        (
            text("weight_unit"),
            text("weight_unit_source"),
            text("time_zone"),
            text("time_zone_source"),
        )
    };
    let check = |query: &str, csv: &str, expected: [&str; 4]| {
        let [unit, unit_source, zone, zone_source] = expected.map(str::to_owned);
        assert_eq!(sources(query, csv), (unit, unit_source, zone, zone_source), "{query}");
    };
    let plain = rows(&["225"]);
    check("", &plain, ["kg", "assumed", "UTC", "assumed"]);
    let chosen = json!({ "units": "lb", "time_zone": "Asia/Tokyo" });
    assert_eq!(api.call(&key, "PUT", "/v1/me", Some(&chosen)).status, 200);
    check("", &plain, ["lb", "profile", "Asia/Tokyo", "profile"]);
    check("&units=kg&time_zone=Europe/Berlin", &plain, ["kg", "caller", "Europe/Berlin", "caller"]);
    let stated = plain.replace("Weight,", "Weight (kg),");
    check("&units=lb", &stated, ["kg", "file", "Asia/Tokyo", "profile"]);
    let (_, workout) = api.import_one(&key, "", &plain);
    assert_eq!(workout["started_at"], "2024-06-03T18:00:00+09:00");
    assert_eq!(workout["exercises"][0]["sets"][0]["weight_lb"], 225.0);
}

#[test]
fn chosen_kilograms_and_utc_are_of_the_profile() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.call(&key, "PUT", "/v1/me", Some(&json!({ "units": "kg", "time_zone": "UTC" })));
    let body = api.preview(&key, "", &rows(&["100"]));
    assert_eq!(
        (&body["weight_unit_source"], &body["time_zone_source"]),
        (&json!("profile"), &json!("profile"))
    );
}

#[test]
fn weights_that_look_like_the_other_unit_give_a_hint() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let pounds = rows(&["135", "185", "205", "225", "315"].repeat(5));
    let codes = |query: &str, csv: &str| {
        let hints = api.preview(&key, query, csv)["hints"].clone();
        hints.as_array().unwrap().iter().map(|hint| hint["code"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(codes("", &pounds), ["weights_look_like_pounds"]);
    assert_eq!(codes("&units=lb", &pounds), Vec::<Value>::new());
    assert_eq!(
        codes("&units=lb", &rows(&["60", "62.5"].repeat(12))),
        ["weights_look_like_kilograms"]
    );
}

#[test]
fn duration_is_elapsed_time_over_a_change_of_the_clock() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |query: &str, start: &str, expected: [&str; 2]| {
        let csv = rows(&["100"]).replace("2024-06-03 18:00:00", start).replace(",1h,", ",2h,");
        let (_, workout) = api.import_one(&key, query, &csv);
        assert_eq!(workout["started_at"], expected[0], "{query} {start}");
        assert_eq!(workout["ended_at"], expected[1], "{query} {start}");
    };
    let berlin = "?time_zone=Europe/Berlin";
    check(
        berlin,
        "2024-03-31 01:30:00",
        ["2024-03-31T01:30:00+01:00", "2024-03-31T04:30:00+02:00"],
    );
    check(
        berlin,
        "2024-10-27 01:30:00",
        ["2024-10-27T01:30:00+02:00", "2024-10-27T02:30:00+01:00"],
    );
    check(
        berlin,
        "2024-06-03 18:00:00",
        ["2024-06-03T18:00:00+02:00", "2024-06-03T20:00:00+02:00"],
    );
    check(
        berlin,
        "2024-06-03T16:00:00Z",
        ["2024-06-03T18:00:00+02:00", "2024-06-03T20:00:00+02:00"],
    );
    check(
        "?time_zone=%2B03:00",
        "2024-06-03T16:00:00Z",
        ["2024-06-03T19:00:00+03:00", "2024-06-03T21:00:00+03:00"],
    );
}

#[test]
fn import_with_over_5_percent_errors_is_completed_with_errors() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let status = |valid: usize, invalid: usize| {
        let csv = rows(&[vec!["100"; valid], vec!["heavy"; invalid]].concat());
        let (import, _) = api.import_one(&key, "", &csv);
        assert_eq!(import["rejected_rows"], json!(invalid));
        api.get(&key, &format!("/v1/imports/{}", import["id"].as_str().unwrap())).body["status"]
            .clone()
    };
    assert_eq!(status(19, 1), "completed");
    assert_eq!(status(18, 1), "completed_with_errors");
    assert_eq!(status(20, 0), "completed");
}

#[test]
fn errors_of_a_large_file_are_bounded() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let bad = ["x".repeat(60), "-1".to_owned(), "5000".to_owned()];
    let csv = (0..3_000).fold(rows(&["100"]), |csv, row| {
        csv + &format!(
            "2024-06-03 18:00:00,Push,1h,Pull Up,1,{},{},0,0,,,\n",
            bad[row % 3],
            row % 2
        )
    });
    let body = api.preview(&key, "", &csv);
    assert_eq!((&body["errors_total"], &body["rejected_rows"]), (&json!(3_000), &json!(3_000)));
    assert_eq!(body["errors"].as_array().unwrap().len(), 3);
    assert!(body["errors"].to_string().len() < 16_384);
}

#[test]
fn named_columns_read_a_file_of_any_app() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let columns = "columns={%22date%22:%22When%22,%22exercise%22:%22Lift%22,%22weight%22:%22Load%20(kg)%22,%22reps%22:%22Reps%22}";
    let (import, workout) = api.import_one(
        &key,
        &format!("?locale=de-DE&{columns}"),
        "When;Lift;Load (kg);Reps\n01/02/2024;Pull Up;12,5;8\n",
    );
    assert_eq!(import["format"], "csv");
    assert_eq!(workout["started_at"], "2024-02-01T12:00:00Z");
    assert_eq!(workout["exercises"][0]["sets"][0]["weight_kg"], 12.5);
    let (_, workout) = api.import_one(
        &key,
        &format!("?locale=en-US&{columns}"),
        "When,Lift,Load (kg),Reps\n01/02/2024,Pull Up,12.5,8\n",
    );
    assert_eq!(workout["started_at"], "2024-01-02T12:00:00Z");
}

#[test]
fn ambiguous_dates_of_a_whole_file_are_one_error() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let csv = STRONG.to_owned() + &"1/2/2024 15:04,Push,1h,Pull Up,1,0,5,0,0,,,\n".repeat(200);
    let response = api.post_csv(&key, "", &csv);
    assert_eq!((response.status, &response.body["errors_total"]), (422, &json!(200)));
    assert_eq!(response.body["errors"].as_array().unwrap().len(), 1);
    assert!(response.body["detail"].as_str().unwrap().contains("locale"), "{}", response.body);
}
