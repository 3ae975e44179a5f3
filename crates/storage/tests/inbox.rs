//! The inbox on real SQL: pages, owners and visibility.
#![expect(clippy::unwrap_used, reason = "a test says what failed by panicking")]

use storage::inbox::{self, Inbox, InboxQuery, NotificationPosition};
use storage::{Guarded, KeyProof, Rejection};
use testkit::{Sqlite, athlete_id, create_athlete, run};
use uuid::Uuid;

/// Inserts a row of the nth athlete, with `seq` as its time and `but` as changed columns.
fn insert(database: &Sqlite, n: u128, seq: i64, but: &str) {
    let (athlete, id) = (athlete_id(n), id(n, seq));
    database.execute(&format!(
        "INSERT INTO notifications (athlete_id, notification_id, kind, title, body, data, \
         created_at_ms, seq, expires_at_ms, in_app) VALUES ('{athlete}', '{id}', 'new_record', \
         'at {seq}', '', '{{}}', {seq}, {seq}, 1000, 1)"
    ));
    if !but.is_empty() {
        database.execute(&format!("UPDATE notifications SET {but} WHERE notification_id = '{id}'"));
    }
}

fn id(n: u128, seq: i64) -> Uuid {
    Uuid::from_u128(n * 1_000 + u128::from(seq.unsigned_abs()))
}

fn listed(database: &Sqlite, key: &KeyProof, page: &InboxQuery, now_ms: i64) -> Inbox {
    run(inbox::list(database, key, page, now_ms)).unwrap()
}

fn titles(inbox: Inbox) -> Vec<String> {
    inbox.page.items.into_iter().map(|item| item.title).collect()
}

const ALL: InboxQuery = InboxQuery { unread_only: false, after: None, limit: 100 };
const UNREAD: InboxQuery = InboxQuery { unread_only: true, after: None, limit: 100 };

#[test]
fn inbox_is_paged_newest_first_for_its_owner_only() {
    let database = Sqlite::migrated();
    let (ada, bob) = (create_athlete(&database, 1), create_athlete(&database, 2));
    (1..=5).for_each(|seq| insert(&database, 1, seq, ""));
    insert(&database, 2, 9, "");

    let mut read = Vec::new();
    let mut page = InboxQuery { limit: 2, ..ALL };
    loop {
        let inbox = listed(&database, &ada, &page, 10);
        assert_eq!((inbox.unread, inbox.last_seq), (5, 5));
        let Some(last) = inbox.page.items.last() else { break };
        page.after = Some(NotificationPosition {
            created_at_ms: last.created_at_ms,
            notification_id: last.notification_id,
        });
        read.extend(titles(inbox));
    }
    assert_eq!(read, ["at 5", "at 4", "at 3", "at 2", "at 1"]);

    let id = id(1, 1);
    let not_found = run(inbox::mark_read(&database, &bob, id, 7));
    assert!(matches!(not_found, Err(Rejection::NotFound)), "{not_found:?}");
    run(inbox::mark_read(&database, &ada, id, 7)).unwrap();
    run(inbox::mark_read(&database, &ada, id, 8)).unwrap();
    let when = database.query("SELECT read_at_ms FROM notifications WHERE read_at_ms NOT NULL");
    assert_eq!(when, [r#"{"read_at_ms":7}"#], "the first reading counts");
    run(inbox::mark_all_read(&database, &ada, 9)).unwrap();
    let unread = listed(&database, &ada, &UNREAD, 10);
    assert_eq!((unread.page.items.len(), unread.unread), (0, 0));
    assert_eq!(listed(&database, &bob, &UNREAD, 10).unread, 1);
}

#[test]
fn hidden_and_expired_rows_are_not_shown() {
    let database = Sqlite::migrated();
    let key = create_athlete(&database, 1);
    insert(&database, 1, 1, "");
    insert(&database, 1, 2, "expires_at_ms = 500");
    insert(&database, 1, 3, "in_app = 0");
    let check = |now_ms: i64, shown: &[&str]| {
        for page in [ALL, UNREAD] {
            let inbox = listed(&database, &key, &page, now_ms);
            assert_eq!(usize::try_from(inbox.unread).unwrap(), shown.len(), "{page:?} {now_ms}");
            assert_eq!(inbox.last_seq, 3, "the place of a hidden row is a place");
            assert_eq!(titles(inbox), shown, "{page:?} at {now_ms}");
        }
        let streamed = run(inbox::after_seq(&database, &key, 0, 9, now_ms)).unwrap().items;
        let mut streamed: Vec<_> = streamed.into_iter().map(|item| item.title).collect();
        streamed.reverse();
        assert_eq!(streamed, shown, "streamed at {now_ms}");
    };
    check(499, &["at 2", "at 1"]);
    check(500, &["at 1"]);
    check(1_000, &[]);

    for seq in [2, 3, 4] {
        let read = run(inbox::mark_read(&database, &key, id(1, seq), 500));
        assert!(matches!(read, Err(Rejection::NotFound)), "{seq}: {read:?}");
    }
    run(inbox::mark_all_read(&database, &key, 500)).unwrap();
    let read = database.query("SELECT seq FROM notifications WHERE read_at_ms IS NOT NULL");
    assert_eq!(read, [r#"{"seq":1}"#]);
}

fn is_unauthorized<T>(result: &Guarded<T>) -> bool {
    matches!(result, Err(Rejection::Unauthorized))
}

#[test]
fn revoked_key_reads_and_marks_nothing() {
    let database = Sqlite::migrated();
    let key = create_athlete(&database, 1);
    insert(&database, 1, 1, "");
    database.execute("UPDATE api_keys SET revoked_at_ms = 1");
    assert!(is_unauthorized(&run(inbox::list(&database, &key, &ALL, 2))));
    assert!(is_unauthorized(&run(inbox::last_seq(&database, &key))));
    assert!(is_unauthorized(&run(inbox::after_seq(&database, &key, 0, 9, 2))));
    assert!(is_unauthorized(&run(inbox::mark_read(&database, &key, id(1, 1), 2))));
    assert!(is_unauthorized(&run(inbox::mark_all_read(&database, &key, 2))));
    assert_eq!(database.query("SELECT 1 FROM notifications WHERE read_at_ms NOT NULL").len(), 0);
}
