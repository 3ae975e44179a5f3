//! The dead letters on real SQL: pages, filters. An athlete without a history.

use shared_kernel::DeadLetter;
use storage::dead_letters::{self, Filter};
use storage::patterns::{self, WeekRange};
use testkit::{Sqlite, athlete, athlete_id, run};
use training::WeekStart;
use uuid::Uuid;

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
