//! The confirmation of an e-mail address: requests for links, the confirmation, and its end by a change.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics on failure")]

use chrono::NaiveDate;
use storage::athletes::{self, NewAthlete, ProfileChange};
use storage::keys::NewKey;
use storage::{Conflict, KeyProof, Rejection, Scope, email_confirmation};
use testkit::{Sqlite, athlete_id, create_athlete, key_proof, run};

const ADDRESS: &str = "ada@example.com";

fn create(database: &Sqlite, email: Option<&str>, email_confirmed: bool) -> KeyProof {
    let key = NewKey {
        athlete_id: athlete_id(1),
        key_id: "key".to_owned(),
        secret_hash: "hash".to_owned(),
        name: String::new(),
        scopes: Scope::ALL.into(),
        expires_at_ms: None,
    };
    let email = email.map(ToOwned::to_owned);
    let athlete = NewAthlete { display_name: "Ada".to_owned(), email, email_confirmed };
    run(athletes::create(database, &athlete, &key, 0)).unwrap();
    key_proof(&key, Scope::Write)
}

fn request(database: &Sqlite, key: &KeyProof, day: &str) -> Result<Option<String>, Conflict> {
    let day: NaiveDate = day.parse().unwrap();
    match run(email_confirmation::request_link(database, key, day)) {
        Ok(address) => Ok(address),
        Err(Rejection::Conflict(conflict)) => Err(conflict),
        Err(other) => panic!("{other}"),
    }
}

fn is_confirmed(database: &Sqlite, key: &KeyProof) -> bool {
    run(athletes::profile(database, key)).unwrap().email_confirmed
}

#[test]
fn athlete_can_request_five_links_a_day() {
    let database = Sqlite::migrated();
    let key = create(&database, Some(ADDRESS), false);
    for _ in 0..5 {
        assert_eq!(request(&database, &key, "2026-11-23"), Ok(Some(ADDRESS.to_owned())));
    }
    assert_eq!(request(&database, &key, "2026-11-23"), Ok(None));
    let change = ProfileChange { email: Some(Some("b@c.de".to_owned())), ..Default::default() };
    run(athletes::change_profile(&database, &key, &change)).unwrap();
    assert_eq!(request(&database, &key, "2026-11-23"), Ok(None));
    for _ in 0..5 {
        assert_eq!(request(&database, &key, "2026-11-24"), Ok(Some("b@c.de".to_owned())));
    }
    assert_eq!(request(&database, &key, "2026-11-24"), Ok(None));
}

#[test]
fn only_an_unconfirmed_address_gets_a_link() {
    let check = |email, confirmed, expected| {
        let database = Sqlite::migrated();
        let key = create(&database, email, confirmed);
        assert_eq!(request(&database, &key, "2026-11-23"), expected);
    };
    check(None, false, Err(Conflict::NoEmail));
    check(None, true, Err(Conflict::NoEmail));
    check(Some(ADDRESS), true, Err(Conflict::EmailConfirmed));
    check(Some(ADDRESS), false, Ok(Some(ADDRESS.to_owned())));
}

#[test]
fn link_confirms_only_the_current_address() {
    let database = Sqlite::migrated();
    let key = create(&database, Some(ADDRESS), false);
    create_athlete(&database, 2);
    let confirm = |n, email| run(email_confirmation::confirm(&database, athlete_id(n), email));
    assert!(matches!(confirm(1, "eve@example.com"), Err(Rejection::NotFound)));
    assert!(matches!(confirm(2, ADDRESS), Err(Rejection::NotFound)));
    assert!(!is_confirmed(&database, &key));
    confirm(1, ADDRESS).unwrap();
    confirm(1, ADDRESS).unwrap();
    assert!(is_confirmed(&database, &key));
    let address = |n| run(email_confirmation::address(&database, athlete_id(n))).unwrap();
    assert_eq!((address(1).as_deref(), address(3)), (Some(ADDRESS), None));
}

#[test]
fn another_address_is_not_confirmed() {
    let database = Sqlite::migrated();
    let key = create(&database, Some(ADDRESS), true);
    let change = |email: Option<&str>| {
        let email = Some(email.map(ToOwned::to_owned));
        let change = ProfileChange { email, ..ProfileChange::default() };
        run(athletes::change_profile(&database, &key, &change)).unwrap().email_confirmed
    };
    assert!(change(Some(ADDRESS)), "the same address");
    run(athletes::change_profile(&database, &key, &ProfileChange::default())).unwrap();
    assert!(is_confirmed(&database, &key));
    assert!(!change(Some("b@c.de")));
    assert!(!change(Some(ADDRESS)), "it was another one in between");
    assert!(!change(None));
    assert!(!change(None));
}
