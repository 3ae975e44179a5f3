//! Dated body weights, and the one that a profile shows.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use chrono::NaiveDate;
use storage::athletes::{self, ProfileChange};
use storage::body_weights::{self, BodyWeight};
use storage::{KeyProof, Rejection};
use testkit::{Sqlite, create_athlete, run};
use training::Grams;

/// 2026-11-23T12:00:00Z.
const NOON_MS: i64 = 1_795_435_200_000;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn weight(on: &str, kg: Option<i64>) -> BodyWeight {
    BodyWeight { day: day(on), grams: kg.map(|kg| Grams(kg * 1_000)) }
}

fn put(database: &Sqlite, key: &KeyProof, on: &str, kg: i64) {
    run(body_weights::put(database, key, weight(on, Some(kg)))).unwrap();
}

fn listed(database: &Sqlite, key: &KeyProof) -> Vec<(String, Option<i64>)> {
    let all = body_weights::list(database, key, day("1970-01-01"), day("2100-01-01"));
    let kg = |weight: BodyWeight| weight.grams.map(|grams| grams.0 / 1_000);
    run(all).unwrap().into_iter().map(|weight| (weight.day.to_string(), kg(weight))).collect()
}

#[test]
fn weight_of_a_day_is_stored_replaced_and_deleted() {
    let database = Sqlite::migrated();
    let (key, other) = (create_athlete(&database, 1), create_athlete(&database, 2));
    put(&database, &key, "2026-11-23", 80);
    put(&database, &key, "2026-11-20", 79);
    put(&database, &key, "2026-11-23", 81);
    put(&database, &other, "2026-11-21", 60);
    let expected = [("2026-11-20".to_owned(), Some(79)), ("2026-11-23".to_owned(), Some(81))];
    assert_eq!(listed(&database, &key), expected);
    let get = |on| run(body_weights::get(&database, &key, day(on)));
    assert_eq!(get("2026-11-23").unwrap(), weight("2026-11-23", Some(81)));
    assert!(matches!(get("2026-11-21"), Err(Rejection::NotFound)));
    let delete = |on| run(body_weights::delete(&database, &key, day(on)));
    delete("2026-11-23").unwrap();
    assert!(matches!(delete("2026-11-23"), Err(Rejection::NotFound)));
    assert!(matches!(delete("2026-11-21"), Err(Rejection::NotFound)));
    assert_eq!((listed(&database, &key).len(), listed(&database, &other).len()), (1, 1));
}

#[test]
fn list_has_the_days_of_its_range() {
    let database = Sqlite::migrated();
    let key = create_athlete(&database, 1);
    for on in ["2026-11-19", "2026-11-20", "2026-11-21", "2026-11-22"] {
        put(&database, &key, on, 80);
    }
    let range = body_weights::list(&database, &key, day("2026-11-20"), day("2026-11-21"));
    let days: Vec<_> = run(range).unwrap().iter().map(|weight| weight.day).collect();
    assert_eq!(days, [day("2026-11-20"), day("2026-11-21")]);
}

#[test]
fn revoked_key_changes_no_weight() {
    let database = Sqlite::migrated();
    let key = create_athlete(&database, 1);
    put(&database, &key, "2026-11-23", 80);
    database.execute("UPDATE api_keys SET revoked_at_ms = 1");
    let put = body_weights::put(&database, &key, weight("2026-11-23", Some(90)));
    assert!(matches!(run(put), Err(Rejection::Unauthorized)));
    let delete = body_weights::delete(&database, &key, day("2026-11-23"));
    assert!(matches!(run(delete), Err(Rejection::Unauthorized)));
    assert_eq!(
        database.query("SELECT day, grams FROM body_weights"),
        [r#"{"day":"2026-11-23","grams":80000}"#]
    );
}

#[test]
fn profile_shows_the_latest_weight_known_today() {
    let database = Sqlite::migrated();
    let key = create_athlete(&database, 1).at(NOON_MS);
    let shown = |today| {
        let profile = run(athletes::profile(&database, &key)).unwrap();
        profile.body_weight_on(day(today)).map(|grams| grams.0 / 1_000)
    };
    assert_eq!(shown("2026-11-23"), None);
    for (on, kg) in [("2026-01-01", 78), ("2026-11-22", 80), ("2026-11-23", 81), ("2026-11-24", 82)]
    {
        put(&database, &key, on, kg);
    }
    put(&database, &key, "2026-11-25", 90);
    let today = ["2026-11-22", "2026-11-23", "2026-11-24"];
    assert_eq!(today.map(shown), [Some(80), Some(81), Some(82)]);
    run(body_weights::put(&database, &key, weight("2026-11-24", None))).unwrap();
    assert_eq!(shown("2026-11-24"), None);
}

#[test]
fn unchanged_weight_of_a_profile_adds_no_day() {
    let database = Sqlite::migrated();
    let key = create_athlete(&database, 1).at(NOON_MS);
    let change = |on, kg| {
        let body_weight = Some(weight(on, kg));
        let change = ProfileChange { body_weight, ..ProfileChange::default() };
        run(athletes::change_profile(&database, &key, &change)).unwrap();
        listed(&database, &key).len()
    };
    assert_eq!(change("2026-11-21", None), 0);
    assert_eq!(change("2026-11-21", Some(80)), 1);
    assert_eq!(change("2026-11-23", Some(80)), 1);
    assert_eq!(change("2026-11-23", Some(81)), 2);
    assert_eq!(change("2026-11-23", None), 2);
    assert_eq!(listed(&database, &key)[1], ("2026-11-23".to_owned(), None));
}
