//! New workouts: round trips, replays and the time zone of a start.

use super::{NOW_MS, at, create, id, key, origin, workout};
use chrono::FixedOffset;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;
use storage::workouts::{self, Creation, StoredWorkout, WorkoutStatus};
use storage::{Conflict, Guarded, Rejection};
use testkit::{Sqlite, create_athlete, run};

fn stored(created: Guarded<Creation<StoredWorkout>>) -> StoredWorkout {
    match created.unwrap() {
        Creation::Stored(workout) => workout,
        Creation::Replayed(workout) => panic!("replayed: {workout:?}"),
    }
}

fn replayed(created: Guarded<Creation<StoredWorkout>>) -> StoredWorkout {
    match created.unwrap() {
        Creation::Replayed(workout) => workout,
        Creation::Stored(workout) => panic!("stored: {workout:?}"),
    }
}

#[test]
fn workout_is_created_in_one_round_trip() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let workout = workout("2026-11-23T08:00:00+01:00", &Value::Null);
    for (n, key) in [(1, None), (2, Some(key("k", "hash")))] {
        let before = database.round_trips();
        let created = stored(create(&database, &proof, n, &workout, key.as_ref()));
        assert_eq!(database.round_trips() - before, 1);
        assert_eq!(created, run(workouts::get(&database, &proof, created.workout_id)).unwrap());
        assert_eq!(created.workout_id == id(n), key.is_none(), "derived from the key");
    }
}

#[test]
fn statement_of_a_post_scans_and_sorts_nothing() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let seen = Rc::new(RefCell::new(Vec::new()));
    let statements = Rc::clone(&seen);
    database.observe(move |sql, _, _| statements.borrow_mut().push(sql));
    let workout = workout("2026-11-23T08:00:00+01:00", &Value::Null);
    stored(create(&database, &proof, 1, &workout, Some(&key("k", "hash"))));
    let statements = seen.take();
    assert_eq!(statements.len(), 2, "the insert and the commit: {statements:?}");
    let plan = database.query_plan(statements[0]);
    println!("{}", plan.join("\n"));
    assert!(!plan.is_empty());
    for step in plan {
        assert!(!step.contains("SCAN") && !step.contains("TEMP B-TREE"), "{step}");
    }
}

#[test]
fn replay_returns_the_workout_as_it_is_now() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let workout = workout("2026-11-23T08:00:00+01:00", &Value::Null);
    let key = key("k", "hash");
    let first = stored(create(&database, &proof, 1, &workout, Some(&key))).workout_id;
    database
        .execute("UPDATE workouts SET revision = 4, document = json_set(document, '$.title', 'B')");
    let before = database.round_trips();
    let replay = replayed(create(&database, &proof, 2, &workout, Some(&key)));
    assert_eq!(database.round_trips() - before, 2);
    assert_eq!((replay.workout_id, replay.revision), (first, 4));
    assert_eq!(replay.document().unwrap().title.as_deref(), Some("B"));
    let deleted = run(workouts::delete(&database, &proof, first, None, &origin(None, NOW_MS)));
    assert_eq!(deleted.unwrap().status, WorkoutStatus::Deleted);
    let gone = create(&database, &proof, 3, &workout, Some(&key));
    assert!(matches!(gone, Err(Rejection::Conflict(Conflict::WorkoutDeleted))), "{gone:?}");
    assert_eq!(database.query("SELECT 1 FROM workouts").len(), 1);
}

#[test]
fn key_of_another_request_is_rejected() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let workout = workout("2026-11-23T08:00:00+01:00", &Value::Null);
    stored(create(&database, &proof, 1, &workout, Some(&key("k", "hash"))));
    let check = |key| {
        let reused = create(&database, &proof, 2, &workout, Some(&key));
        let reused = matches!(reused, Err(Rejection::Conflict(Conflict::IdempotencyKeyReused)));
        assert!(reused, "{key:?}");
    };
    check(key("k", "other"));
    let other = create_athlete(&database, 2);
    stored(create(&database, &other, 2, &workout, Some(&key("k", "hash"))));
}

#[test]
fn rejected_workout_is_explained_and_leaves_no_key() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let mut unknown = workout("2026-11-23T08:00:00+01:00", &Value::Null);
    unknown.exercises[0].exercise = "my-press".to_owned();
    let key = key("k", "hash");
    let rejected = create(&database, &proof, 1, &unknown, Some(&key)).unwrap_err();
    let slugs = BTreeSet::from(["my-press".to_owned()]);
    assert!(matches!(rejected, Rejection::UnknownExercises(found) if found == slugs));
    database.execute("UPDATE api_keys SET revoked_at_ms = 1");
    let rejected = create(&database, &proof, 1, &unknown, Some(&key));
    assert!(matches!(rejected, Err(Rejection::Unauthorized)), "{rejected:?}");
    assert_eq!(database.query("SELECT 1 FROM workouts").len(), 0);
}

#[test]
fn start_without_an_offset_is_in_the_athletes_zone() {
    let check = |zone: &str, idempotency: bool, round_trips: u64, day: &str, start: &str| {
        let database = Sqlite::migrated();
        let proof = create_athlete(&database, 1);
        database.execute(&format!("UPDATE athletes SET time_zone = '{zone}'"));
        let workout = workout("2026-11-23T22:30:00Z", &Value::Null);
        let key = Some(key("k", "hash")).filter(|_| idempotency);
        let offset_in = |zone: &str, _| {
            (zone == "Asia/Tokyo").then(|| FixedOffset::east_opt(9 * 3_600)).flatten()
        };
        let post = |n| {
            let (workout, origin) = (workout.clone(), origin(key.as_ref(), NOW_MS));
            let id = id(n);
            run(workouts::create_in_time_zone(&database, &proof, id, workout, &origin, offset_in))
        };
        let before = database.round_trips();
        let created = stored(post(1));
        assert_eq!(database.round_trips() - before, round_trips, "{zone}");
        assert_eq!(created, run(workouts::get(&database, &proof, created.workout_id)).unwrap());
        assert_eq!(created.document().unwrap().started_at.to_rfc3339(), start);
        assert_eq!(created.snapshot().unwrap().started_at, at("2026-11-23T22:30:00Z"));
        let days = database.query("SELECT local_date FROM workouts");
        assert_eq!(days, [format!(r#"{{"local_date":"{day}"}}"#)]);
        if idempotency {
            assert_eq!(replayed(post(2)).workout_id, created.workout_id);
        }
    };
    for idempotency in [false, true] {
        check("UTC", idempotency, 1, "2026-11-23", "2026-11-23T22:30:00+00:00");
        check("Asia/Tokyo", idempotency, 2, "2026-11-24", "2026-11-24T07:30:00+09:00");
        // A zone that the runtime no longer has counts as UTC.
        check("Mars/Olympus", idempotency, 2, "2026-11-23", "2026-11-23T22:30:00+00:00");
    }
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    database.execute("UPDATE api_keys SET revoked_at_ms = 1");
    let workout = workout("2026-11-23T22:30:00Z", &Value::Null);
    let created = run(workouts::create_in_time_zone(
        &database,
        &proof,
        id(1),
        workout,
        &origin(None, NOW_MS),
        |_, _| None,
    ));
    assert!(matches!(created, Err(Rejection::Unauthorized)), "{created:?}");
}
