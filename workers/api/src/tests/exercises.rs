//! The catalogue and the athlete's custom exercises.

use super::*;

#[test]
fn catalogue_is_listed() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let body = api.call(&key, "GET", "/v1/exercises", None).body;
    let items = body["items"].as_array().unwrap();
    assert!(items.len() >= 300);
    let bench = items.iter().find(|item| item["slug"] == "barbell-bench-press").unwrap();
    assert_eq!(
        *bench,
        json!({ "slug": "barbell-bench-press", "name": "Barbell Bench Press",
                "aliases": bench["aliases"], "own": false, "kind": "strength",
                "movement": "horizontal_push", "unilateral": false, "mechanic": "compound", "force": "push", "equipment": "barbell",
                "load": { "type": "external" }, "primary": ["chest"],
                "secondary": ["front_delts", "triceps"] })
    );
    let aliases = bench["aliases"].as_array().unwrap();
    assert!(aliases.contains(&json!("Flat Barbell Bench Press")), "{aliases:?}");
}

fn own_exercise(name: &str) -> Value {
    json!({ "name": name, "primary": ["chest"], "load": { "type": "external" } })
}

/// A workout with one set of ten repetitions at 50 kg.
fn workout_with(slug: &str) -> Value {
    let mut workout = bench_workout(1);
    let set = json!({ "kind": "working", "weight_kg": 50, "reps": 10 });
    workout["exercises"] = json!([{ "exercise": slug, "sets": [set] }]);
    workout
}

#[test]
fn own_exercise_is_added_once_under_its_slug() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let full = json!({
        "name": " Développé Zercher ", "aliases": ["ZP"], "mechanic": "compound",
        "force": "pull", "equipment": "barbell", "load": { "type": "bodyweight", "percent": 30 },
        "primary": ["quads", "glutes"], "secondary": ["abs"],
    });
    let added = api.post(&key, "/v1/exercises", &full);
    assert_eq!(added.status, 201, "{}", added.body);
    assert_eq!(added.location(), "/v1/exercises/developpe-zercher");
    let mut expected = full.clone();
    expected["name"] = json!("Développé Zercher");
    expected["slug"] = json!("developpe-zercher");
    expected["kind"] = json!("strength");
    expected["movement"] = json!("other");
    expected["unilateral"] = json!(false);
    expected["own"] = json!(true);
    assert_eq!(added.body, expected);
    assert_eq!(api.get(&key, added.location()).body, expected);
    let status = |key: &str, name: &str| api.post(key, "/v1/exercises", &own_exercise(name)).status;
    for taken in ["developpe zercher", "Barbell Bench Press", "bench press (BARBELL)", "Pullups"] {
        assert_eq!(status(&key, taken), 409, "{taken}");
    }
    let mut shadow = own_exercise("Übung");
    shadow["aliases"] = json!(["Deadlift"]);
    assert_eq!(api.post(&key, "/v1/exercises", &shadow).status, 409);
    assert_eq!(
        status(&api.create_athlete(), "Développé Zercher"),
        201,
        "slugs are unique per athlete"
    );
}

#[test]
fn search_ignores_accents_and_case_in_names_and_aliases() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let mut press = own_exercise("Développé Zercher");
    press["aliases"] = json!(["Squat de porte"]);
    api.post(&key, "/v1/exercises", &press);
    let check = |query: &str, included: &[&str], excluded: &[&str]| {
        let found = api.get(&key, &format!("/v1/exercises{query}")).body;
        let items = found["items"].as_array().unwrap();
        let has = |slug: &&&str| items.iter().any(|item| item["slug"] == **slug);
        assert_eq!(included.iter().filter(|slug| !has(slug)).count(), 0, "{query}: {found}");
        assert_eq!(excluded.iter().filter(has).count(), 0, "{query}: {found}");
    };
    check("?q=DEVELOPPE", &["developpe-zercher"], &["barbell-bench-press"]);
    check("?q=zerch%C3%A9r", &["developpe-zercher"], &["barbell-bench-press"]);
    check("?q=porte", &["developpe-zercher"], &["pull-up"]);
    check(
        "?q=bench%20barb",
        &["barbell-bench-press"],
        &["developpe-zercher", "dumbbell-bench-press"],
    );
    check("?q=crossover", &["cable-fly"], &["pull-up"]);
    check("?q=pullup", &["pull-up"], &["push-up"]);
    check("", &["developpe-zercher", "barbell-bench-press"], &[]);
    check("?q=nothing", &[], &["developpe-zercher", "barbell-bench-press"]);
    check("?kind=cardio", &["running"], &["barbell-bench-press", "stretching"]);
    check("?muscle=chest&equipment=dumbbell", &["dumbbell-fly"], &["cable-fly", "dumbbell-curl"]);
    check("?movement=hinge&q=dumbbell", &["dumbbell-deadlift"], &["deadlift", "dumbbell-curl"]);
}

#[test]
fn own_cardio_has_no_muscles_and_no_hard_sets() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let cardio = json!({ "name": "Sandbag Toss", "kind": "cardio", "movement": "conditioning" });
    let added = api.post(&key, "/v1/exercises", &cardio);
    assert_eq!((added.status, &added.body["primary"]), (201, &json!([])), "{}", added.body);
    let path = api.create_workout(&key, &workout_with("sandbag-toss"));
    let totals = &api.get(&key, &path).body["totals"];
    assert_eq!((&totals["sets"], &totals["hard_sets"]), (&json!(1), &json!(0.0)), "{totals}");
}

#[test]
fn exercise_change_counts_for_workouts_saved_later() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let tonnage = |path: &str| api.get(&key, path).body["totals"]["tonnage_kg"].clone();
    api.post(&key, "/v1/exercises", &own_exercise("My Press"));
    let before = api.create_workout(&key, &workout_with("my-press"));
    let mut changed = own_exercise("My Press");
    changed["load"] = json!({ "type": "per_hand" });
    let response = api.put(&key, "/v1/exercises/my-press", &changed);
    assert_eq!((response.status, &response.body["load"]["type"]), (200, &json!("per_hand")));
    let after = api.create_workout(&key, &workout_with("my-press"));
    assert_eq!((tonnage(&before), tonnage(&after)), (json!(500.0), json!(1_000.0)));
    // A change of the sets uses the current definition of the exercise, another one does not.
    let mut workout = workout_with("my-press");
    workout["title"] = json!("Press");
    api.put(&key, &before, &workout);
    assert_eq!(tonnage(&before), 500.0);
    workout["exercises"][0]["sets"][0]["reps"] = json!(9);
    api.put(&key, &before, &workout);
    assert_eq!(tonnage(&before), 900.0);
}

#[test]
fn removed_exercise_stays_in_existing_workouts() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.post(&key, "/v1/exercises", &own_exercise("My Press"));
    let path = api.create_workout(&key, &workout_with("my-press"));
    let open = api.create_workout(&key, &open_workout());
    let before = api.get(&key, &path).body;
    assert_eq!(api.delete(&key, "/v1/exercises/my-press").status, 204);
    assert_eq!(api.get(&key, "/v1/exercises/my-press").status, 404);
    assert_eq!(api.get(&key, &path).body, before);
    let rejected = api.post(&key, "/v1/workouts", &workout_with("my-press"));
    assert_eq!(rejected.error_pointers(), ["/exercises/0/exercise"]);
    let set = json!({ "exercise": "my-press", "kind": "working", "reps": 5 });
    assert_eq!(api.post(&key, &format!("{open}/sets"), &set).error_pointers(), ["/exercise"]);
    assert_eq!(api.put(&key, &open, &workout_with("my-press")).status, 422);
    // An existing workout can still be corrected, and uses the old definition.
    let mut corrected = workout_with("my-press");
    corrected["notes"] = json!("heavy");
    let response = api.put(&key, &path, &corrected);
    assert_eq!((response.status, &response.body["totals"]), (200, &before["totals"]));
    let event = &api.sink.take_events()[0];
    assert_eq!(snapshot(event).exercises[0].primary, [training::Muscle::Chest]);
}

#[test]
fn only_own_exercises_can_be_changed() {
    let api = TestApi::new();
    let (ada, bob) = (api.create_athlete(), api.create_athlete());
    api.post(&ada, "/v1/exercises", &own_exercise("My Press"));
    let check = |key: &str, slug: &str, body: &Value, status: u16| {
        let path = format!("/v1/exercises/{slug}");
        assert_eq!(api.put(key, &path, body).status, status, "PUT {slug}");
        assert_eq!(api.delete(key, &path).status, status, "DELETE {slug}");
    };
    check(&ada, "pull-up", &own_exercise("Pull-Up"), 409);
    check(&ada, "no-such-lift", &own_exercise("No Such Lift"), 404);
    check(&bob, "my-press", &own_exercise("My Press"), 404);
    assert_eq!(api.get(&bob, "/v1/exercises/my-press").status, 404);
    let rejected = api.post(&bob, "/v1/workouts", &workout_with("my-press"));
    assert_eq!(rejected.error_pointers(), ["/exercises/0/exercise"]);
    assert_eq!(api.get(&bob, "/v1/exercises?q=my%20press").body["items"], json!([]));
    // It cannot be renamed to a catalogue exercise.
    assert_eq!(api.put(&ada, "/v1/exercises/my-press", &own_exercise("Bench Press")).status, 409);
    assert_eq!(api.get(&ada, "/v1/exercises/my-press").body["name"], "My Press");
}

#[test]
fn invalid_definition_is_reported_by_field() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.post(&key, "/v1/exercises", &own_exercise("Existing"));
    let check = |name: &str, value: Value, pointers: &[&str]| {
        let mut bad = own_exercise("Flawed");
        bad[name] = value;
        assert_eq!(api.post(&key, "/v1/exercises", &bad).error_pointers(), pointers, "{bad}");
        assert_eq!(
            api.put(&key, "/v1/exercises/existing", &bad).error_pointers(),
            pointers,
            "{bad}"
        );
    };
    check("name", Value::Null, &["/name"]);
    check("name", json!("..."), &["/name"]);
    check("name", json!("a\nb"), &["/name"]);
    check("name", json!("é".repeat(81)), &["/name"]);
    check("primary", Value::Null, &["/primary"]);
    check("primary", json!([]), &["/primary"]);
    check("aliases", json!(["", "a\u{0}", "b", "B"]), &["/aliases/0", "/aliases/1", "/aliases/3"]);
    check("primary", json!(["chest", "tail"]), &["/primary/1"]);
    check("primary", json!(["chest", "chest"]), &["/primary/1"]);
    check("secondary", json!(["chest"]), &["/secondary"]);
    check("aliases", json!(vec!["a"; 21]), &["/aliases"]);
    check("aliases", json!([7]), &["/aliases/0"]);
    check("load", json!({ "type": "bodyweight", "percent": 101 }), &["/load/percent"]);
    check("load", json!({ "type": "external", "percent": 5 }), &["/load/percent"]);
    check("load", json!("external"), &["/load"]);
    check("mechanic", json!("both"), &["/mechanic"]);
    check("force", json!("up"), &["/force"]);
    check("equipment", json!("spaceship"), &["/equipment"]);
    check("muscles", json!(["chest"]), &["/muscles"]);
    check("kind", json!("cardio"), &["/primary"]);
    check("kind", json!("dance"), &["/kind"]);
    check("movement", json!("press"), &["/movement"]);
    let bad = json!({ "name": "", "primary": [], "load": { "type": "assisted" } });
    let all = api.post(&key, "/v1/exercises", &bad).error_pointers();
    assert_eq!(all, ["/name", "/load/percent", "/primary"]);
    assert_eq!(api.get(&key, "/v1/exercises?q=flawed").body["items"], json!([]));
}

#[test]
fn athlete_has_at_most_1000_own_exercises() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.post(&key, "/v1/exercises", &own_exercise("First"));
    api.database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
         INSERT INTO exercises SELECT athlete_id, 'own-' || i, definition, 0 FROM exercises, n",
    );
    assert_eq!(api.post(&key, "/v1/exercises", &own_exercise("One More")).status, 409);
    assert_eq!(api.post(&key, "/v1/exercises", &own_exercise("First")).status, 409);
    api.delete(&key, "/v1/exercises/own-2");
    assert_eq!(api.post(&key, "/v1/exercises", &own_exercise("One More")).status, 201);
}

#[test]
fn taken_name_is_409_with_the_slug_of_its_exercise() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let check = |response: &TestResponse, slug: &str| {
        assert_eq!((response.status, &response.body["code"]), (409, &json!("exercise_exists")));
        assert!(response.body["detail"].as_str().unwrap().contains(slug), "{}", response.body);
    };
    api.post(&key, "/v1/exercises", &own_exercise("Cable Y"));
    api.post(&key, "/v1/exercises", &own_exercise("Lat Pull-in"));
    check(&api.post(&key, "/v1/exercises", &own_exercise("Y, Cable")), "cable-y");
    check(&api.put(&key, "/v1/exercises/lat-pull-in", &own_exercise("Cable Y")), "cable-y");
    let mut alias = own_exercise("Lat Pull-in");
    alias["aliases"] = json!(["Pull Ups"]);
    check(&api.put(&key, "/v1/exercises/lat-pull-in", &alias), "pull-up");
    // A rename frees the old name, and the response can be sent back.
    let renamed = api.put(&key, "/v1/exercises/cable-y", &own_exercise("Y-Pull"));
    assert_eq!((renamed.status, &renamed.body["slug"]), (200, &json!("cable-y")));
    assert_eq!(api.put(&key, "/v1/exercises/cable-y", &renamed.body).status, 200);
    let again = api.post(&key, "/v1/exercises", &own_exercise("Cable Y"));
    assert_eq!((again.status, again.location()), (201, "/v1/exercises/cable-y-2"));
}

#[test]
fn names_in_other_scripts_are_different_exercises() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let slug = |name: &str| {
        let added = api.post(&key, "/v1/exercises", &own_exercise(name));
        assert_eq!(added.status, 201, "{}", added.body);
        added.location().to_owned()
    };
    assert_ne!(slug("深蹲 A"), slug("卧推 A"));
}

#[test]
fn replayed_exercise_is_returned_as_it_is_now() {
    let api = TestApi::new();
    let key = api.create_athlete();
    let headers = [("idempotency-key", "k")];
    let post = |name: &str| {
        let body = own_exercise(name);
        api.call_with(&key, "POST", "/v1/exercises", Some(&body), &headers)
    };
    assert_eq!(post("Cable Y").headers.get("idempotency-replayed"), None);
    let renamed = api.put(&key, "/v1/exercises/cable-y", &own_exercise("Y-Pull"));
    let replayed = post("Cable Y");
    assert_eq!((replayed.status, &replayed.body), (201, &renamed.body));
    assert_eq!(replayed.headers["idempotency-replayed"], "true");
    assert_eq!(replayed.location(), "/v1/exercises/cable-y");
    assert_eq!(post("Cable Z").body["code"], "idempotency_key_reused");
    api.delete(&key, "/v1/exercises/cable-y");
    assert_eq!(post("Cable Y").body["code"], "exercise_deleted");
}

#[test]
fn exercise_added_meanwhile_is_seen_by_the_retry() {
    let api = TestApi::new();
    let key = api.create_athlete();
    api.post(&key, "/v1/exercises", &own_exercise("Cable Y"));
    let renamed = "UPDATE exercises SET definition = json_set(definition, '$.name', 'Y-Pull'); \
                   UPDATE athletes SET exercises_revision = exercises_revision + 1";
    api.database.fail_after(1, DatabaseFault::Interleaved(renamed));
    let rejected = api.post(&key, "/v1/exercises", &own_exercise("Pull, Y"));
    assert_eq!((rejected.status, &rejected.body["code"]), (409, &json!("exercise_exists")));
    let changes = [DatabaseFault::Interleaved("SELECT 1"), DatabaseFault::Interleaved(renamed)];
    api.database.fail_next(&changes.repeat(12));
    let overtaken = api.post(&key, "/v1/exercises", &own_exercise("Cable Z"));
    assert_eq!((overtaken.status, &overtaken.body["code"]), (409, &json!("concurrent_change")));
}
