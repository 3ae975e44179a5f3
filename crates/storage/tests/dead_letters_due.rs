//! Dead letters whose cause was an outage: their schedule, and what of an operator ends it.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use serde_json::Value;
use shared_kernel::routing::REDRIVE_AFTER_S;
use shared_kernel::{DeadLetter, Event, EventId};
use storage::dead_letters::actions::{self, Action, Selection};
use storage::dead_letters::due::{self, Claim, Sent};
use storage::dead_letters::{self, DeadLetterSummary, Filter};
use testkit::{Sqlite, run};
use uuid::Uuid;

const MINUTE_MS: i64 = 60_000;
const NONE: [Uuid; 0] = [];

/// The failure of message `message` of an event, because of an outage.
fn outage(event: u128, message: u32, failed_at_ms: i64) -> DeadLetter {
    let golden = include_str!("../../shared-kernel/golden/AggregationUpdated.v1.json");
    let mut decoded = Event::decode(golden).unwrap();
    decoded.id = EventId(Uuid::from_u128(event));
    DeadLetter {
        queue: "ai-analysis".to_owned(),
        message_id: format!("{event} {message}"),
        reason: "database: unavailable".to_owned(),
        attempts: 4,
        failed_at_ms,
        is_transient: true,
        body: decoded.encode().unwrap(),
    }
}

fn permanent(failure: DeadLetter) -> DeadLetter {
    DeadLetter { is_transient: false, reason: "bad week".to_owned(), ..failure }
}

fn store(database: &Sqlite, failed: &[DeadLetter]) {
    run(dead_letters::store(database, failed)).unwrap();
}

fn stored(failed: &[DeadLetter]) -> Sqlite {
    let database = Sqlite::migrated_operations();
    store(&database, failed);
    database
}

fn only(database: &Sqlite) -> DeadLetterSummary {
    let (page, total) = run(dead_letters::list(database, &Filter::default(), None, 2)).unwrap();
    assert_eq!(total, 1);
    page.items.into_iter().next().unwrap()
}

fn state(database: &Sqlite) -> (String, Option<i64>) {
    let row = only(database);
    (row.status, row.due_at_ms)
}

fn waiting(due_at_ms: i64) -> (String, Option<i64>) {
    ("waiting".to_owned(), Some(due_at_ms))
}

fn without_time(status: &str) -> (String, Option<i64>) {
    (status.to_owned(), None)
}

const fn claim_at(n: u128, at_ms: i64) -> Claim {
    Claim { id: Uuid::from_u128(n), at_ms }
}

/// Claims what is due, and returns its ids.
fn claim(database: &Sqlite, claim: Claim) -> Vec<Uuid> {
    let claimed = run(due::claim(database, claim, 100)).unwrap();
    claimed.into_iter().map(|claimed| claimed.dead_letter_id).collect()
}

/// Redrives what is due, and returns the number.
fn redrive(database: &Sqlite, n: u128, at_ms: i64) -> usize {
    let accepted = claim(database, claim_at(n, at_ms));
    let count = accepted.len();
    run(due::finish(database, claim_at(n, at_ms), &Sent { accepted, ..Sent::default() })).unwrap();
    count
}

fn action(n: u128, at_ms: i64) -> Action {
    Action { id: Uuid::from_u128(n), operator: "ann".to_owned(), at_ms, note: None }
}

fn all() -> Selection {
    Selection::Matching(Filter::default())
}

#[test]
fn outage_is_redriven_at_growing_intervals_and_then_left() {
    let database = stored(&[outage(1, 0, 0)]);
    let (mut now_ms, mut message) = (0, 0);
    for wait_s in REDRIVE_AFTER_S {
        let due_at_ms = now_ms + i64::from(wait_s) * 1_000;
        assert_eq!(state(&database), waiting(due_at_ms));
        assert_eq!(redrive(&database, 1, due_at_ms - 1), 0, "too early");
        message += 1;
        assert_eq!(redrive(&database, 1 + u128::from(message), due_at_ms), 1);
        assert_eq!(state(&database), without_time("redriven"));
        now_ms = due_at_ms + 20_000;
        store(&database, &[outage(1, message, now_ms)]);
    }
    assert_eq!(state(&database), without_time("open"));
    assert_eq!(only(&database).redrives, 0, "none of an operator");
    // An operator's redrive starts the schedule again.
    let redrive = action(99, now_ms);
    run(actions::claim(&database, &redrive, &all(), None, 1)).unwrap();
    let id = only(&database).dead_letter_id;
    run(actions::mark_redriven(&database, &redrive, &[id])).unwrap();
    store(&database, &[outage(1, 99, now_ms)]);
    assert_eq!(state(&database), waiting(now_ms + MINUTE_MS));
}

#[test]
fn permanent_failure_is_left_to_an_operator() {
    let database = stored(&[permanent(outage(1, 0, 0))]);
    assert_eq!(state(&database), without_time("open"));
    // The sweep has resent its event meanwhile.
    store(&database, &[outage(1, 1, 10)]);
    assert_eq!(state(&database), without_time("open"));
    let database = stored(&[outage(1, 0, 0)]);
    redrive(&database, 1, MINUTE_MS);
    store(&database, &[permanent(outage(1, 1, MINUTE_MS + 1))]);
    assert_eq!(state(&database), without_time("open"));
    assert_eq!(only(&database).reason, "bad week");
    let database = stored(&[outage(1, 0, 0)]);
    store(&database, &[permanent(outage(1, 1, 1))]);
    assert_eq!(state(&database), without_time("open"));
}

#[test]
fn failures_are_distinguished_by_message_whatever_the_clocks() {
    const CLOCK_ERROR_MS: i64 = 30_000;
    let database = stored(&[outage(1, 0, CLOCK_ERROR_MS)]);
    redrive(&database, 1, CLOCK_ERROR_MS + MINUTE_MS);
    let late = DeadLetter { failed_at_ms: 10 * MINUTE_MS, ..outage(1, 0, 0) };
    store(&database, &[late]);
    assert_eq!(state(&database), without_time("redriven"), "a message from before the redrive");
    let early = CLOCK_ERROR_MS + MINUTE_MS - CLOCK_ERROR_MS;
    store(&database, &[outage(1, 1, early)]);
    assert_eq!(state(&database), waiting(early + 5 * MINUTE_MS), "failed by a clock that is slow");
    store(&database, &[outage(1, 1, early), outage(1, 0, early)]);
    assert_eq!(state(&database), waiting(early + 5 * MINUTE_MS), "duplicates");
}

#[test]
fn failure_between_send_and_mark_keeps_its_time() {
    let database = stored(&[outage(1, 0, 0)]);
    let sweep = claim_at(1, MINUTE_MS);
    let accepted = claim(&database, sweep);
    assert_eq!(claim(&database, claim_at(2, MINUTE_MS)), NONE, "claimed by one sweep");
    store(&database, &[outage(1, 1, MINUTE_MS + 5)]);
    run(due::finish(&database, sweep, &Sent { accepted, ..Sent::default() })).unwrap();
    assert_eq!(state(&database), waiting(MINUTE_MS + 5 + 5 * MINUTE_MS));
}

#[test]
fn crashed_sweep_is_repeated_after_its_claim() {
    let database = stored(&[outage(1, 0, 0)]);
    let claim_ms = actions::CLAIM_MS;
    assert_eq!(claim(&database, claim_at(1, MINUTE_MS)).len(), 1);
    assert_eq!(claim(&database, claim_at(2, MINUTE_MS + claim_ms - 1)), NONE);
    assert_eq!(redrive(&database, 3, MINUTE_MS + claim_ms), 1);
}

#[test]
fn operator_takes_a_dead_letter_from_the_sweep() {
    let discarded = |database: &Sqlite| {
        assert_eq!(
            run(actions::discard(database, &action(9, MINUTE_MS), &all(), 9)).unwrap(),
            (1, 1)
        );
    };
    let edited = |database: &Sqlite| {
        let edit = action(9, MINUTE_MS);
        let (_, claimed) = run(actions::claim(database, &edit, &all(), Some("fixed"), 9)).unwrap();
        assert_eq!(claimed.len(), 1);
    };
    let check = |act: &dyn Fn(&Sqlite), status: &str, body: &str| {
        let database = stored(&[outage(1, 0, 0)]);
        let sweep = claim_at(1, MINUTE_MS);
        let accepted = claim(&database, sweep);
        act(&database);
        run(due::finish(&database, sweep, &Sent { accepted, ..Sent::default() })).unwrap();
        assert_eq!(only(&database).status, status);
        assert_eq!(claim(&database, claim_at(2, MINUTE_MS + 1)), NONE, "{status}");
        let one = run(dead_letters::get(&database, only(&database).dead_letter_id)).unwrap();
        assert_eq!(one.unwrap().edited_body.unwrap_or_default(), body);
    };
    check(&discarded, "discarded", "");
    check(&edited, "waiting", "fixed");
}

#[test]
fn operator_redrives_waiting_dead_letters_before_their_time() {
    let database = stored(&[outage(1, 0, 0)]);
    let counted = run(actions::count_matching(&database, &all(), 1)).unwrap();
    assert_eq!(counted.matched, 1);
    let redrive = action(9, 1);
    let (_, claimed) = run(actions::claim(&database, &redrive, &all(), None, 9)).unwrap();
    assert_eq!(claim(&database, claim_at(1, MINUTE_MS)), NONE, "claimed by the operator");
    run(actions::mark_redriven(&database, &redrive, &[claimed[0].dead_letter_id])).unwrap();
    assert_eq!(state(&database), without_time("redriven"));
}

#[test]
fn rejected_dead_letters_wait_and_unsendable_ones_are_open() {
    let check = |sent: &dyn Fn(Vec<Uuid>) -> Sent, expected: (String, Option<i64>)| {
        let database = stored(&[outage(1, 0, 0)]);
        let sweep = claim_at(1, MINUTE_MS);
        let ids = claim(&database, sweep);
        run(due::finish(&database, sweep, &sent(ids))).unwrap();
        assert_eq!(state(&database), expected);
    };
    let rejected = |rejected| Sent { rejected, retry_after_ms: 7, ..Sent::default() };
    check(&rejected, waiting(MINUTE_MS + 7));
    check(&|unsendable| Sent { unsendable, ..Sent::default() }, without_time("open"));
}

#[test]
fn claim_of_a_sweep_is_bounded_in_bytes() {
    let large = |n: u32| {
        let failure = outage(u128::from(n), n, 0);
        DeadLetter { body: format!("{}{}", failure.body, " ".repeat(100_000)), ..failure }
    };
    let database = stored(&(1..=60).map(large).collect::<Vec<_>>());
    let claimed = run(due::claim(&database, claim_at(1, MINUTE_MS), 100)).unwrap();
    let bytes: usize = claimed.iter().map(|claimed| claimed.body.len()).sum();
    assert!((3_800_000..=4_000_000).contains(&bytes), "{bytes}");
}

#[test]
fn history_keeps_the_first_failure_and_the_newest_entries() {
    let database = stored(&[outage(1, 0, 0)]);
    for n in 1..=40 {
        let redrive = action(u128::from(n), i64::from(n));
        let forced = Selection::Ids { ids: vec![only(&database).dead_letter_id], force: true };
        run(actions::claim(&database, &redrive, &forced, None, 1)).unwrap();
        store(&database, &[permanent(outage(1, n, i64::from(n)))]);
    }
    let one = run(dead_letters::get(&database, only(&database).dead_letter_id)).unwrap().unwrap();
    let history: Vec<Value> = serde_json::from_str(&one.history).unwrap();
    assert_eq!(history.len(), 50);
    assert_eq!(history[0]["at_ms"], 0);
    assert_eq!((&history[1]["at_ms"], &history[49]["at_ms"]), (&16.into(), &40.into()));
}

#[test]
fn groups_count_the_newest_10000_of_a_status() {
    let database = Sqlite::migrated_operations();
    database.execute(
        "INSERT INTO dead_letters (dead_letter_id, queue, message_id, reason, reason_group, attempts, \
         failed_at_ms, status, body) WITH RECURSIVE n(n) AS (\
         SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 10004) \
         SELECT n, 'q', n, 'r', 'r', 1, n, iif(n < 3, 'redriven', 'open'), '' FROM n",
    );
    let check = |status: Option<&str>, expected: &[(i64, i64)]| {
        let filter = Filter { status: status.map(str::to_owned), ..Filter::default() };
        let groups = run(dead_letters::groups(&database, &filter, 10)).unwrap();
        let read: Vec<_> =
            groups.iter().map(|group| (group.count, group.first_failed_at_ms)).collect();
        assert_eq!(read, expected, "{status:?}");
    };
    check(Some("open"), &[(10_000, 5)]);
    check(Some("redriven"), &[(3, 0)]);
    check(None, &[(10_000, 5)]);
    check(Some("waiting"), &[]);
}
