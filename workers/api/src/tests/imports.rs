//! Imports up to the queue: responses, workouts held back, published slices.

use super::*;
use shared_kernel::payload::ImportSliceStored;
use std::collections::BTreeMap;

const HEVY: &str = "title,start_time,end_time,description,exercise_title,superset_id,\
    exercise_notes,set_index,set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n";
const STRONG: &str = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,\
    Seconds,Notes,Workout Notes,RPE\n";
const FIT_NOTES: &str =
    "Date,Exercise,Category,Weight,Weight Unit,Reps,Distance,Distance Unit,Time,Comment\n";

impl TestApi {
    fn import(&self, key: &str, query: &str, csv: &str) -> TestResponse {
        self.import_as(key, query, "text/csv", csv)
    }

    fn import_as(&self, key: &str, query: &str, content_type: &str, body: &str) -> TestResponse {
        let bearer = format!("Bearer {key}");
        let headers = [("authorization", bearer.as_str()), ("content-type", content_type)];
        TestResponse::from_http(self.send(
            "POST",
            &format!("/v1/imports{query}"),
            &headers,
            body.as_bytes(),
        ))
    }

    fn slices(&self) -> Vec<Value> {
        let rows = self.database.query("SELECT slice, state FROM import_slices ORDER BY slice");
        rows.iter().map(|row| serde_json::from_str(row).unwrap()).collect()
    }

    fn take_published_slices(&self) -> Vec<ImportSliceStored> {
        let events = self.sink.take_events();
        let slice = |event: Event| match event.data {
            EventData::ImportSliceStored(data) => data,
            other => panic!("{other:?}"),
        };
        events.into_iter().map(slice).collect()
    }
}

/// A Hevy log with one workout of one set per exercise, on consecutive days.
fn hevy(exercises: &[&str]) -> String {
    (1..).zip(exercises).fold(HEVY.to_owned(), |log, (day, exercise)| {
        format!("{log}Push,2025-03-{day:02} 17:00:00,2025-03-{day:02} 18:00:00,,{exercise},,,0,normal,100,5,,,8\n")
    })
}

#[test]
fn dry_run_previews_the_import_and_stores_nothing() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut stored = bench_workout(1);
    stored["started_at"] = json!("2025-03-01T17:00:00Z");
    stored["ended_at"] = json!("2025-03-01T18:00:00Z");
    api.create_workout(&key, &stored);
    let check = |csv: &str, format: &str, (rows, workouts, sets): (u32, u32, u32), new: u32| {
        let preview = api.import(&key, "?dry_run=true", csv);
        assert_eq!(preview.status, 200, "{}", preview.body);
        let body = &preview.body;
        assert_eq!((&body["format"], &body["dry_run"]), (&json!(format), &json!(true)));
        assert_eq!(
            (&body["rows"], &body["workouts"], &body["sets"], &body["to_import"]),
            (&json!(rows), &json!(workouts), &json!(sets), &json!(new)),
            "{body}"
        );
        assert_eq!(body["errors"], json!([]));
    };
    check(&hevy(&["Bench Press (Barbell)", "Pull Up"]), "hevy", (2, 2, 2), 1);
    let strong = format!(
        "{STRONG}2023-01-15 17:35:12,Push,1h,Bench Press (Barbell),1,100,5,0,0,,,\n\
         2023-01-15 17:35:12,Push,1h,Bench Press (Barbell),Rest Timer,,,,120,,,\n\
         2023-01-15 17:35:12,Push,1h,Pull Up,1,0,8,0,0,,,\n"
    );
    check(&strong, "strong", (3, 1, 2), 1);
    let fit_notes = format!(
        "{FIT_NOTES}2024-06-01,Flat Barbell Bench Press,Chest,100.0,kgs,5,,,,\n\
         2024-06-02,Plank,Abs,0,kgs,0,,,0:01:30,\n"
    );
    check(&fit_notes, "fitnotes", (2, 2, 2), 2);
    assert_eq!((api.slices(), api.take_published_slices()), (vec![], vec![]));
    assert_eq!(api.workout_count(), 1);
    assert_eq!(api.database.query("SELECT * FROM imports"), Vec::<String>::new());
    for value in ["perhaps", "1"] {
        let rejected = api.import(&key, &format!("?dry_run={value}"), &hevy(&["Pull Up"]));
        assert_eq!((rejected.status, rejected.error_pointers()), (400, vec!["dry_run".to_owned()]));
    }
}

#[test]
fn import_is_stored_in_slices_and_each_is_published() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let log = (0..101).fold(HEVY.to_owned(), |log, n| {
        format!(
            "{log}Push,2025-03-01 17:00:{:02},,,Pull Up,,,0,normal,,{},,,\n",
            n % 60,
            n / 60 + 5
        )
        .replace("Push,", &format!("Push {n},"))
    });
    let import = api.import(&key, "", &log);
    assert_eq!((import.status, &import.body["status"]), (202, &json!("running")));
    assert_eq!(import.body["slices"], json!({ "waiting": 3, "held": 0, "done": 0 }));
    assert_eq!(api.get(&key, import.location()).body, import.body);
    let published = api.take_published_slices();
    assert_eq!(published.iter().map(|slice| slice.slice).collect::<Vec<_>>(), [0, 1, 2]);
    let other = api.create_athlete();
    assert_eq!(api.get(&other, import.location()).status, 404);
    let mapping = format!("{}/mapping", import.location());
    assert_eq!(api.put(&other, &mapping, &json!({ "mapping": {} })).status, 404);
    assert_eq!(api.put(&key, &mapping, &json!({ "mapping": {} })).status, 409);
}

#[test]
fn invalid_line_is_reported_and_the_rest_is_imported() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let log = hevy(&["Pull Up", "Dip", "Plank"]).replace("Dip,,,0,normal,100", "Dip,,,0,normal,-1");
    let import = api.import(&key, "", &log);
    assert_eq!(import.status, 202, "{}", import.body);
    assert_eq!((&import.body["workouts"], &import.body["errors_total"]), (&json!(2), &json!(1)));
    assert_eq!(
        import.body["errors"],
        json!([{
            "line": 3, "lines": [3], "count": 1,
            "code": "invalid_value", "detail": "weight_kg is `-1`: must not be negative"
        }])
    );
}

#[test]
fn unsupported_file_is_rejected_as_a_whole() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |content_type: &str, body: &str, status: u16| {
        let response = api.import_as(&key, "", content_type, body);
        assert_eq!(response.status, status, "{body}: {}", response.body);
    };
    check("text/csv", "", 422);
    check("text/csv", "name,colour\nbench,red\n", 422);
    check("text/csv", HEVY, 422);
    check("text/csv", "\u{0}\u{1}\u{2}", 422);
    check("text/csv", &hevy(&["Pull Up"]).replace("2025-03-01", "2025-13-01"), 422);
    check("application/json", "{", 400);
    check("application/json", "{}", 422);
    check("application/json", r#"{"format":"bulktrack","version":2,"workouts":[]}"#, 422);
    check("application/json", r#"{"format":"bulktrack","version":1,"workouts":[]}"#, 422);
    check("application/json", "[]", 422);
    let unknown = (0..=1_000).fold(HEVY.to_owned(), |log, n| {
        let time = format!("2025-01-01 {:02}:{:02}:00", n / 60, n % 60);
        log + &format!("Push,{time},{time},,Zzyzx {n},,,0,normal,100,5,,,8\n")
    });
    check("text/csv", &unknown, 422);
    check("application/pdf", &hevy(&["Pull Up"]), 415);
    check("", &hevy(&["Pull Up"]), 415);
    check("text/csv", &" ".repeat(5 * 1024 * 1024 + 1), 413);
    let bad = api.import(&key, "", &hevy(&["Pull Up"; 20]).replace(",5,,,8", ",5,,,11"));
    assert_eq!((bad.status, &bad.body["code"]), (422, &json!("unreadable_file")));
    assert_eq!(bad.body["detail"], "no row of the file can be imported");
    assert_eq!(
        (&bad.body["errors_total"], &bad.body["errors"].as_array().unwrap().len()),
        (&json!(20), &1)
    );
    assert_eq!(
        (&bad.body["errors"][0]["line"], &bad.body["errors"][0]["count"]),
        (&json!(2), &json!(20))
    );
    assert_eq!(bad.body["errors"][0]["lines"], json!([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]));
    for (query, parameter) in [
        ("?time_zone=Mars/Olympus", "time_zone"),
        ("?time_zone=%2B23:59", "time_zone"),
        ("?format=excel", "format"),
        ("?columns=[]", "columns"),
        ("?columns={%22when%22:%22Date%22}", "columns"),
        ("?columns={%22date%22:%22Date%22}&format=hevy", "columns"),
        ("?units=stone", "units"),
        ("?locale=tlh", "locale"),
        ("?mapping=[]", "mapping"),
        ("?mapping={", "mapping"),
        ("?mapping={%22a%22:%22no-such-lift%22}", "mapping"),
        ("?dryrun=true", "dryrun"),
    ] {
        let rejected = api.import(&key, query, &hevy(&["Pull Up"]));
        assert_eq!(
            (rejected.status, rejected.error_pointers()),
            (400, vec![parameter.to_owned()]),
            "{query}"
        );
    }
    assert_eq!((api.slices(), api.take_published_slices()), (vec![], vec![]));
    assert_eq!(api.database.query("SELECT * FROM imports"), Vec::<String>::new());
}

#[test]
fn unknown_exercise_name_holds_workouts_back_until_mapped() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let log = hevy(&["Pull Up", "Barbel Bench Pres", "Keg/Toss", "Barbel Bench Pres"]);
    let import = api.import(&key, "", &log);
    assert_eq!(import.body["held_workouts"], 3);
    let unmatched = import.body["unmatched"].as_array().unwrap();
    assert_eq!(unmatched.len(), 2);
    assert_eq!(unmatched[0]["name"], "Barbel Bench Pres");
    assert_eq!((&unmatched[0]["workouts"], &unmatched[0]["sets"]), (&json!(2), &json!(2)));
    assert_eq!(unmatched[0]["proposals"][0], "barbell-bench-press");
    assert_eq!(api.take_published_slices().len(), 1);
    let path = format!("{}/mapping", import.location());
    let map = |mapping: Value| api.put(&key, &path, &json!({ "mapping": mapping }));
    let bench = "barbell-bench-press";
    let check = |mapping: Value, pointers: &[&str]| {
        assert_eq!(map(mapping).error_pointers(), pointers);
        assert_eq!(api.slices()[1], json!({ "slice": 1, "state": "held" }));
        assert_eq!(api.take_published_slices(), []);
    };
    check(json!({ "Barbel Bench Pres": bench }), &["/mapping/Keg~1Toss"]);
    check(json!({}), &["/mapping/Barbel Bench Pres", "/mapping/Keg~1Toss"]);
    check(json!({ "Keg/Toss": "no-lift", "Barbel Bench Pres": bench }), &["/mapping/Keg~1Toss"]);
    check(json!({ "Keg/Toss": 7 }), &["/mapping/Keg~1Toss"]);
    check(json!(["Keg/Toss"]), &["/mapping"]);
    let released = map(json!({ "Barbel Bench Pres": bench, "Keg/Toss": null }));
    assert_eq!((released.status, &released.body["status"]), (202, &json!("running")));
    assert_eq!(
        (&released.body["left_out_sets"], &released.body["unmatched"]),
        (&json!(1), &json!([]))
    );
    assert_eq!(api.take_published_slices().iter().map(|s| s.slice).collect::<Vec<_>>(), [1]);
    assert_eq!(map(json!({})).status, 409);
}

#[test]
fn mapping_can_come_with_the_file_and_name_own_exercises() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.post(&key, "/v1/exercises", &json!({ "name": "Keg Toss", "primary": ["glutes"] }));
    let log = hevy(&["Keg Tosses", "Wheel Flip", "Nonsense"]);
    let query = "?mapping={%22Wheel%20Flip%22:%22keg-toss%22,%22Nonsense%22:null}";
    let import = api.import(&key, query, &log);
    assert_eq!(import.status, 202, "{}", import.body);
    assert_eq!(
        (&import.body["workouts"], &import.body["unmatched"], &import.body["left_out_sets"]),
        (&json!(2), &json!([]), &json!(1))
    );
}

#[test]
fn file_with_201_unknown_names_is_accepted() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let log = |names: usize| {
        (1..=names).fold(HEVY.to_owned(), |log, n| {
            let day = format!("2025-{:02}-{:02} 17:00:00", n / 28 % 12 + 1, n % 28 + 1);
            format!("{log}Push {n},{day},,,Zzyzx Movement {n:04},,,0,normal,10,10,,,\n")
        })
    };
    let import = api.import(&key, "", &log(201));
    assert_eq!((import.status, &import.body["status"]), (202, &json!("needs_mapping")));
    let unmatched = import.body["unmatched"].as_array().unwrap();
    assert_eq!((unmatched.len(), &import.body["held_workouts"]), (201, &json!(201)));
    let names = unmatched.iter().map(|unmatched| unmatched["name"].as_str().unwrap().to_owned());
    let mapping: BTreeMap<_, _> = names.map(|name| (name, "pull-up")).collect();
    let path = format!("{}/mapping", import.location());
    assert_eq!(api.put(&key, &path, &json!({ "mapping": mapping })).status, 202);
    let stored = api.get(&key, "/v1/me/exercise-names").body;
    assert_eq!(stored["mapping"], json!(mapping));
    // As many as a mapping can name.
    assert_eq!(api.import(&key, "?dry_run=true", &log(1_201)).status, 200);
    let other = api.create_athlete();
    assert_eq!(api.import(&other, "", &log(1_000)).status, 202);
    assert_eq!(api.import(&other, "", &log(1_001)).status, 422);
}

#[test]
fn mapped_names_are_replaced_and_bounded() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let put =
        |mapping: Value| api.put(&key, "/v1/me/exercise-names", &json!({ "mapping": mapping }));
    assert_eq!(put(json!({ "A": "pull-up", "B": null })).status, 200);
    assert_eq!(put(json!({ "B/C": "no-lift" })).error_pointers(), ["/mapping/B~1C"]);
    let long = "x".repeat(201);
    let stored = put(json!({ "B": "dip", long.as_str(): "dip" }));
    assert_eq!(stored.body["mapping"], json!({ "B": "dip" }));
    let names = |first: usize| -> Value {
        (first..first + 1_000).map(|n| (format!("N{n:04}"), json!("dip"))).collect()
    };
    assert_eq!(put(names(0)).status, 200);
    // The names of a later import replace the oldest.
    api.clock.advance_ms(1_000);
    let query = "?mapping={%22Quux%22:%22pull-up%22}";
    assert_eq!(api.import(&key, query, &hevy(&["Quux", "N0998"])).status, 202);
    let mapping = api.get(&key, "/v1/me/exercise-names").body["mapping"].clone();
    let stored = mapping.as_object().unwrap();
    assert_eq!((stored.len(), stored.contains_key("Quux")), (1_000, true));
    assert!(!stored.contains_key("N0999"), "the last of equally old names is forgotten");
    // A name of an exercise that was deleted since is unknown.
    api.post(&key, "/v1/exercises", &json!({ "name": "Own", "primary": ["glutes"] }));
    assert_eq!(put(json!({ "My Own": "own" })).status, 200);
    let preview = api.import(&key, "?dry_run=true", &hevy(&["My Own"]));
    assert_eq!(preview.body["unmatched"], json!([]));
    api.delete(&key, "/v1/exercises/own");
    let preview = api.import(&key, "?dry_run=true", &hevy(&["My Own"]));
    assert_eq!(preview.body["unmatched"][0]["name"], "My Own");
}

#[test]
fn sweep_sends_unpublished_slices() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.sink.fail_next(10);
    assert_eq!(api.import(&key, "", &hevy(&["Pull Up", "Nonsense"])).status, 202);
    api.sink.fail_next(0);
    run(api.app.sweep());
    assert_eq!(api.take_published_slices(), [], "its event may still be in transit");
    api.clock.advance_ms(60_000);
    run(api.app.sweep());
    let sent = api.take_published_slices();
    assert_eq!(
        sent.iter().map(|slice| slice.slice).collect::<Vec<_>>(),
        [0],
        "a held slice is not sent"
    );
    run(api.app.sweep());
    assert_eq!(api.take_published_slices(), []);
    api.clock.advance_ms(60_000);
    run(api.app.sweep());
    assert_eq!(api.take_published_slices(), sent);
    api.database.execute("UPDATE import_slices SET state = 'done' WHERE slice = 0");
    api.clock.advance_ms(86_400_000);
    run(api.app.sweep());
    assert_eq!(api.take_published_slices(), []);
}

#[test]
fn concurrent_mappings_import_only_once() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let import = api.import(&key, "", &hevy(&["Nonsense"]));
    let counted = "UPDATE import_slices SET state = 'done', workouts = '[]'; \
                   UPDATE imports SET finished_at_ms = 1764500000000";
    api.database.fail_after(3, DatabaseFault::Interleaved(counted));
    let path = format!("{}/mapping", import.location());
    let late = api.put(&key, &path, &json!({ "mapping": { "Nonsense": "pull-up" } }));
    assert_eq!((late.status, &late.body["status"]), (202, &json!("completed")));
    assert_eq!(late.body["finished_at"], "2025-11-30T10:53:20.000Z");
    assert_eq!(api.slices(), [json!({ "slice": 0, "state": "done" })]);
}

/// An export with one workout.
fn export() -> Value {
    json!({ "format": "bulktrack", "version": 1, "exercises": [], "workouts": [bench_workout(1)] })
}

impl TestApi {
    fn import_json(&self, key: &str, query: &str, export: &Value) -> TestResponse {
        self.import_as(key, query, "application/json", &export.to_string())
    }
}

#[test]
fn wrong_types_and_unknown_fields_of_an_export_are_rejected() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |change: &dyn Fn(&mut Value), pointer: &str| {
        let mut export = export();
        change(&mut export);
        let rejected = api.import_json(&key, "", &export);
        assert_eq!((rejected.status, rejected.error_pointers()), (422, vec![pointer.to_owned()]));
    };
    check(&|export| export["exercises"] = json!(0), "/exercises");
    check(&|export| export["exercises"] = Value::Null, "/exercises");
    check(&|export| export["workouts"] = json!({}), "/workouts");
    check(&|export| export["workout"] = json!([]), "/workout");
    check(&|export| export["version"] = json!("1"), "/version");
    check(&|export| export["workouts"][0]["own_exercises"] = json!(0), "/workouts/0/own_exercises");
    check(&|export| export["workouts"][0]["titel"] = json!("x"), "/workouts/0/titel");
    check(&|export| export["workouts"][0] = json!([]), "/workouts/0");
    let own = json!([{ "slug": "my-press", "name": "My Press", "primary": ["tail"] }]);
    let pointer = "/workouts/0/own_exercises/0/primary/0";
    check(&|export| export["workouts"][0]["own_exercises"] = own.clone(), pointer);
    assert_eq!(api.slices(), Vec::<Value>::new());
}

#[test]
fn imported_workout_of_over_24_hours_has_no_end() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let stored = |import: TestResponse| {
        assert_eq!(
            (import.status, &import.body["errors_total"]),
            (202, &json!(0)),
            "{}",
            import.body
        );
        let rows = api.database.query("SELECT workouts FROM import_slices");
        api.database.execute("DELETE FROM import_slices");
        let row: Value = serde_json::from_str(&rows[0]).unwrap();
        let workouts: Value = serde_json::from_str(row["workouts"].as_str().unwrap()).unwrap();
        workouts[0]["workout"].clone()
    };
    let mut long = export();
    long["workouts"][0]["ended_at"] = json!("2026-11-24T08:00:01+01:00");
    long["workouts"][0]["exercises"][0]["sets"][0]["id"] = json!(1_000_000);
    let workout = stored(api.import_json(&key, "", &long));
    assert_eq!(workout["ended_at"], workout["started_at"]);
    assert_eq!(workout["exercises"][0]["sets"][0]["id"], 1, "ids of sets are the server's");
    let csv = hevy(&["Pull Up"]).replace("2025-03-01 18:00:00", "2025-03-02 17:00:01");
    let workout = stored(api.import(&key, "", &csv));
    assert_eq!(workout["ended_at"], workout["started_at"]);
    let mut leap = export();
    leap["workouts"][0]["ended_at"] = json!("2026-11-23T08:30:60+01:00");
    let workout = stored(api.import_json(&key, "", &leap));
    assert_eq!(workout["ended_at"], "2026-11-23T08:30:59+01:00");
}

#[test]
fn exercise_of_an_export_with_known_name_is_reused() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let own = |slug: &str, name: &str| json!({ "slug": slug, "name": name, "primary": ["chest"] });
    api.post(&key, "/v1/exercises", &json!({ "name": "My Press", "primary": ["chest"] }));
    let mut export = export();
    export["exercises"] = json!([own("other-press", "Press, my"), own("new-press", "New Press")]);
    export["workouts"][0]["exercises"][0]["exercise"] = json!("other-press");
    export["workouts"][0]["own_exercises"] = json!([own("other-press", "Press, my")]);
    assert_eq!(api.import_json(&key, "", &export).status, 202);
    let slugs = api.database.query("SELECT slug FROM exercises ORDER BY slug");
    assert_eq!(slugs, [r#"{"slug":"my-press"}"#, r#"{"slug":"new-press"}"#]);
    let slices = api.database.query("SELECT workouts FROM import_slices").concat();
    assert!(slices.contains("my-press") && !slices.contains("other-press"), "{slices}");
}

#[test]
fn replayed_import_stores_nothing_and_returns_the_import() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let post = |log: &str| {
        let bearer = format!("Bearer {key}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "text/csv"),
            ("idempotency-key", "k"),
        ];
        TestResponse::from_http(api.send("POST", "/v1/imports", &headers, log.as_bytes()))
    };
    let first = post(&hevy(&["Pull Up"]));
    assert_eq!(first.headers.get("idempotency-replayed"), None);
    assert_eq!(api.take_published_slices().len(), 1);
    let replayed = post(&hevy(&["Pull Up"]));
    assert_eq!((replayed.status, &replayed.body), (202, &first.body));
    assert_eq!(replayed.headers["idempotency-replayed"], "true");
    assert_eq!(api.take_published_slices(), []);
    assert_eq!(post(&hevy(&["Dip"])).body["code"], "idempotency_key_reused");
    assert_eq!(api.database.query("SELECT 1 FROM imports").len(), 1);
}

#[test]
fn export_has_the_current_name_of_a_renamed_exercise() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let define = |method: &str, path: &str, name: &str| {
        let body = json!({ "name": name, "primary": ["chest"] });
        assert!(api.call(&key, method, path, Some(&body)).status < 300);
    };
    define("POST", "/v1/exercises", "My Press");
    let mut workout = bench_workout(1);
    workout["exercises"][0]["exercise"] = json!("my-press");
    api.create_workout(&key, &workout);
    define("PUT", "/v1/exercises/my-press", "Seal Press");
    for format in ["csv", "json"] {
        let text = api.get(&key, &format!("/v1/export?format={format}")).text;
        assert!(text.contains("Seal Press") && !text.contains("My Press"), "{text}");
    }
    for query in ["format=xml", "from=2026-1-1", "from=2026-11-24&to=2026-11-23", "form=x"] {
        assert_eq!(api.get(&key, &format!("/v1/export?{query}")).status, 400, "{query}");
    }
}
