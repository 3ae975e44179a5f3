//! The catalogue and the athlete's custom exercises.

use super::*;

#[test]
fn the_catalogue_is_listed() {
    let house = House::new();
    let key = house.athlete();
    let body = house.call(&key, "GET", "/v1/exercises", None).body;
    let items = body["items"].as_array().unwrap();
    assert!(items.len() >= 60);
    let bench = items.iter().find(|item| item["slug"] == "barbell-bench-press").unwrap();
    assert_eq!(
        *bench,
        json!({ "slug": "barbell-bench-press", "name": "Barbell Bench Press",
                "aliases": bench["aliases"], "own": false, "mechanic": "compound", "force": "push", "equipment": "barbell",
                "load": { "type": "external" }, "primary": ["chest"],
                "secondary": ["front_delts", "triceps"] })
    );
    let aliases = bench["aliases"].as_array().unwrap();
    assert!(aliases.contains(&json!("Flat Barbell Bench Press")), "{aliases:?}");
}

fn own(name: &str) -> Value {
    json!({ "name": name, "primary": ["chest"], "load": { "type": "external" } })
}

/// A workout of ten repetitions with 50 kg in an exercise.
fn workout_of(slug: &str) -> Value {
    let mut workout = bench(1);
    let set = json!({ "kind": "working", "weight_kg": 50, "reps": 10 });
    workout["exercises"] = json!([{ "exercise": slug, "sets": [set] }]);
    workout
}

#[test]
fn an_exercise_of_ones_own_is_added_once_under_the_slug_of_its_name() {
    let house = House::new();
    let key = house.athlete();
    let full = json!({
        "name": " Développé Zercher ", "aliases": ["ZP"], "mechanic": "compound",
        "force": "pull", "equipment": "barbell", "load": { "type": "bodyweight", "percent": 30 },
        "primary": ["quads", "glutes"], "secondary": ["abs"],
    });
    let added = house.post(&key, "/v1/exercises", &full);
    assert_eq!(added.status, 201, "{}", added.body);
    assert_eq!(added.location(), "/v1/exercises/developpe-zercher");
    let mut expected = full.clone();
    expected["name"] = json!("Développé Zercher");
    expected["slug"] = json!("developpe-zercher");
    expected["own"] = json!(true);
    assert_eq!(added.body, expected);
    assert_eq!(house.get(&key, added.location()).body, expected);
    let status = |key: &str, name: &str| house.post(key, "/v1/exercises", &own(name)).status;
    for taken in [
        "developpe zercher",
        "Barbell Bench Press",
        "bench press (BARBELL)",
        "Pullups",
        "Планк plank",
    ] {
        assert_eq!(status(&key, taken), 409, "{taken}");
    }
    let mut shadow = own("Übung");
    shadow["aliases"] = json!(["Deadlift"]);
    assert_eq!(house.post(&key, "/v1/exercises", &shadow).status, 409);
    assert_eq!(status(&house.athlete(), "Développé Zercher"), 201, "each athlete has their own");
}

#[test]
fn a_search_finds_names_and_aliases_without_accents_or_case() {
    let house = House::new();
    let key = house.athlete();
    let mut press = own("Développé Zercher");
    press["aliases"] = json!(["Squat de porte"]);
    house.post(&key, "/v1/exercises", &press);
    let check = |query: &str, there: &[&str], not_there: &[&str]| {
        let found = house.get(&key, &format!("/v1/exercises?q={query}")).body;
        let items = found["items"].as_array().unwrap();
        let has = |slug: &&&str| items.iter().any(|item| item["slug"] == **slug);
        assert_eq!(there.iter().filter(|slug| !has(slug)).count(), 0, "{query}: {found}");
        assert_eq!(not_there.iter().filter(has).count(), 0, "{query}: {found}");
    };
    check("DEVELOPPE", &["developpe-zercher"], &["barbell-bench-press"]);
    check("zerch%C3%A9r", &["developpe-zercher"], &["barbell-bench-press"]);
    check("porte", &["developpe-zercher"], &["pull-up"]);
    check("bench%20barb", &["barbell-bench-press"], &["developpe-zercher", "dumbbell-bench-press"]);
    check("crossover", &["cable-fly"], &["pull-up"]);
    check("pullup", &["pull-up"], &["push-up"]);
    check("", &["developpe-zercher", "barbell-bench-press"], &[]);
    check("nothing", &[], &["developpe-zercher", "barbell-bench-press"]);
}

#[test]
fn a_change_of_an_exercise_counts_for_workouts_saved_after_it() {
    let house = House::new();
    let key = house.athlete();
    let tonnage = |path: &str| house.get(&key, path).body["totals"]["tonnage_kg"].clone();
    house.post(&key, "/v1/exercises", &own("My Press"));
    let before = house.posted(&key, &workout_of("my-press"));
    let mut changed = own("My Press");
    changed["load"] = json!({ "type": "per_hand" });
    let answer = house.put(&key, "/v1/exercises/my-press", &changed);
    assert_eq!((answer.status, &answer.body["load"]["type"]), (200, &json!("per_hand")));
    let after = house.posted(&key, &workout_of("my-press"));
    assert_eq!((tonnage(&before), tonnage(&after)), (json!(500.0), json!(1_000.0)));
    // Saved again, it counts by what the exercise is now.
    house.put(&key, &before, &workout_of("my-press"));
    assert_eq!(tonnage(&before), 1_000.0);
}

#[test]
fn a_removed_exercise_stays_in_the_workouts_that_have_it() {
    let house = House::new();
    let key = house.athlete();
    house.post(&key, "/v1/exercises", &own("My Press"));
    let path = house.posted(&key, &workout_of("my-press"));
    let open = house.posted(&key, &open());
    let before = house.get(&key, &path).body;
    assert_eq!(house.delete(&key, "/v1/exercises/my-press").status, 204);
    assert_eq!(house.get(&key, "/v1/exercises/my-press").status, 404);
    assert_eq!(house.get(&key, &path).body, before);
    let refused = house.post(&key, "/v1/workouts", &workout_of("my-press"));
    assert_eq!(refused.pointers(), ["/exercises/0/exercise"]);
    let set = json!({ "exercise": "my-press", "kind": "working", "reps": 5 });
    assert_eq!(house.post(&key, &format!("{open}/sets"), &set).pointers(), ["/exercise"]);
    assert_eq!(house.put(&key, &open, &workout_of("my-press")).status, 422);
    // Its own workout can still be corrected, and counts as it did.
    let mut corrected = workout_of("my-press");
    corrected["notes"] = json!("heavy");
    let answer = house.put(&key, &path, &corrected);
    assert_eq!((answer.status, &answer.body["totals"]), (200, &before["totals"]));
    let event = &house.sink.take_events()[0];
    assert_eq!(snapshot(event).exercises[0].primary, [training::Muscle::Chest]);
}

#[test]
fn only_an_exercise_of_ones_own_is_changed() {
    let house = House::new();
    let (ada, bob) = (house.athlete(), house.athlete());
    house.post(&ada, "/v1/exercises", &own("My Press"));
    let check = |key: &str, slug: &str, body: &Value, status: u16| {
        let path = format!("/v1/exercises/{slug}");
        assert_eq!(house.put(key, &path, body).status, status, "PUT {slug}");
        assert_eq!(house.delete(key, &path).status, status, "DELETE {slug}");
    };
    check(&ada, "pull-up", &own("Pull-Up"), 409);
    check(&ada, "no-such-lift", &own("No Such Lift"), 404);
    check(&bob, "my-press", &own("My Press"), 404);
    assert_eq!(house.get(&bob, "/v1/exercises/my-press").status, 404);
    let refused = house.post(&bob, "/v1/workouts", &workout_of("my-press"));
    assert_eq!(refused.pointers(), ["/exercises/0/exercise"]);
    assert_eq!(house.get(&bob, "/v1/exercises?q=my%20press").body["items"], json!([]));
    // It cannot take a name of the catalogue later either.
    assert_eq!(house.put(&ada, "/v1/exercises/my-press", &own("Bench Press")).status, 409);
    assert_eq!(house.get(&ada, "/v1/exercises/my-press").body["name"], "My Press");
}

#[test]
fn a_bad_definition_is_told_by_its_fields() {
    let house = House::new();
    let key = house.athlete();
    house.post(&key, "/v1/exercises", &own("There"));
    let check = |name: &str, value: Value, pointers: &[&str]| {
        let mut bad = own("Bad");
        bad[name] = value;
        assert_eq!(house.post(&key, "/v1/exercises", &bad).pointers(), pointers, "{bad}");
        assert_eq!(house.put(&key, "/v1/exercises/there", &bad).pointers(), pointers, "{bad}");
    };
    check("name", Value::Null, &["/name"]);
    check("name", json!("..."), &["/name"]);
    check("name", json!("a\nb"), &["/name"]);
    check("name", json!("é".repeat(81)), &["/name"]);
    check("primary", Value::Null, &["/primary"]);
    check("primary", json!([]), &["/primary"]);
    check("primary", json!(["chest", "tail"]), &["/primary/1"]);
    check("primary", json!(["chest", "chest"]), &["/primary/1"]);
    check("secondary", json!(["chest"]), &["/secondary"]);
    check("aliases", json!(vec!["a"; 21]), &["/aliases"]);
    check("aliases", json!([7]), &["/aliases"]);
    check("load", json!({ "type": "bodyweight", "percent": 101 }), &["/load"]);
    check("load", json!("external"), &["/load"]);
    check("mechanic", json!("both"), &["/mechanic"]);
    check("force", json!("up"), &["/force"]);
    check("equipment", json!("spaceship"), &["/equipment"]);
    check("muscles", json!(["chest"]), &["/muscles"]);
    let all = house.post(&key, "/v1/exercises", &json!({ "load": 1, "force": 2 })).pointers();
    assert_eq!(all, ["/name", "/primary", "/force", "/load"]);
    assert_eq!(house.get(&key, "/v1/exercises?q=bad").body["items"], json!([]));
}

#[test]
fn a_thousand_exercises_of_ones_own_are_enough() {
    let house = House::new();
    let key = house.athlete();
    house.post(&key, "/v1/exercises", &own("First"));
    house.database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
         INSERT INTO exercises SELECT athlete_id, 'own-' || i, definition, 0 FROM exercises, n",
    );
    assert_eq!(house.post(&key, "/v1/exercises", &own("One More")).status, 409);
    assert_eq!(house.post(&key, "/v1/exercises", &own("First")).status, 409);
    house.delete(&key, "/v1/exercises/own-2");
    assert_eq!(house.post(&key, "/v1/exercises", &own("One More")).status, 201);
}
