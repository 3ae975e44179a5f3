//! The inbox and the dead letters on real SQL: pages, filters, owners.

use serde_json::Map;
use shared_kernel::{DeadLetter, EventId};
use storage::dead_letters::{self, Filter};
use storage::inbox::{self, Position};
use storage::notifications::{self, NewNotification};
use storage::patterns::{self, WeekRange};
use testkit::{Sqlite, athlete, athlete_id, run};
use training::WeekStart;
use uuid::Uuid;

fn notification(n: u128, at_ms: i64) -> NewNotification {
    NewNotification {
        athlete_id: athlete_id(n),
        event_id: EventId(Uuid::from_u128(n * 1_000 + u128::from(at_ms.unsigned_abs()))),
        kind: "test".to_owned(),
        title: format!("at {at_ms}"),
        body: String::new(),
        data: Map::new(),
        created_at_ms: at_ms,
        mail_attempt: None,
    }
}

#[test]
fn an_inbox_is_read_in_pages_newest_first_and_by_its_owner_only() {
    let database = Sqlite::migrated();
    let (ada, bob) = (athlete(&database, 1), athlete(&database, 2));
    let rows: Vec<_> = (1..=5).map(|at_ms| notification(1, at_ms)).collect();
    run(notifications::store_and_claim(&database, &rows)).unwrap();
    run(notifications::store_and_claim(&database, &[notification(2, 9)])).unwrap();

    let mut titles = Vec::new();
    let mut after: Option<Position> = None;
    loop {
        let page = run(inbox::list(&database, &ada, false, after.as_ref(), 2));
        let page = page.unwrap().unwrap();
        assert_eq!(page.unread, 5);
        let Some(last) = page.items.last() else { break };
        after = Some(Position {
            created_at_ms: last.created_at_ms,
            notification_id: last.notification_id,
        });
        titles.extend(page.items.into_iter().map(|item| item.title));
    }
    assert_eq!(titles, ["at 5", "at 4", "at 3", "at 2", "at 1"]);

    let id = rows[0].event_id.0;
    assert_eq!(run(inbox::mark_read(&database, &bob, id, 7)).unwrap(), Some(false));
    assert_eq!(run(inbox::mark_read(&database, &ada, id, 7)).unwrap(), Some(true));
    assert_eq!(run(inbox::mark_read(&database, &ada, id, 8)).unwrap(), Some(true));
    let read = database.query("SELECT read_at_ms FROM notifications WHERE read_at_ms NOT NULL");
    assert_eq!(read, [r#"{"read_at_ms":7}"#], "the first reading counts");
    assert!(run(inbox::mark_all_read(&database, &ada, 9)).unwrap());
    let unread = |key| run(inbox::list(&database, key, true, None, 9)).unwrap().unwrap();
    assert_eq!((unread(&ada).items.len(), unread(&ada).unread), (0, 0));
    assert_eq!(unread(&bob).unread, 1);
}

#[test]
fn dead_letters_are_filtered_counted_and_read() {
    let database = Sqlite::migrated();
    let letter = |n: i64, queue: &str, reason: &str| DeadLetter {
        queue: queue.to_owned(),
        message_id: n.to_string(),
        reason: reason.to_owned(),
        attempts: 1,
        failed_at_ms: n,
        body: format!(r#"{{"id":"e{n}","type":"t{}","partitionkey":"a"}}"#, n % 2),
    };
    let letters = [
        letter(1, "ai-analysis", "database: away"),
        letter(2, "ai-analysis", "decode: 100% garbage"),
        letter(3, "volume-aggregation", "decode: garbage"),
    ];
    run(dead_letters::store(&database, &letters)).unwrap();
    let check = |filter: Filter, failed_at: &[i64], total: i64| {
        let (rows, count) = run(dead_letters::list(&database, &filter, None, 2)).unwrap();
        let found: Vec<_> = rows.iter().map(|row| row.failed_at_ms).collect();
        assert_eq!((found.as_slice(), count), (failed_at, total), "{filter:?}");
    };
    let some = |text: &str| Some(text.to_owned());
    check(Filter::default(), &[3, 2], 3);
    check(Filter { queue: some("ai-analysis"), ..Filter::default() }, &[2, 1], 2);
    check(Filter { event_type: some("t1"), ..Filter::default() }, &[3, 1], 2);
    check(Filter { reason: some("garbage"), ..Filter::default() }, &[3, 2], 2);
    check(Filter { reason: some("%"), ..Filter::default() }, &[2], 1);
    check(Filter { status: some("discarded"), ..Filter::default() }, &[], 0);
    let (rows, _) = run(dead_letters::list(&database, &Filter::default(), None, 1)).unwrap();
    let one = run(dead_letters::get(&database, rows[0].dead_letter_id)).unwrap().unwrap();
    assert_eq!((one.body.as_str(), one.message_id.as_str()), (letters[2].body.as_str(), "3"));
    assert_eq!(run(dead_letters::get(&database, Uuid::nil())).unwrap(), None);
}

#[test]
fn the_history_of_an_athlete_who_never_trained_is_empty() {
    let database = Sqlite::migrated();
    athlete(&database, 1);
    let from = WeekStart::of("2026-11-23".parse().unwrap());
    let range = WeekRange { athlete_id: athlete_id(1), from, to: None };
    let asked = [athlete_id(1)];
    let input = run(patterns::analysis_input(&database, &asked, &[range], &[range])).unwrap();
    assert!(input.weeks.is_empty() && input.days.is_empty() && input.lifts.is_empty());
    assert!(input.known.is_empty());
}
