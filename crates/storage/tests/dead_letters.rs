//! Dead letters on real SQL: pages, filters, groups and operators' actions.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use serde_json::{Value, json};
use shared_kernel::{DeadLetter, Event, EventId};
use storage::dead_letters::actions::{self, Action, Selection};
use storage::dead_letters::{self, Filter};
use storage::latency::LatencyHistogram;
use storage::patterns;
use storage::training_history::WeekRange;
use storage::{expiry, pipeline};
use testkit::{Sqlite, athlete_id, create_athlete, run};
use training::WeekStart;
use uuid::Uuid;

#[test]
fn dead_letters_are_filtered_counted_and_read() {
    let database = Sqlite::migrated_operations();
    let dead_letter = |n: i64, queue: &str, reason: &str| DeadLetter {
        queue: queue.to_owned(),
        message_id: n.to_string(),
        reason: reason.to_owned(),
        attempts: 1,
        failed_at_ms: n,
        is_transient: false,
        body: format!(r#"{{"id":"e{n}","type":"t{}","partitionkey":"a"}}"#, n % 2),
    };
    let failed = [
        dead_letter(1, "ai-analysis", "database: unavailable"),
        dead_letter(2, "ai-analysis", "decode: 100% garbage"),
        dead_letter(3, "volume-aggregation", "decode: garbage"),
    ];
    run(dead_letters::store(&database, &failed)).unwrap();
    let check = |filter: Filter, failed_at: &[i64], total: i64| {
        let (page, count) = run(dead_letters::list(&database, &filter, None, 2)).unwrap();
        let found: Vec<_> = page.items.iter().map(|row| row.failed_at_ms).collect();
        assert_eq!((found.as_slice(), count), (failed_at, total), "{filter:?}");
    };
    let some = |text: &str| Some(text.to_owned());
    check(Filter::default(), &[3, 2], 3);
    check(Filter { queue: some("ai-analysis"), ..Filter::default() }, &[2, 1], 2);
    check(Filter { event_type: some("t1"), ..Filter::default() }, &[3, 1], 2);
    check(Filter { reason: some("garbage"), ..Filter::default() }, &[3, 2], 2);
    check(Filter { reason: some("%"), ..Filter::default() }, &[2], 1);
    check(Filter { status: some("discarded"), ..Filter::default() }, &[], 0);
    check(Filter { reason_group: some("decode: #% garbage"), ..Filter::default() }, &[2], 1);
    check(Filter { event_id: some("e2"), ..Filter::default() }, &[2], 1);
    check(Filter { athlete_id: some("a"), ..Filter::default() }, &[3, 2], 3);
    check(Filter { since_ms: Some(2), until_ms: Some(3), ..Filter::default() }, &[2], 1);
    check(Filter { q: some("unavailable"), ..Filter::default() }, &[1], 1);
    check(Filter { q: some("\"e3\""), ..Filter::default() }, &[3], 1);
    check(Filter { q: some("2"), ..Filter::default() }, &[2], 1);
    let rows = run(dead_letters::list(&database, &Filter::default(), None, 1)).unwrap().0.items;
    let one = run(dead_letters::get(&database, rows[0].dead_letter_id)).unwrap().unwrap();
    assert_eq!((one.body.as_str(), one.message_id.as_str()), (failed[2].body.as_str(), "3"));
    assert_eq!(
        one.history.as_str(),
        r#"[{"at_ms":3,"what":"failed","reason":"decode: garbage","attempts":1,"message_id":"3"}]"#
    );
    assert!(run(dead_letters::get(&database, Uuid::nil())).unwrap().is_none());
}

const NONE: [i64; 0] = [];

/// A dead letter with an event of its own.
fn dead_letter(n: u128, failed_at_ms: i64, reason: &str) -> DeadLetter {
    let golden = include_str!("../../shared-kernel/golden/AggregationUpdated.v1.json");
    let mut event = Event::decode(golden).unwrap();
    event.id = EventId(Uuid::from_u128(n));
    DeadLetter {
        queue: "ai-analysis".to_owned(),
        message_id: format!("{n} at {failed_at_ms}"),
        reason: reason.to_owned(),
        attempts: 4,
        failed_at_ms,
        is_transient: false,
        body: event.encode().unwrap(),
    }
}

fn action(n: u128, at_ms: i64) -> Action {
    Action { id: Uuid::from_u128(n), operator: "ann".to_owned(), at_ms, note: None }
}

fn all() -> Selection {
    Selection::Matching(Filter::default())
}

fn stored(failed: &[DeadLetter]) -> Sqlite {
    let database = Sqlite::migrated_operations();
    run(dead_letters::store(&database, failed)).unwrap();
    database
}

/// Claims, and returns the times of failure.
fn claim(database: &Sqlite, action: &Action, selection: &Selection) -> Vec<i64> {
    let (_, claimed) = run(actions::claim(database, action, selection, None, 10)).unwrap();
    claimed.iter().map(|claimed| claimed.failed_at_ms).collect()
}

/// Returns the time, status, redrives and reason of each dead letter.
fn rows(database: &Sqlite) -> Vec<(i64, String, i64, String)> {
    let rows = run(dead_letters::list(database, &Filter::default(), None, 100)).unwrap().0.items;
    let row = |row: dead_letters::DeadLetterSummary| {
        (row.failed_at_ms, row.status, row.redrives, row.reason)
    };
    rows.into_iter().map(row).collect()
}

fn row(at_ms: i64, status: &str, redrives: i64, reason: &str) -> (i64, String, i64, String) {
    (at_ms, status.to_owned(), redrives, reason.to_owned())
}

#[test]
fn groups_are_listed_by_size_with_first_and_last_failure() {
    let failed = [
        dead_letter(1, 5, "week 12 is bad"),
        dead_letter(2, 6, "unavailable"),
        dead_letter(3, 9, "week 7 is bad"),
    ];
    let database = stored(&failed);
    let groups = run(dead_letters::groups(&database, &Filter::default(), 10)).unwrap();
    let read: Vec<_> = groups
        .iter()
        .map(|group| {
            (
                group.reason_group.as_str(),
                group.count,
                group.first_failed_at_ms,
                group.last_failed_at_ms,
            )
        })
        .collect();
    assert_eq!(read, [("week # is bad", 2, 5, 9), ("unavailable", 1, 6, 6)]);
    assert_eq!(groups[0].event_type.as_deref(), Some("bulktrack.AggregationUpdated.v1"));
    let first = run(dead_letters::groups(&database, &Filter::default(), 1)).unwrap();
    assert_eq!(first, groups[..1]);
}

#[test]
fn claim_excludes_other_actions_for_a_minute() {
    let database = stored(&[dead_letter(1, 5, "unavailable"), dead_letter(2, 6, "unavailable")]);
    assert_eq!(claim(&database, &action(1, 10), &all()), [5, 6]);
    assert_eq!(claim(&database, &action(2, 11), &all()), NONE);
    assert_eq!(claim(&database, &action(3, 10 + actions::CLAIM_MS - 1), &all()), NONE);
    assert_eq!(rows(&database)[0], row(6, "open", 1, "unavailable"));
    // The claimant has crashed.
    assert_eq!(claim(&database, &action(4, 10 + actions::CLAIM_MS), &all()), [5, 6]);
}

#[test]
fn sent_dead_letters_are_redriven_and_released_ones_are_open() {
    let failed = [dead_letter(1, 5, "unavailable"), dead_letter(2, 6, "unavailable")];
    let database = stored(&failed);
    let redrive = action(1, 10);
    claim(&database, &redrive, &all());
    run(actions::mark_redriven(&database, &redrive, &[failed[0].id()])).unwrap();
    run(actions::release(&database, &redrive, &[failed[1].id()])).unwrap();
    assert_eq!(
        rows(&database),
        [row(6, "open", 0, "unavailable"), row(5, "redriven", 1, "unavailable")]
    );
    assert_eq!(claim(&database, &action(2, 11), &all()), [6]);
    let recorded = run(actions::list(&database, None, 10)).unwrap().items;
    let read: Vec<_> =
        recorded.iter().map(|row| (row.at_ms, row.action.as_str(), row.affected)).collect();
    assert_eq!(read, [(11, "redrive", 0), (10, "redrive", 1)]);
}

#[test]
fn redriven_event_that_fails_reopens_with_its_new_reason() {
    let first = dead_letter(1, 5, "unavailable");
    let database = stored(std::slice::from_ref(&first));
    let redrive = action(1, 10);
    claim(&database, &redrive, &all());
    run(actions::mark_redriven(&database, &redrive, &[first.id()])).unwrap();
    // The message from before the redrive, delivered once more.
    run(dead_letters::store(&database, std::slice::from_ref(&first))).unwrap();
    assert_eq!(rows(&database), [row(5, "redriven", 1, "unavailable")]);
    run(dead_letters::store(&database, &[dead_letter(1, 12, "bad week")])).unwrap();
    assert_eq!(rows(&database), [row(12, "open", 1, "bad week")]);
    let one = run(dead_letters::get(&database, first.id())).unwrap().unwrap();
    let history: Vec<Value> = serde_json::from_str(&one.history).unwrap();
    let read: Vec<_> = history.iter().map(|entry| (&entry["at_ms"], &entry["what"])).collect();
    let (failed, redriven) = (json!("failed"), json!("redrive"));
    assert_eq!(read, [(&json!(5), &failed), (&json!(10), &redriven), (&json!(12), &failed)]);
}

#[test]
fn dead_letter_that_fails_before_its_mark_stays_open() {
    let first = dead_letter(1, 5, "unavailable");
    let database = stored(std::slice::from_ref(&first));
    let redrive = action(1, 10);
    claim(&database, &redrive, &all());
    run(dead_letters::store(&database, &[dead_letter(1, 11, "unavailable")])).unwrap();
    run(actions::mark_redriven(&database, &redrive, &[first.id()])).unwrap();
    assert_eq!(rows(&database), [row(11, "open", 1, "unavailable")]);
    assert_eq!(claim(&database, &redrive, &all()), NONE, "the failure cancels the claim");
    assert_eq!(claim(&database, &action(2, 12), &all()), [11]);
}

#[test]
fn dead_letter_redriven_three_times_requires_force() {
    let id = dead_letter(1, 0, "unavailable").id();
    let database = stored(&[dead_letter(1, 0, "unavailable")]);
    for turn in 1..=3 {
        let redrive = action(turn, i64::try_from(turn).unwrap() * 10);
        assert_eq!(claim(&database, &redrive, &all()).len(), 1, "turn {turn}");
        run(actions::mark_redriven(&database, &redrive, &[id])).unwrap();
        run(dead_letters::store(&database, &[dead_letter(1, redrive.at_ms + 1, "unavailable")]))
            .unwrap();
    }
    let by_id = |force| Selection::Ids { ids: vec![id], force };
    for selection in [all(), by_id(false)] {
        let counted = run(actions::count_matching(&database, &selection, 40)).unwrap();
        assert_eq!((counted.matched, counted.held_back), (0, 1), "{selection:?}");
        assert_eq!(claim(&database, &action(4, 40), &selection), NONE);
    }
    assert_eq!(run(actions::count_matching(&database, &by_id(true), 40)).unwrap().matched, 1);
    assert_eq!(claim(&database, &action(5, 40), &by_id(true)), [31]);
}

#[test]
fn edited_body_is_sent_and_the_original_is_preserved() {
    let first = dead_letter(1, 5, "unavailable");
    let database = stored(std::slice::from_ref(&first));
    let by_id = Selection::Ids { ids: vec![first.id()], force: false };
    let edit = action(1, 10);
    let (_, claimed) = run(actions::claim(&database, &edit, &by_id, Some("fixed"), 1)).unwrap();
    assert_eq!(claimed[0].body, "fixed");
    run(actions::release(&database, &edit, &[first.id()])).unwrap();
    let (_, claimed) = run(actions::claim(&database, &action(2, 11), &all(), None, 1)).unwrap();
    assert_eq!(claimed[0].body, "fixed");
    let one = run(dead_letters::get(&database, first.id())).unwrap().unwrap();
    assert_eq!((one.body, one.edited_body.as_deref()), (first.body, Some("fixed")));
}

#[test]
fn discard_takes_the_oldest_and_records_the_note() {
    let database = stored(&[
        dead_letter(1, 5, "unavailable"),
        dead_letter(2, 6, "unavailable"),
        dead_letter(3, 7, "bad"),
    ]);
    let why = Action { note: Some("an outage".to_owned()), ..action(1, 10) };
    let unavailable =
        Selection::Matching(Filter { reason: Some("unavailable".to_owned()), ..Filter::default() });
    assert_eq!(run(actions::discard(&database, &why, &unavailable, 1)).unwrap(), (2, 1));
    assert_eq!(run(actions::discard(&database, &action(2, 11), &unavailable, 10)).unwrap(), (1, 1));
    assert_eq!(run(actions::discard(&database, &action(3, 12), &unavailable, 10)).unwrap(), (0, 0));
    // The sweep resent its event.
    run(dead_letters::store(&database, &[dead_letter(1, 20, "unavailable")])).unwrap();
    let rows = run(dead_letters::list(&database, &Filter::default(), None, 10)).unwrap().0.items;
    let read: Vec<_> = rows.iter().map(|row| (row.status.as_str(), row.note.as_deref())).collect();
    let discarded = "discarded";
    assert_eq!(read, [("open", None), (discarded, None), (discarded, Some("an outage"))]);
    let recorded = run(actions::list(&database, None, 10)).unwrap().items;
    let affected: Vec<_> = recorded.iter().map(|row| row.affected).collect();
    assert_eq!(affected, [0, 1, 1]);
}

#[test]
fn dead_letters_expire_thirty_days_after_their_last_failure() {
    const DAY_MS: i64 = 86_400_000;
    let database = stored(&[
        dead_letter(1, 0, "unavailable"),
        dead_letter(2, 1, "unavailable"),
        dead_letter(3, DAY_MS, "unavailable"),
    ]);
    assert_eq!(run(expiry::expire(&database, 30 * DAY_MS, 10)).unwrap(), 0);
    assert_eq!(run(expiry::expire(&database, 30 * DAY_MS + 2, 1)).unwrap(), 1);
    assert_eq!(run(expiry::expire(&database, 30 * DAY_MS + 2, 1)).unwrap(), 1);
    assert_eq!(run(expiry::expire(&database, 30 * DAY_MS + 2, 1)).unwrap(), 0);
    assert_eq!(rows(&database).len(), 1);
}

#[test]
fn actions_expire_after_a_year_and_metrics_after_two_days() {
    const DAY_MS: i64 = 86_400_000;
    let database = stored(&[dead_letter(1, 0, "unavailable")]);
    claim(&database, &action(1, 0), &all());
    let minute = pipeline::MinuteMetrics {
        minute_ms: 0,
        queue: "ai-analysis",
        event_type: "",
        handled: 1,
        retried: 0,
        dead_lettered: 0,
        latency: LatencyHistogram::default(),
    };
    run(pipeline::add(&database, &[minute])).unwrap();
    let check = |now_ms: i64, actions: usize, minutes: usize| {
        run(expiry::expire(&database, now_ms, 10)).unwrap();
        let rows = |table: &str| database.query(&format!("SELECT 1 FROM {table}")).len();
        let left = (rows("operator_actions"), rows("pipeline_minutes"));
        assert_eq!(left, (actions, minutes), "{now_ms}");
    };
    check(2 * DAY_MS, 1, 1);
    check(2 * DAY_MS + 1, 1, 0);
    check(365 * DAY_MS, 1, 0);
    check(365 * DAY_MS + 1, 0, 0);
}

#[test]
fn analysis_input_of_an_untrained_athlete_is_empty() {
    let database = Sqlite::migrated();
    create_athlete(&database, 1);
    let from = WeekStart::containing("2026-11-23".parse().unwrap());
    let range = WeekRange { athlete_id: athlete_id(1), from, to: None };
    let athletes = [athlete_id(1)];
    let input = run(patterns::analysis_input(&database, &athletes, &[range], &[range])).unwrap();
    assert!(input.weeks.is_empty() && input.days.is_empty() && input.lifts.is_empty());
    assert!(input.known.is_empty());
}
