//! Lists: the order of instants, local days, changes, and workouts left open.

use super::{NOW_MS, create, id, workout};
use serde_json::Value;
use storage::workouts::{self, ListedWorkout, PageMax, Since, WorkoutQuery};
use storage::{KeyProof, Rejection};
use testkit::{Sqlite, create_athlete, run};

const PAGE_MAX: PageMax = PageMax { rows: 10, bytes: 1_000_000 };

/// Stores workouts with the ids 1, 2, … at these starts.
fn store(database: &Sqlite, proof: &KeyProof, starts: &[&str]) {
    for (n, start) in (1..).zip(starts) {
        create(database, proof, n, &workout(start, &Value::Null), None).unwrap();
    }
}

fn list(database: &Sqlite, proof: &KeyProof, from: &str, to: &str, limit: i64) -> Vec<u128> {
    let day = |text: &str| text.parse().ok();
    let mut page = WorkoutQuery { from: day(from), to: day(to), after: None, limit };
    let mut ids = Vec::new();
    loop {
        let rows = run(workouts::list(database, proof, &page)).unwrap().items;
        ids.extend(rows.iter().map(|row| row.workout.workout_id.0.as_u128()));
        page.after = rows.last().map(ListedWorkout::position);
        if page.after.is_none() {
            return ids;
        }
    }
}

#[test]
fn workouts_are_listed_by_instant_across_the_date_line() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let other = create_athlete(&database, 2);
    store(
        &database,
        &proof,
        &[
            "2026-11-22T20:00:00+13:00",
            // Ten hours later, on the other side of the date line: the day before.
            "2026-11-22T06:00:00-11:00",
            "2026-11-21T20:00:00-11:00",
            "2026-11-22T20:00:00+13:00",
            "2026-11-23T00:00:00+14:00",
            "2026-11-21T23:59:59-12:00",
        ],
    );
    create(&database, &other, 9, &workout("2026-11-22T12:00:00Z", &Value::Null), None).unwrap();
    for limit in [1, 2, 100] {
        assert_eq!(list(&database, &proof, "", "", limit), [2, 6, 5, 4, 3, 1], "{limit}");
        assert_eq!(list(&database, &proof, "2026-11-22", "2026-11-22", limit), [2, 4, 1]);
        assert_eq!(list(&database, &proof, "", "2026-11-21", limit), [6, 3]);
        assert_eq!(list(&database, &proof, "2026-11-23", "", limit), [5]);
    }
}

#[test]
fn list_reads_the_index_in_order() {
    let database = Sqlite::migrated();
    let plan = database.query(
        "EXPLAIN QUERY PLAN SELECT workout_id FROM workouts INDEXED BY workouts_by_start \
         WHERE athlete_id = 'a' AND started_at_ms >= 1 AND (started_at_ms, workout_id) < (2, '') \
         AND local_date BETWEEN '0' AND '9' ORDER BY started_at_ms DESC, workout_id DESC LIMIT 3",
    );
    let plan = plan.join("\n");
    assert!(plan.contains("athlete_id=? AND started_at_ms>? AND"), "{plan}");
    assert!(!plan.contains("TEMP B-TREE"), "{plan}");
}

#[test]
fn position_that_no_change_has_had_is_rejected() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let changes = |since| run(workouts::changes(&database, &proof, since, 10));
    assert_eq!(changes(Since::Change(0)).unwrap().last_seq, 0);
    assert!(matches!(changes(Since::Change(1)), Err(Rejection::UnknownPosition)));
    store(&database, &proof, &["2026-11-22T20:00:00+13:00"]);
    assert_eq!(changes(Since::Change(1)).unwrap().page.items.len(), 0);
    assert!(matches!(changes(Since::Change(20_261_126)), Err(Rejection::UnknownPosition)));
}

#[test]
fn instant_in_the_future_is_the_present() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    store(&database, &proof, &["2026-11-22T20:00:00+13:00"]);
    let found = |instant_ms, now_ms| {
        let since = Since::client_instant(instant_ms, now_ms);
        run(workouts::changes(&database, &proof, since, 10)).unwrap().page.items.len()
    };
    // Stored at NOW_MS by a server, and read by a client whose clock is five minutes fast.
    assert_eq!(found(NOW_MS + 300_000, NOW_MS), 1);
    assert_eq!(found(i64::MAX, NOW_MS), 1);
    assert_eq!(found(NOW_MS + 60_000, NOW_MS + 60_000), 1);
    assert_eq!(found(NOW_MS + 60_001, NOW_MS + 60_001), 0);
}

#[test]
fn workout_is_left_open_by_the_last_call() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    store(&database, &proof, &["2026-11-22T20:00:00Z", "2026-11-21T20:00:00Z"]);
    let tomorrow_ms = NOW_MS + 24 * 3_600_000;
    let left_open = |now_ms| {
        database.execute(&format!("UPDATE workouts SET due_at_ms = {NOW_MS}, resends = 0"));
        let open = run(workouts::take_left_open(&database, now_ms, PAGE_MAX)).unwrap();
        let mut ids: Vec<_> = open.iter().map(|workout| workout.workout_id).collect();
        ids.sort();
        ids
    };
    assert_eq!(left_open(tomorrow_ms + 1), [], "they are completed");
    database.execute("UPDATE workouts SET status = 'in_progress'");
    assert_eq!(left_open(tomorrow_ms), [], "they started a day before the last call");
    database.execute(&format!(
        "UPDATE workouts SET changed_at_ms = {NOW_MS} - (workout_id = '{}')",
        id(1)
    ));
    assert_eq!(left_open(tomorrow_ms), [id(1)]);
    assert_eq!(left_open(tomorrow_ms + 1), [id(1), id(2)]);
    let again = run(workouts::take_left_open(&database, tomorrow_ms + 60_000, PAGE_MAX)).unwrap();
    assert_eq!(again, [], "their next turn is in a minute");
    let again = run(workouts::take_left_open(&database, tomorrow_ms + 60_001, PAGE_MAX)).unwrap();
    assert_eq!(again.len(), 2);
}

#[test]
fn due_workouts_are_taken_by_rows_and_bytes() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    store(&database, &proof, &["2026-11-22T20:00:00Z"; 5]);
    // Documents of 1,000 bytes: the notes have characters of two bytes.
    database.execute(
        "UPDATE workouts SET document = json_set(document, '$.notes', ''); \
         UPDATE workouts SET document = json_set(document, '$.notes', \
         replace(hex(zeroblob((1000 - octet_length(document)) / 2)), '00', 'é')); \
         UPDATE workouts SET document = document || ' ' WHERE octet_length(document) = 999",
    );
    let take = |rows, bytes| {
        database.execute("UPDATE workouts SET due_at_ms = workout_id = workout_id, resends = 0");
        run(workouts::take_overdue(&database, NOW_MS, PageMax { rows, bytes })).unwrap().len()
    };
    let own_exercises = 2;
    for (rows, bytes, taken) in [
        (10, 1_000_000, 5),
        (3, 1_000_000, 3),
        (10, 2 * (1_000 + own_exercises), 2),
        (10, 2 * (1_000 + own_exercises) - 1, 1),
        (10, 1, 1),
    ] {
        assert_eq!(take(rows, bytes), taken, "{rows} rows, {bytes} bytes");
    }
}
