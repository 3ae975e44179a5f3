//! Custom exercises and imports on real SQL: unique names, replays, concurrent changes.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test says what failed by panicking"
)]

use serde_json::{Value, json};
use shared_kernel::TraceContext;
use storage::exercises::{self, CustomExercise, ExerciseList};
use storage::imports::{self, Import, NewImport};
use storage::{Conflict, Creation, Guarded, Idempotency, KeyProof, Rejection};
use testkit::{DatabaseFault, Sqlite, create_athlete, run};
use training::ExerciseDefinition;
use uuid::Uuid;

fn definition(name: &str, aliases: &[&str]) -> ExerciseDefinition {
    serde_json::from_value(json!({
        "name": name, "aliases": aliases, "mechanic": "isolation", "force": "pull",
        "equipment": "cable", "load": { "type": "external" }, "primary": ["biceps"],
    }))
    .unwrap()
}

fn add(database: &Sqlite, proof: &KeyProof, name: &str) -> Guarded<Creation<CustomExercise>> {
    run(exercises::add(database, proof, &definition(name, &[]), None, 0))
}

fn slug_of(added: Guarded<Creation<CustomExercise>>) -> String {
    match added.unwrap() {
        Creation::Stored(exercise) => exercise.slug,
        Creation::Replayed(exercise) => panic!("replayed: {exercise:?}"),
    }
}

fn rename(database: &Sqlite, proof: &KeyProof, slug: &str, names: &[&str]) -> Guarded<()> {
    let definition = definition(names[0], &names[1..]);
    run(exercises::replace(database, proof, &CustomExercise { slug: slug.to_owned(), definition }))
}

fn conflicting_slug<T: std::fmt::Debug>(result: Guarded<T>) -> String {
    match result {
        Err(Rejection::Conflict(Conflict::ExerciseExists { slug })) => slug,
        other => panic!("{other:?}"),
    }
}

fn key(key: &str, hash: &str) -> Idempotency {
    Idempotency { key: key.to_owned(), request_hash: hash.to_owned() }
}

#[test]
fn names_are_unique_and_the_conflict_names_the_exercise() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    assert_eq!(slug_of(add(&database, &proof, "Cable Y")), "cable-y");
    assert_eq!(slug_of(add(&database, &proof, "Lat Pull-in")), "lat-pull-in");
    assert_eq!(conflicting_slug(add(&database, &proof, "Y, cable")), "cable-y");
    assert_eq!(conflicting_slug(add(&database, &proof, "Pull-Ups")), "pull-up");
    assert_eq!(conflicting_slug(rename(&database, &proof, "lat-pull-in", &["Cable Y"])), "cable-y");
    let alias = ["Lat Pull-in", "Bench Press"];
    let conflict = conflicting_slug(rename(&database, &proof, "lat-pull-in", &alias));
    assert_eq!(conflict, "barbell-bench-press");
    let alias = ["Lat Pull-in", "cable y"];
    assert_eq!(conflicting_slug(rename(&database, &proof, "lat-pull-in", &alias)), "cable-y");
    rename(&database, &proof, "cable-y", &["Y-Pull", "Cable Heave"]).unwrap();
    assert_eq!(conflicting_slug(add(&database, &proof, "Cable Heaves")), "cable-y");
    // A rename frees the old name; the slug stays taken.
    assert_eq!(slug_of(add(&database, &proof, "Cable Y")), "cable-y-2");
    let other = create_athlete(&database, 2);
    assert_eq!(slug_of(add(&database, &other, "Cable Heave")), "cable-heave");
    assert!(matches!(rename(&database, &other, "cable-y", &["Z"]), Err(Rejection::NotFound)));
}

#[test]
fn names_in_other_scripts_have_different_slugs() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let slugs =
        ["深蹲 A", "卧推 A", "A", "深蹲", "卧推"].map(|name| slug_of(add(&database, &proof, name)));
    assert_eq!(slugs.iter().collect::<std::collections::BTreeSet<_>>().len(), slugs.len());
}

#[test]
fn exercise_added_meanwhile_stops_the_write() {
    const CONCURRENT: &str = "UPDATE athletes SET exercises_revision = exercises_revision + 1";
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    database.fail_after(1, DatabaseFault::Interleaved(CONCURRENT));
    assert!(matches!(add(&database, &proof, "Cable Y"), Err(Rejection::StaleRevision)));
    slug_of(add(&database, &proof, "Cable Y"));
    database.fail_after(1, DatabaseFault::Interleaved(CONCURRENT));
    let renamed = rename(&database, &proof, "cable-y", &["Y-Pull"]);
    assert!(matches!(renamed, Err(Rejection::StaleRevision)), "{renamed:?}");
    database.fail_after(1, DatabaseFault::Interleaved("UPDATE api_keys SET revoked_at_ms = 1"));
    let revoked = add(&database, &proof, "Lat Pull-in");
    assert!(matches!(revoked, Err(Rejection::Unauthorized)), "{revoked:?}");
    let names = database.query("SELECT definition ->> 'name' AS name FROM exercises");
    assert_eq!(names, [r#"{"name":"Cable Y"}"#]);
}

#[test]
fn replay_returns_the_exercise_as_it_is_now() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let post = |hash: &str| {
        let key = key("k", hash);
        run(exercises::add(&database, &proof, &definition("Cable Y", &[]), Some(&key), 0))
    };
    slug_of(post("hash"));
    rename(&database, &proof, "cable-y", &["Y-Pull"]).unwrap();
    let Ok(Creation::Replayed(replay)) = post("hash") else { panic!("stored twice") };
    assert_eq!((replay.slug.as_str(), replay.definition.name.as_str()), ("cable-y", "Y-Pull"));
    let reused = post("other");
    assert!(matches!(reused, Err(Rejection::Conflict(Conflict::IdempotencyKeyReused))));
    run(exercises::remove(&database, &proof, "cable-y")).unwrap();
    assert!(matches!(post("hash"), Err(Rejection::Conflict(Conflict::ExerciseDeleted))));
}

fn import(
    database: &Sqlite,
    proof: &KeyProof,
    n: u128,
    known: &ExerciseList,
    idempotency: Option<&Idempotency>,
) -> Guarded<Creation<Import>> {
    let new = CustomExercise { slug: format!("own-{n}"), definition: definition("Own", &[]) };
    let import = NewImport {
        import_id: Uuid::from_u128(n),
        format: "hevy",
        report: &Value::Null,
        slices: &[],
        mapping: &storage::exercise_names::ExerciseNameMapping::new(),
        exercises: &[new],
        known,
        trace: TraceContext::from_random([7; 24]),
    };
    run(imports::create(database, proof, &import, idempotency, 0))
}

#[test]
fn replay_returns_the_import_as_it_is_now() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let list = || run(exercises::list_for_change(&database, &proof)).unwrap();
    let first = import(&database, &proof, 1, &list(), Some(&key("k", "hash"))).unwrap();
    let Creation::Stored(first) = first else { panic!("replayed: {first:?}") };
    database.execute("UPDATE imports SET finished_at_ms = 7");
    let before = database.round_trips();
    let known = list();
    let replay = import(&database, &proof, 2, &known, Some(&key("k", "hash"))).unwrap();
    assert_eq!(database.round_trips() - before, 3);
    assert_eq!(replay, Creation::Replayed(Import { finished_at_ms: Some(7), ..first }));
    let reused = import(&database, &proof, 2, &known, Some(&key("k", "other")));
    assert!(matches!(reused, Err(Rejection::Conflict(Conflict::IdempotencyKeyReused))));
    assert_eq!(database.query("SELECT 1 FROM imports").len(), 1);
}

#[test]
fn import_with_an_outdated_list_of_exercises_stores_nothing() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let known = run(exercises::list_for_change(&database, &proof)).unwrap();
    slug_of(add(&database, &proof, "Own"));
    let stale = import(&database, &proof, 1, &known, Some(&key("k", "hash")));
    assert!(matches!(stale, Err(Rejection::StaleRevision)), "{stale:?}");
    assert_eq!(database.query("SELECT 1 FROM imports").len(), 0);
    assert_eq!(database.query("SELECT 1 FROM exercises").len(), 1);
    let known = run(exercises::list_for_change(&database, &proof)).unwrap();
    import(&database, &proof, 1, &known, None).unwrap();
    // Its exercise is a change of the list, too.
    assert!(matches!(import(&database, &proof, 2, &known, None), Err(Rejection::StaleRevision)));
}

/// The list is read as a whole.
#[test]
fn names_and_aliases_have_a_limit_in_bytes() {
    let database = Sqlite::migrated();
    let proof = create_athlete(&database, 1);
    let slug = slug_of(add(&database, &proof, "Cable Y"));
    let is_rejected = |result: Guarded<()>| {
        matches!(result, Err(Rejection::Conflict(Conflict::TooManyExercises)))
    };
    let long = |text: &str, length: usize| text.repeat(length);
    assert!(is_rejected(rename(&database, &proof, &slug, &["Cable Y", &long("a", 499_994)])));
    assert!(!is_rejected(rename(&database, &proof, &slug, &["Cable Y", &long("a", 499_980)])));
    assert!(is_rejected(add(&database, &proof, &long("b", 14)).map(drop)));
    assert!(!is_rejected(add(&database, &proof, &long("b", 13)).map(drop)));
}
