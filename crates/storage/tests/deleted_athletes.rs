//! Deletions, and the copies of their tombstones in the operators' database.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use shared_kernel::DeadLetter;
use storage::{KeyProof, Rejection, athletes, dead_letters, deleted_athletes};
use testkit::{DatabaseFault, Sqlite, athlete_id, create_athlete, run};

/// The body of an event about an athlete.
fn body(n: u128) -> String {
    format!(r#"{{"specversion":"1.0","partitionkey":"{}"}}"#, athlete_id(n))
}

fn store_dead_letter(operators: &Sqlite, n: u128) {
    let dead_letter = DeadLetter {
        queue: "ai-analysis".to_owned(),
        message_id: n.to_string(),
        reason: "unavailable".to_owned(),
        attempts: 4,
        failed_at_ms: 5,
        is_transient: false,
        body: body(n),
    };
    run(dead_letters::store(operators, &[dead_letter])).unwrap();
}

fn athletes_of_dead_letters(operators: &Sqlite) -> Vec<String> {
    operators.query("SELECT athlete_id FROM dead_letters ORDER BY athlete_id")
}

#[test]
fn deletion_needs_a_live_key_and_leaves_a_tombstone() {
    let database = Sqlite::migrated();
    let ada = create_athlete(&database, 1);
    create_athlete(&database, 2);
    let tombstones = || database.query("SELECT athlete_id, deleted_at_ms FROM deleted_athletes");
    let wrong = KeyProof { secret_hash: "wrong".to_owned(), ..ada.clone() };
    let rejected = run(athletes::delete(&database, &wrong, 7));
    assert!(matches!(rejected, Err(Rejection::Unauthorized)));
    assert_eq!(tombstones().len(), 0);
    run(athletes::delete(&database, &ada, 7)).unwrap();
    let expected = format!(r#"{{"athlete_id":"{}","deleted_at_ms":7}}"#, athlete_id(1));
    assert_eq!(tombstones(), [expected]);
    assert_eq!(database.query("SELECT 1 FROM athletes").len(), 1);
    assert_eq!(database.query("SELECT 1 FROM api_keys").len(), 1);
    assert!(matches!(run(athletes::delete(&database, &ada, 8)), Err(Rejection::Unauthorized)));
    assert_eq!(tombstones().len(), 1);
}

#[test]
fn copied_tombstone_deletes_dead_letters_and_rejects_later_ones() {
    let (database, operators) = (Sqlite::migrated(), Sqlite::migrated_operations());
    let (ada, bob) = (create_athlete(&database, 1), create_athlete(&database, 2));
    store_dead_letter(&operators, 1);
    store_dead_letter(&operators, 2);
    run(athletes::delete(&database, &ada, 7)).unwrap();
    assert_eq!(run(deleted_athletes::copy(&database, &operators, 9)).unwrap(), 1);
    store_dead_letter(&operators, 1);
    let bobs = format!(r#"{{"athlete_id":"{}"}}"#, bob.athlete_id);
    assert_eq!(athletes_of_dead_letters(&operators), [bobs]);
    let copied = operators.query("SELECT athlete_id, deleted_at_ms FROM deleted_athletes");
    assert_eq!(copied, [format!(r#"{{"athlete_id":"{}","deleted_at_ms":7}}"#, ada.athlete_id)]);
    let before = operators.round_trips();
    assert_eq!(run(deleted_athletes::copy(&database, &operators, 10)).unwrap(), 0);
    assert_eq!(operators.round_trips(), before, "a tombstone is copied once");
}

#[test]
fn interrupted_copy_is_repeated() {
    use DatabaseFault::{AfterCommit, BeforeCommit};
    for (is_read, fault) in [(true, BeforeCommit), (false, BeforeCommit), (false, AfterCommit)] {
        let (database, operators) = (Sqlite::migrated(), Sqlite::migrated_operations());
        let ada = create_athlete(&database, 1);
        store_dead_letter(&operators, 1);
        run(athletes::delete(&database, &ada, 7)).unwrap();
        if is_read {
            database.fail_next(&[fault]);
        } else {
            operators.fail_next(&[fault]);
        }
        assert!(run(deleted_athletes::copy(&database, &operators, 9)).is_err());
        assert_eq!(run(deleted_athletes::copy(&database, &operators, 9)).unwrap(), 1);
        // Its mark is lost: the tombstone is copied once more.
        database.execute("UPDATE deleted_athletes SET copied_at_ms = NULL");
        assert_eq!(run(deleted_athletes::copy(&database, &operators, 9)).unwrap(), 1);
        assert_eq!(athletes_of_dead_letters(&operators).len(), 0);
        assert_eq!(operators.query("SELECT 1 FROM deleted_athletes").len(), 1);
    }
}
