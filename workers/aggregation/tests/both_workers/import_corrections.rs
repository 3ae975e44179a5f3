//! Imports of sessions that are stored already, names that are mapped later, and imports that are taken back.

use super::*;
use proptest::prelude::*;

const HEADER: &str = "title,start_time,end_time,description,exercise_title,superset_id,exercise_notes,set_index,\
    set_type,weight_kg,reps,distance_km,duration_seconds,rpe\n";

/// A log of one session on 4 March 2026 with a line for each set: exercise, weight, repetitions and RPE.
fn session(title: &str, sets: &[(&str, &str, u32, &str)]) -> String {
    log_of("2026-03-04", title, sets)
}

fn log_of(day: &str, title: &str, sets: &[(&str, &str, u32, &str)]) -> String {
    HEADER.to_owned() + &lines(day, title, sets)
}

fn lines(day: &str, title: &str, sets: &[(&str, &str, u32, &str)]) -> String {
    let line = |(index, (exercise, kg, reps, rpe)): (usize, &(&str, &str, u32, &str))| {
        format!(
            "{title},{day} 18:00:00,{day} 19:00:00,,{exercise},,,{index},normal,{kg},{reps},,,{rpe}\n"
        )
    };
    sets.iter().enumerate().map(line).collect()
}

const BENCH: &str = "Bench Press (Barbell)";
const V1: [(&str, &str, u32, &str); 1] = [(BENCH, "100", 5, "")];
const V2: [(&str, &str, u32, &str); 2] = [(BENCH, "100", 5, ""), (BENCH, "100", 6, "")];

impl Athlete<'_> {
    /// Imports a CSV file and lets aggregation count it. Returns the counts of imported, updated, duplicate and
    /// conflicting workouts, after those of a dry run were found equal.
    fn import_counts(&self, csv: &str) -> [i64; 4] {
        let (status, preview) =
            self.send("POST", "/v1/imports?dry_run=true&time_zone=UTC", "text/csv", csv);
        assert_eq!(status, 200, "{preview}");
        let preview: Value = serde_json::from_str(&preview).unwrap();
        let import = self.import_csv("?time_zone=UTC", csv);
        self.fixture.consume_queue();
        let done = self.get_import(&import);
        let counts = ["updated", "duplicates", "conflicts_total"];
        let previewed = counts.map(|name| preview[name].as_i64().unwrap());
        let [updated, duplicates, conflicts] = counts.map(|name| done[name].as_i64().unwrap());
        assert_eq!(previewed, [updated, duplicates, conflicts], "{preview} {done}");
        assert_eq!(preview["to_import"], done["imported"]);
        assert_eq!(preview["conflicts"], done["conflicts"]);
        [done["imported"].as_i64().unwrap(), updated, duplicates, conflicts]
    }

    fn workouts(&self) -> Vec<Value> {
        self.get("/v1/workouts?limit=100")["items"].as_array().unwrap().clone()
    }

    fn map(&self, import: &Value, mapping: &Value) -> Value {
        let path = format!("/v1/imports/{}/mapping", import["id"].as_str().unwrap());
        self.send_ok("PUT", &path, &json!({ "mapping": mapping }))
    }

    fn take_back(&self, import: &Value) -> Value {
        let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
        let undone = self.send_ok("DELETE", &path, &Value::Null);
        self.fixture.consume_queue();
        undone
    }
}

fn sets(workout: &Value) -> Vec<Value> {
    let exercises = workout["exercises"].as_array().unwrap().iter();
    exercises.flat_map(|exercise| exercise["sets"].as_array().unwrap().clone()).collect()
}

#[test]
fn corrected_export_updates_the_session_it_describes() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    assert_eq!(ada.import_counts(&session("Push", &V1)), [1, 0, 0, 0]);
    let id = ada.workouts()[0]["id"].clone();
    assert_eq!(ada.import_counts(&session("Push", &V2)), [0, 1, 0, 0]);
    assert_eq!(ada.import_counts(&session("Push A", &V1)), [0, 1, 0, 0]);
    assert_eq!(ada.import_counts(&session("Push A", &V1)), [0, 0, 1, 0]);
    let workouts = ada.workouts();
    assert_eq!(workouts.len(), 1, "{workouts:?}");
    assert_eq!((&workouts[0]["id"], &workouts[0]["title"]), (&id, &json!("Push A")));
    assert_eq!(sets(&workouts[0]).len(), 2);
    // The volume is that of a single import of all that is known.
    let bob = fixture.create_athlete();
    bob.import_counts(&session("Push A", &V2));
    assert_eq!(ada.totals(), bob.totals());
    assert_eq!(ada.get("/v1/volume/weekly")["pending"], 0);
}

#[test]
fn session_with_other_sets_is_reported_and_not_doubled() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.import_counts(&session("Push", &V2));
    let before = (ada.totals(), ada.workouts());
    let log = session("Push", &[(BENCH, "100", 5, ""), (BENCH, "105", 6, "")]);
    assert_eq!(ada.import_counts(&log), [0, 0, 0, 1]);
    assert_eq!((ada.totals(), ada.workouts()), before);
    let imports = ada.get("/v1/imports?limit=1");
    let import = ada.get_import(&imports["items"][0]);
    let conflict =
        json!({ "workout_id": before.1[0]["id"], "date": "2026-03-04", "title": "Push" });
    assert_eq!(import["conflicts"], json!([conflict]));
    assert_eq!(imports["items"][0]["conflicts"], json!([]));
}

#[test]
fn import_changes_nothing_that_a_person_edited_or_posted() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.import_counts(&session("Push", &V1));
    let mut workout = ada.workouts()[0].clone();
    workout["notes"] = json!("mine");
    let path = format!("/v1/workouts/{}", workout["id"].as_str().unwrap());
    ada.send_ok("PUT", &path, &workout);
    ada.post_workout(&bench("2026-03-05T18:00:30Z", 100.0, 5));
    fixture.consume_queue();
    let before = ada.workouts();
    assert_eq!(ada.import_counts(&session("Push", &V2)), [0, 0, 0, 1]);
    assert_eq!(ada.import_counts(&session("Push A", &V1)), [0, 0, 1, 0]);
    assert_eq!(ada.import_counts(&log_of("2026-03-05", "Push", &V1)), [0, 0, 1, 0]);
    assert_eq!(ada.import_counts(&log_of("2026-03-05", "Push", &V2)), [0, 0, 0, 1]);
    assert_eq!(ada.workouts(), before);
}

#[test]
fn other_app_describes_the_same_session_under_another_title() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.import_counts(&session("Push", &V2));
    let strong = "Date,Workout Name,Duration,Exercise Name,Set Order,Weight,Reps,Distance,Seconds,Notes,Workout Notes,RPE\n\
        2026-03-04 18:00:30,Evening,1h,Bench Press (Barbell),1,100,5,0,0,,,\n\
        2026-03-04 18:00:30,Evening,1h,Bench Press (Barbell),2,100,6,0,0,,,\n";
    assert_eq!(ada.import_counts(strong), [0, 0, 1, 0]);
    let later = strong.replace("18:00:30", "18:20:00");
    assert_eq!(ada.import_counts(&later), [0, 0, 1, 0]);
    assert_eq!(ada.import_counts(&later.replace("100", "50")), [1, 0, 0, 0]);
    assert_eq!(ada.workouts().len(), 2);
}

#[test]
fn failed_row_is_brought_in_by_the_corrected_file() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let wrong = session("Push", &V2).replace("100,6", "100,six");
    assert_eq!(ada.import_counts(&wrong), [1, 0, 0, 0]);
    assert_eq!(ada.import_counts(&session("Push", &V2)), [0, 1, 0, 0]);
    assert_eq!(sets(&ada.workouts()[0]).len(), 2);
}

#[test]
fn unknown_exercise_leaves_the_rest_counted_until_it_is_mapped() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let log = session("Legs", &[("Quux", "20", 12, ""), (BENCH, "100", 5, "")]);
    let import = ada.import_csv("?time_zone=UTC", &log);
    assert_eq!(
        (&import["partial_workouts"], &import["held_workouts"], &import["workouts"]),
        (&json!(1), &json!(0), &json!(1))
    );
    fixture.consume_queue();
    let held = ada.get_import(&import);
    assert_eq!((&held["status"], &held["imported"]), (&json!("needs_mapping"), &json!(1)));
    assert_eq!(ada.workouts()[0]["totals"]["tonnage_kg"], 500.0);
    // The same file again finds the workout, whatever is unknown in it.
    assert_eq!(ada.import_counts(&log), [0, 0, 1, 0]);
    ada.map(&import, &json!({ "Quux": "leg-press" }));
    fixture.consume_queue();
    let done = ada.get_import(&import);
    assert_eq!(
        (&done["status"], &done["imported"], &done["updated"], &done["duplicates"]),
        (&json!("completed"), &json!(1), &json!(0), &json!(0))
    );
    let workouts = ada.workouts();
    assert_eq!((workouts.len(), sets(&workouts[0]).len()), (1, 2));
    assert_eq!(workouts[0]["exercises"][0]["exercise"], "leg-press");
    // The mapping of the other import adds nothing any more.
    let items = ada.get("/v1/imports")["items"].clone();
    ada.map(&items[0], &json!({}));
    fixture.consume_queue();
    assert_eq!(ada.workouts(), workouts);
    let bob = fixture.create_athlete();
    bob.import_counts(&log.replace("Quux", "Leg Press"));
    assert_eq!(ada.totals(), bob.totals());
}

#[test]
fn names_left_out_leave_the_counted_part_as_it_is() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let log = session("Legs", &[("Quux", "20", 12, ""), (BENCH, "100", 5, "")]);
    let import = ada.import_csv("", &log);
    fixture.consume_queue();
    let before = ada.workouts();
    let mapped = ada.map(&import, &json!({ "Quux": null }));
    fixture.consume_queue();
    assert_eq!((&mapped["left_out_sets"], &mapped["unmatched"]), (&json!(1), &json!([])));
    assert_eq!(ada.get_import(&import)["status"], "completed");
    assert_eq!(ada.workouts(), before);
}

#[test]
fn later_import_with_the_name_completes_the_workout() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let log = session("Legs", &[("Quux", "20", 12, ""), (BENCH, "100", 5, "")]);
    ada.import_counts(&log);
    let mapping = json!({ "mapping": { "quux": "leg-press" } });
    assert_eq!(ada.send_ok("PUT", "/v1/me/exercise-names", &mapping), mapping);
    assert_eq!(ada.import_counts(&log), [0, 1, 0, 0]);
    assert_eq!(sets(&ada.workouts()[0]).len(), 2);
}

#[test]
fn mapping_is_remembered_for_the_next_import() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let first = log_of("2026-01-14", "Legs", &[("Quux", "80", 10, "")]);
    let import = ada.import_csv("?time_zone=UTC", &first);
    ada.map(&import, &json!({ "Quux": "hack-squat" }));
    fixture.consume_queue();
    let second = first + &lines("2026-01-21", "Legs", &[("Quux", "82.5", 10, "")]);
    assert_eq!(ada.import_counts(&second), [1, 0, 1, 0]);
    // One of a query too, which replaces what was mapped before.
    let query = "?time_zone=UTC&mapping={%22Quux%22:%22leg-press%22}";
    ada.import_csv(query, &log_of("2026-01-28", "Legs", &[("Quux", "80", 10, "")]));
    let names = ada.get("/v1/me/exercise-names");
    assert_eq!(names, json!({ "mapping": { "Quux": "leg-press" } }));
    let none = json!({ "mapping": {} });
    assert_eq!(ada.send_ok("PUT", "/v1/me/exercise-names", &none), none);
    let import = ada.import_csv("", &log_of("2026-02-04", "Legs", &[("Quux", "80", 10, "")]));
    assert_eq!(import["unmatched"][0]["name"], "Quux");
    let bob = fixture.create_athlete();
    assert_eq!(bob.get("/v1/me/exercise-names"), none);
}

#[test]
fn undone_import_leaves_the_volume_as_it_was() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    ada.import_counts(&session("Push", &V1));
    let before = ada.totals();
    // It updates one workout, and brings three; one of these is edited, and one deleted.
    let mut log = session("Push", &V1);
    for day in ["2026-03-06", "2026-03-08", "2026-03-10"] {
        log += &lines(day, "Push", &[(BENCH, "110", 5, "")]);
    }
    let import = ada.import_csv("?time_zone=UTC", &log);
    fixture.consume_queue();
    let workouts = ada.workouts();
    let path = |index: usize| format!("/v1/workouts/{}", workouts[index]["id"].as_str().unwrap());
    ada.send_ok("DELETE", &path(0), &Value::Null);
    let mut edited = workouts[1].clone();
    edited["notes"] = json!("mine");
    ada.send_ok("PUT", &path(1), &edited);
    fixture.consume_queue();
    for _ in 0..2 {
        let undone = ada.take_back(&import);
        assert_eq!(
            (&undone["status"], &undone["imported"], &undone["removed"], &undone["kept"]),
            (&json!("undone"), &json!(3), &json!(1), &json!(1))
        );
        assert!(undone["undone_at"].is_string());
    }
    assert_eq!(ada.workouts().len(), 2);
    ada.send_ok("DELETE", &path(1), &Value::Null);
    fixture.consume_queue();
    assert_eq!(ada.totals(), before);
    let changes = ada.get("/v1/workouts/events?limit=100")["items"].clone();
    let deleted = changes.as_array().unwrap().iter().filter(|change| change["type"] == "deleted");
    assert_eq!(deleted.count(), 3, "{changes}");
    // It can be imported again.
    assert_eq!(ada.import_counts(&log), [3, 0, 1, 0]);
}

#[test]
fn import_that_is_taken_back_stores_nothing_more() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let log = session("Legs", &[(BENCH, "100", 5, "")])
        + &lines("2026-03-06", "X", &[("Quux", "1", 5, "")]);
    let import = ada.import_csv("", &log);
    let (slices, _) = fixture.take_events();
    let undone = ada.take_back(&import);
    assert_eq!((&undone["status"], &undone["removed"]), (&json!("undone"), &json!(0)));
    assert_eq!(fixture.deliver(&slices), [MessageResult::Ack]);
    assert!(fixture.take_events().1.is_empty(), "it does not finish");
    assert_eq!(ada.workouts(), Vec::<Value>::new());
    let path = format!("/v1/imports/{}/mapping", import["id"].as_str().unwrap());
    let mapping = json!({ "mapping": { "Quux": "leg-press" } }).to_string();
    assert_eq!(ada.send("PUT", &path, "application/json", &mapping).0, 409);
}

#[test]
fn sweep_continues_to_take_a_large_import_back() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let mut log = HEADER.to_owned();
    let first = chrono::NaiveDate::from_ymd_opt(1975, 1, 1).unwrap();
    for day in first.iter_days().take(1_200) {
        log += &lines(&day.to_string(), "Push", &V1);
    }
    let import = ada.import_csv("?time_zone=UTC", &log);
    fixture.consume_queue();
    // The request is interrupted after its first round.
    fixture.database.fail_after(2, DatabaseFault::BeforeCommit);
    let path = format!("/v1/imports/{}", import["id"].as_str().unwrap());
    assert_eq!(ada.send("DELETE", &path, "", "").0, 503);
    assert_eq!(ada.get_import(&import)["status"], "undoing");
    for _ in 0..3 {
        fixture.sweep_after_minutes(1);
        fixture.consume_queue();
    }
    let undone = ada.get_import(&import);
    assert_eq!((&undone["status"], &undone["removed"]), (&json!("undone"), &json!(1_200)));
    assert_eq!(ada.workouts(), Vec::<Value>::new());
    assert_eq!(ada.get("/v1/volume/weekly?from=1975-01-01&to=1978-12-31")["pending"], 0);
    assert_eq!(ada.get("/v1/records")["items"], json!([]));
}

#[test]
fn imports_are_listed_newest_first_in_pages() {
    let fixture = Fixture::new();
    let (ada, bob) = (fixture.create_athlete(), fixture.create_athlete());
    let mut ids = Vec::new();
    for day in ["2026-03-01", "2026-03-02", "2026-03-03"] {
        fixture.clock.advance_ms(1_000);
        ids.insert(0, ada.import_csv("", &log_of(day, "Push", &V1))["id"].clone());
    }
    let mut listed = Vec::new();
    let mut path = "/v1/imports?limit=2".to_owned();
    loop {
        let page = ada.get(&path);
        let items = page["items"].as_array().unwrap();
        listed.extend(items.iter().map(|item| item["id"].clone()));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/v1/imports?limit=2&cursor={cursor}");
    }
    assert_eq!(listed, ids);
    assert_eq!(bob.get("/v1/imports"), json!({ "items": [], "next_cursor": null }));
    let path = format!("/v1/imports/{}", ids[0].as_str().unwrap());
    assert_eq!(bob.send("DELETE", &path, "", "").0, 404);
}

#[test]
fn faults_while_sessions_are_updated_lose_and_double_nothing() {
    let log = |sets: &[_]| {
        let days = ["2026-03-04", "2026-03-06", "2026-03-08"];
        HEADER.to_owned() + &days.map(|day| lines(day, "Push", sets)).concat()
    };
    let expected = {
        let fixture = Fixture::new();
        let ada = fixture.create_athlete();
        ada.import_counts(&log(&V2));
        ada.totals()
    };
    for fault in [DatabaseFault::BeforeCommit, DatabaseFault::AfterCommit] {
        for successes in 0..6 {
            let fixture = Fixture::new();
            let ada = fixture.create_athlete();
            ada.import_counts(&log(&V1));
            let import = ada.import_csv("?time_zone=UTC", &log(&V2));
            let (slices, _) = fixture.take_events();
            fixture.database.fail_after(successes, fault);
            assert_eq!(fixture.deliver(&slices), [MessageResult::Retry { delay_s: 1 }]);
            assert_eq!(fixture.deliver(&slices), [MessageResult::Ack]);
            assert_eq!(fixture.deliver(&slices), [MessageResult::Ack]);
            let done = ada.get_import(&import);
            let counts = (&done["updated"], &done["imported"], &done["duplicates"]);
            assert_eq!(counts, (&json!(3), &json!(0), &json!(0)), "{fault:?} {successes}");
            assert_eq!(ada.totals(), expected, "{fault:?} {successes}");
            assert_eq!(ada.workouts().len(), 3);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any sequence of versions of one log leaves each session once, and taking back what comes after leaves the volume
    /// as it was before.
    #[test]
    fn versions_of_a_log_never_double_a_session(
        versions in prop::collection::vec((1..4_usize, 0..3_usize, any::<bool>()), 1..6),
    ) {
        let fixture = Fixture::new();
        let ada = fixture.create_athlete();
        let all = [(BENCH, "100", 5, "8"), (BENCH, "102.5", 5, ""), ("Quux", "20", 12, "")];
        for (days, titles, is_mapped) in versions {
            let mut log = HEADER.to_owned();
            for day in ["2026-03-04", "2026-03-06", "2026-03-08"].iter().take(days) {
                log += &lines(day, ["Push", "Pull", ""][titles], &all[..=((days + titles) % 3)]);
            }
            if is_mapped {
                ada.send_ok("PUT", "/v1/me/exercise-names", &json!({ "mapping": { "Quux": "leg-press" } }));
            }
            ada.import_counts(&log);
            let workouts = ada.workouts();
            let days: std::collections::BTreeSet<_> =
                workouts.iter().map(|workout| workout["local_date"].to_string()).collect();
            prop_assert_eq!(days.len(), workouts.len());
        }
        let before = ada.totals();
        let log = log_of("2025-03-04", "Push", &all) + &lines("2026-01-05", "New", &all);
        let import = ada.import_csv("?time_zone=UTC&mapping={%22Quux%22:null}", &log);
        fixture.consume_queue();
        prop_assert!(ada.totals() != before);
        ada.take_back(&import);
        prop_assert_eq!(ada.totals(), before);
    }
}
