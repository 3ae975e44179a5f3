//! Imports at their limits: statements of D1, large slices, and workouts of one second.

use super::*;
use std::cell::Cell;
use std::fmt::Write;

/// The statements that D1 allows an invocation.
const STATEMENTS_MAX: usize = 1_000;

/// Counts the statements of all databases from now on.
fn count_statements(fixture: &Fixture) -> Rc<Cell<usize>> {
    let count = Rc::<Cell<usize>>::default();
    for database in fixture.database.all() {
        let count = Rc::clone(&count);
        database.observe(move |sql, _, _| count.set(count.get() + usize::from(sql != "COMMIT")));
    }
    count
}

/// Returns an export with workouts that start at these seconds after 2000, each with as many hard sets.
fn export(starts: impl Iterator<Item = u32>, sets: usize, notes: &str) -> String {
    let set = r#"{"kind":"working","weight_kg":50,"reps":8}"#;
    let sets = vec![set; sets].join(",");
    let mut text = r#"{"format":"bulktrack","version":1,"workouts":["#.to_owned();
    for (index, start) in starts.enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let start = chrono::DateTime::from_timestamp(946_684_800 + i64::from(start), 0).unwrap();
        let at = start.format("%FT%TZ");
        let _ = write!(
            text,
            r#"{comma}{{"started_at":"{at}","ended_at":"{at}",{notes}"exercises":[{{"exercise":"pull-up","sets":[{sets}]}}]}}"#
        );
    }
    text + "]}"
}

fn import(athlete: &Athlete<'_>, query: &str, export: &str) -> Value {
    let path = format!("/v1/imports{query}");
    let (status, text) = athlete.send("POST", &path, "application/json", export);
    assert!([200, 202].contains(&status), "{text}");
    serde_json::from_str(&text).unwrap()
}

#[test]
fn largest_import_stays_within_the_statements_of_d1() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    // 50 workouts are a slice, and here a week, so that each slice crosses landmarks.
    let starts = (0_u32..).map(|n| n * 12_096);
    let one = export(starts.clone().take(1), 1, "").len();
    let workouts = 5 * 1024 * 1024 / one;
    let log = export(starts.take(workouts), 1, "");
    assert!(log.len() <= 5 * 1024 * 1024);
    let count = count_statements(&fixture);
    let preview = import(&ada, "?dry_run=true", &log);
    assert_eq!(preview["to_import"], workouts);
    let dry_run = count.replace(0);
    import(&ada, "", &log);
    let post = count.replace(0);
    let (slices, _) = fixture.take_events();
    assert_eq!(slices.len(), workouts.div_ceil(50));
    fixture.deliver(&slices[..100]);
    let batch = count.replace(0);
    println!("{workouts} workouts: dry run {dry_run}, POST {post}, a batch of 100 slices {batch}");
    assert!(slices.len() > 500, "{}", slices.len());
    assert!(dry_run < 20 && post < 30, "{dry_run}, {post}");
    // Small slices are loaded at once; large ones two at a time, which is 50 more.
    assert!(batch + 50 < STATEMENTS_MAX, "{batch}");
}

#[test]
fn large_slices_are_loaded_two_at_a_time() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    let notes = format!(r#""notes":"{}","#, "x".repeat(1_900));
    let log = export((0..330).map(|n| n * 86_400), 130, &notes);
    let created = import(&ada, "", &log);
    let (slices, _) = fixture.take_events();
    let largest = fixture.database.query(
        "SELECT max(octet_length(workouts)) AS bytes FROM import_slices HAVING max(slice) IS NOT NULL",
    );
    assert!(largest[0].as_str() > r#"{"bytes":4"#, "{largest:?}");
    let before = fixture.database.round_trips();
    fixture.deliver(&slices);
    let round_trips = usize::try_from(fixture.database.round_trips() - before).unwrap();
    // Each slice is compared, stored, added to the volume and marked; the import is finished once.
    assert_eq!(round_trips, slices.len() * 4 + slices.len().div_ceil(2) + 1);
    assert_eq!(ada.get_import(&created)["imported"], 330);
}

#[test]
fn workouts_of_one_second_are_imported_within_and_across_slices() {
    let fixture = Fixture::new();
    let ada = fixture.create_athlete();
    // The first two start in one second, and so do the last of the first slice and the first of the second.
    let starts = [0, 0].into_iter().chain(2..50).chain([49, 51]);
    let log = export(starts.map(|n| n * 86_400), 1, "");
    let counts = |import: &Value| (import["imported"].clone(), import["duplicates"].clone());
    let preview = import(&ada, "?dry_run=true", &log);
    assert_eq!((&preview["to_import"], &preview["duplicates"]), (&json!(52), &json!(0)));
    let first = import(&ada, "", &log);
    let (mut slices, _) = fixture.take_events();
    slices.reverse();
    fixture.deliver(&slices);
    fixture.deliver(&slices);
    assert_eq!(counts(&ada.get_import(&first)), (json!(52), json!(0)));
    let preview = import(&ada, "?dry_run=true", &log);
    assert_eq!((&preview["to_import"], &preview["duplicates"]), (&json!(0), &json!(52)));
    let second = import(&ada, "", &log);
    fixture.consume_queue();
    assert_eq!(counts(&ada.get_import(&second)), (json!(0), json!(52)));
}
