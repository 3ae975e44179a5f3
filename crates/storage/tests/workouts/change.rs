//! Changes keep what they do not touch.

use super::{NOW_MS, create, id, key, origin, workout};
use serde_json::{Value, json};
use storage::workouts::{self, Change, Content, StoredWorkout};
use storage::{Guarded, KeyProof, Rejection};
use testkit::{Sqlite, create_athlete, run};
use training::{Grams, LoadType, Workout};

fn get(database: &Sqlite, proof: &KeyProof) -> StoredWorkout {
    run(workouts::get(database, proof, id(1))).unwrap()
}

/// Changes a workout that was read before.
fn change(
    database: &Sqlite,
    proof: &KeyProof,
    current: &StoredWorkout,
    workout: &Workout,
) -> Guarded<StoredWorkout> {
    let content = &Content::replacing(workout, current.document().unwrap()).unwrap();
    let change = Change { current, content, set_id: None };
    run(workouts::change(database, proof, &change, &origin(None, NOW_MS)))
}

/// A workout with an own exercise and a body weight of 72 kg, after which the profile has 90 kg and
/// another definition.
fn old_workout(database: &Sqlite) -> (KeyProof, Workout) {
    let proof = create_athlete(database, 1);
    let define = |load: &str| {
        database.execute(&format!(
            "INSERT INTO exercises (athlete_id, slug, definition, created_at_ms) SELECT athlete_id, \
             'my-lift', '{{\"name\":\"My Lift\",\"mechanic\":\"isolation\",\"force\":\"pull\",\
             \"equipment\":\"cable\",\"load\":{{\"type\":\"{load}\"}},\"primary\":[\"biceps\"]}}', 0 \
             FROM athletes WHERE true ON CONFLICT DO UPDATE SET definition = excluded.definition"
        ));
    };
    let weigh = |grams: i64| {
        database.execute(&format!(
            "INSERT INTO body_weights (athlete_id, day, grams) SELECT athlete_id, '2026-11-01', \
             {grams} FROM athletes WHERE true ON CONFLICT DO UPDATE SET grams = excluded.grams"
        ));
    };
    define("external");
    weigh(72_000);
    let exercises = json!([
        { "exercise": "pull-up", "sets": [{ "id": 1, "kind": "working", "reps": 10 }] },
        { "exercise": "my-lift", "sets": [{ "id": 2, "kind": "working", "weight_kg": 20, "reps": 9 }] },
    ]);
    let workout = workout("2026-11-16T08:00:00+01:00", &json!({ "exercises": exercises }));
    create(database, &proof, 1, &workout, None).unwrap();
    define("per_hand");
    weigh(90_000);
    (proof, workout)
}

#[test]
fn change_keeps_body_weight_and_definitions_until_sets_change() {
    let check = |edit: &dyn Fn(&mut Workout), grams: i64, load: LoadType| {
        let database = Sqlite::migrated();
        let (proof, mut workout) = old_workout(&database);
        edit(&mut workout);
        let changed = change(&database, &proof, &get(&database, &proof), &workout).unwrap();
        assert_eq!(changed, get(&database, &proof));
        assert_eq!(changed.revision, 2);
        assert_eq!(changed.body_weight_grams, Some(Grams(grams)), "{workout:?}");
        assert_eq!(changed.own_exercises["my-lift"].load, load, "{workout:?}");
    };
    check(&|workout| workout.title = Some("Pull".to_owned()), 72_000, LoadType::External);
    check(
        &|workout| workout.exercises[0].notes = Some("slow".to_owned()),
        72_000,
        LoadType::External,
    );
    check(&|workout| workout.exercises[0].sets[0].id = None, 72_000, LoadType::External);
    check(&|workout| workout.body_weight_kg = Some(75.0), 75_000, LoadType::External);
    check(&|workout| workout.exercises[1].sets[0].reps = Some(8), 90_000, LoadType::PerHand);
}

#[test]
fn deleted_exercise_keeps_its_definition_in_a_changed_workout() {
    let database = Sqlite::migrated();
    let (proof, mut workout) = old_workout(&database);
    database.execute("DELETE FROM exercises");
    workout.exercises[1].sets[0].reps = Some(8);
    let changed = change(&database, &proof, &get(&database, &proof), &workout).unwrap();
    assert_eq!(changed.own_exercises["my-lift"].load, LoadType::External);
}

#[test]
fn rejected_change_is_explained_in_a_second_round_trip() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let workout = workout("2026-11-23T08:00:00+01:00", &Value::Null);
    create(&database, &proof, 1, &workout, None).unwrap();
    let current = get(&database, &proof);
    let stale = StoredWorkout { revision: 2, ..current.clone() };
    let missing = StoredWorkout { workout_id: id(2), ..current.clone() };
    let try_change = |current, workout| change(&database, &proof, current, workout);
    assert!(matches!(try_change(&missing, &workout), Err(Rejection::NotFound)));
    assert!(matches!(try_change(&stale, &workout), Err(Rejection::StaleRevision)));
    let mut unknown = workout.clone();
    unknown.exercises[0].exercise = "my-press".to_owned();
    let rejected = try_change(&current, &unknown);
    assert!(matches!(rejected, Err(Rejection::UnknownExercises(_))), "{rejected:?}");
    let before = database.round_trips();
    assert_eq!(try_change(&current, &workout).unwrap().revision, 2);
    assert_eq!(database.round_trips() - before, 1);
    let delete =
        |seen| run(workouts::delete(&database, &proof, id(1), Some(seen), &origin(None, NOW_MS)));
    assert!(matches!(delete(1), Err(Rejection::StaleRevision)));
    assert_eq!(delete(2).unwrap().revision, 3);
    assert!(matches!(delete(3), Err(Rejection::NotFound)));
    database.execute("UPDATE api_keys SET revoked_at_ms = 1");
    assert!(matches!(try_change(&current, &workout), Err(Rejection::Unauthorized)));
    assert!(matches!(delete(3), Err(Rejection::Unauthorized)));
}

/// A client that adds and removes a set again and again, each under a key of its own.
#[test]
fn keys_of_sets_are_bounded_and_the_newest_stay() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let workout = workout("2026-11-16T08:00:00+01:00", &json!({ "ended_at": null }));
    create(&database, &proof, 1, &workout, None).unwrap();
    for set_id in 1..=1_300 {
        let current = &get(&database, &proof);
        let content = &Content::replacing(&workout, current.document().unwrap()).unwrap();
        let change = Change { current, content, set_id: Some(set_id) };
        let key = key(&format!("key {set_id}"), "hash");
        run(workouts::change(&database, &proof, &change, &origin(Some(&key), NOW_MS))).unwrap();
    }
    let bytes = database.query("SELECT octet_length(set_keys) < 50000 AS is_bounded FROM workouts");
    assert_eq!(bytes, [r#"{"is_bounded":1}"#]);
    let replayed = |set_id: u32| {
        let key = key(&format!("key {set_id}"), "hash");
        run(workouts::get_for_edit(&database, &proof, id(1), Some(&key))).unwrap().replayed_set_id
    };
    assert_eq!(replayed(1), None);
    // A workout has at most 500 sets: at least as many keys of removed sets are known.
    for set_id in 300..=1_300 {
        assert_eq!(replayed(set_id), Some(set_id));
    }
}
