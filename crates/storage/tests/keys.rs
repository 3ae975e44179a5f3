//! API keys: scopes, expiry, creation, deletion, and the day of the last use.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics on failure")]

use storage::keys::{self, Key, LIVE_KEYS_MAX, NewKey};
use storage::{Conflict, Guarded, KeyProof, Rejection, Scope, exercises, inbox};
use testkit::{Sqlite, create_athlete, key_proof, run};

fn new_key(owner: &KeyProof, n: u128, scopes: &[Scope], expires_at_ms: Option<i64>) -> NewKey {
    NewKey {
        athlete_id: owner.athlete_id,
        key_id: format!("{n:016x}"),
        secret_hash: format!("{n:064x}"),
        name: format!("key {n}"),
        scopes: scopes.iter().copied().collect(),
        expires_at_ms,
    }
}

fn create(database: &Sqlite, owner: &KeyProof, key: &NewKey) -> KeyProof {
    run(keys::create(database, owner, key)).unwrap();
    key_proof(key, Scope::Read)
}

fn listed(database: &Sqlite, proof: &KeyProof) -> Vec<Key> {
    run(keys::list(database, proof)).unwrap()
}

fn names(database: &Sqlite, proof: &KeyProof) -> Vec<String> {
    listed(database, proof).into_iter().map(|key| key.name).collect()
}

fn check(result: Guarded<()>) -> &'static str {
    match result {
        Ok(()) => "live",
        Err(Rejection::Unauthorized) => "unauthorized",
        Err(Rejection::Forbidden) => "forbidden",
        Err(Rejection::Conflict(Conflict::TooManyKeys)) => "too many",
        Err(Rejection::NotFound) => "not found",
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn key_may_make_only_the_calls_of_its_scopes() {
    let database = Sqlite::migrated();
    let owner = create_athlete(&database, 1);
    for (n, scopes, read, write) in [
        (2, &[Scope::Read][..], "live", "forbidden"),
        (3, &[Scope::Write], "forbidden", "live"),
        (4, &[Scope::Read, Scope::Write], "live", "live"),
    ] {
        let key = new_key(&owner, n, scopes, None);
        create(&database, &owner, &key);
        let call = |scope| check(run(keys::check_live(&database, &key_proof(&key, scope))));
        assert_eq!((call(Scope::Read), call(Scope::Write)), (read, write), "{scopes:?}");
    }
}

#[test]
fn read_key_writes_nothing() {
    let database = Sqlite::migrated();
    let owner = create_athlete(&database, 1);
    let key = new_key(&owner, 2, &[Scope::Read], None);
    create(&database, &owner, &key);
    let proof = key_proof(&key, Scope::Write);
    assert_eq!(check(run(exercises::remove(&database, &proof, "any"))), "forbidden");
    assert_eq!(check(run(inbox::mark_all_read(&database, &proof, 1))), "forbidden");
    let more = new_key(&owner, 3, &[Scope::Read], None);
    assert_eq!(check(run(keys::create(&database, &proof, &more))), "forbidden");
    assert_eq!(check(run(keys::revoke(&database, &proof, &owner.key_id))), "forbidden");
    assert_eq!(names(&database, &owner), ["test", "key 2"]);
}

#[test]
fn key_expires_at_its_time() {
    let database = Sqlite::migrated();
    let owner = create_athlete(&database, 1);
    let key = create(&database, &owner, &new_key(&owner, 2, &[Scope::Read], Some(1_000)));
    let at = |now_ms| check(run(keys::check_live(&database, &key.at(now_ms))));
    assert_eq!([at(999), at(1_000), at(1_001)], ["live", "unauthorized", "unauthorized"]);
    assert_eq!(names(&database, &owner.at(999)), ["test", "key 2"]);
    assert_eq!(names(&database, &owner.at(1_000)), ["test"]);
    let revoke = run(keys::revoke(&database, &owner.at(1_000), &key.key_id));
    assert_eq!(check(revoke), "not found");
}

#[test]
fn wrong_secret_or_other_athlete_is_unauthorized() {
    let database = Sqlite::migrated();
    let (owner, other) = (create_athlete(&database, 1), create_athlete(&database, 2));
    let wrong = KeyProof { secret_hash: other.secret_hash.clone(), ..owner.clone() };
    let strange = KeyProof { athlete_id: other.athlete_id, ..owner };
    for proof in [wrong, strange] {
        assert_eq!(check(run(keys::check_live(&database, &proof))), "unauthorized");
    }
}

#[test]
fn new_key_has_no_scope_that_its_creator_lacks() {
    let database = Sqlite::migrated();
    let owner = create_athlete(&database, 1);
    let writer = new_key(&owner, 2, &[Scope::Write], None);
    create(&database, &owner, &writer);
    let writer = key_proof(&writer, Scope::Write);
    let call = |key| check(run(keys::create(&database, &writer, &key)));
    assert_eq!(call(new_key(&owner, 3, &[Scope::Read], None)), "forbidden");
    assert_eq!(call(new_key(&owner, 4, &Scope::ALL, None)), "forbidden");
    assert_eq!(call(new_key(&owner, 5, &[Scope::Write], None)), "live");
    assert_eq!(names(&database, &owner), ["test", "key 2", "key 5"]);
}

#[test]
fn athlete_has_at_most_100_live_keys() {
    let database = Sqlite::migrated();
    let owner = create_athlete(&database, 1);
    create_athlete(&database, 2);
    for n in 3..102 {
        create(&database, &owner, &new_key(&owner, n, &[Scope::Read], Some(1_000)));
    }
    let more = new_key(&owner, 200, &[Scope::Read], None);
    assert_eq!(listed(&database, &owner).len(), usize::try_from(LIVE_KEYS_MAX).unwrap());
    assert_eq!(check(run(keys::create(&database, &owner, &more))), "too many");
    run(keys::revoke(&database, &owner, &format!("{:016x}", 3))).unwrap();
    create(&database, &owner, &more);
    // The 98 that have expired are deleted by the next creation.
    create(&database, &owner.at(1_000), &new_key(&owner, 201, &[Scope::Read], None));
    assert_eq!(database.query("SELECT 1 FROM api_keys").len(), 4);
}

#[test]
fn athlete_revokes_any_own_key_and_no_other() {
    let database = Sqlite::migrated();
    let (owner, other) = (create_athlete(&database, 1), create_athlete(&database, 2));
    assert_eq!(check(run(keys::revoke(&database, &owner, &other.key_id))), "not found");
    create(&database, &owner, &new_key(&owner, 3, &[Scope::Read], None));
    run(keys::revoke(&database, &owner, &owner.key_id)).unwrap();
    assert_eq!(check(run(keys::check_live(&database, &owner))), "unauthorized");
    assert_eq!(check(run(keys::check_live(&database, &other))), "live");
}

#[test]
fn listed_key_has_what_it_was_created_with() {
    let database = Sqlite::migrated();
    let owner = create_athlete(&database, 1);
    create(&database, &owner.at(5), &new_key(&owner, 2, &[Scope::Read], Some(9)));
    let expected = Key {
        key_id: format!("{:016x}", 2),
        name: "key 2".to_owned(),
        scopes: [Scope::Read].into(),
        created_at_ms: 5,
        last_used_on: None,
        expires_at_ms: Some(9),
    };
    assert_eq!(listed(&database, &owner.at(5)).last(), Some(&expected));
}

#[test]
fn day_of_last_use_never_goes_back() {
    let database = Sqlite::migrated();
    let owner = create_athlete(&database, 1);
    for (day, expected) in
        [("2026-11-23", "2026-11-23"), ("2026-11-22", "2026-11-23"), ("2026-11-24", "2026-11-24")]
    {
        let day = day.parse().unwrap();
        run(keys::mark_used(&database, owner.athlete_id, &owner.key_id, day)).unwrap();
        let stored = listed(&database, &owner)[0].last_used_on.unwrap();
        assert_eq!(stored.to_string(), expected);
    }
}

#[test]
fn check_of_a_rejected_key_is_one_round_trip() {
    let database = Sqlite::migrated();
    let owner = create_athlete(&database, 1);
    let reader = new_key(&owner, 2, &[Scope::Read], None);
    create(&database, &owner, &reader);
    let before = database.round_trips();
    let write = key_proof(&reader, Scope::Write);
    assert_eq!(check(run(keys::check_live(&database, &write))), "forbidden");
    assert_eq!(database.round_trips() - before, 1);
}
