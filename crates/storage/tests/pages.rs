//! Lists on real SQL end at their bytes, and continue after them (`storage::Page`).
#![expect(clippy::unwrap_used, reason = "a test says what failed by panicking")]

use serde_json::{Value, json};
use shared_kernel::{DeadLetter, TraceContext, WorkoutId};
use std::fmt::Debug;
use storage::dead_letters::actions::{self, Action, ActionPosition, Selection};
use storage::dead_letters::{self, DeadLetterPosition, Filter, due};
use storage::inbox::{self, InboxQuery, NotificationPosition};
use storage::webhooks::deliveries::{self, DeliveryQuery};
use storage::webhooks::endpoints::{self, NewEndpoint};
use storage::webhooks::{SealedKey, Signature};
use storage::workouts::{self, Content, ListedWorkout, Origin, Since, WorkoutQuery};
use storage::{KeyProof, Page, patterns};
use testkit::{Sqlite, athlete_id, create_athlete, run};
use uuid::Uuid;

/// Long columns of three rows fill a page; the fourth row is longer than one.
const LONG: [usize; 6] = [300_000, 300_000, 300_000, 1_500_000, 300_000, 10];
/// The rows of each page of a list in that order.
const PAGES: [usize; 3] = [3, 1, 2];

/// Reads a list to its end. `read` returns the page after a position, with the numbers of its rows.
#[track_caller]
fn check<P: Clone + Debug>(read: impl Fn(Option<P>) -> (Page<usize>, Option<P>)) {
    let (mut after, mut sizes, mut rows) = (None, Vec::new(), Vec::new());
    loop {
        let (page, last) = read(after.clone());
        sizes.push(page.items.len());
        rows.extend(page.items);
        assert_eq!(page.has_more, rows.len() < LONG.len(), "{rows:?}");
        if !page.has_more {
            break;
        }
        after = last;
    }
    assert_eq!((sizes, rows), (PAGES.to_vec(), (0..LONG.len()).collect()));
}

fn numbers<T>(page: &Page<T>, number: impl Fn(&T) -> u128) -> Page<usize> {
    let numbers = page.items.iter().map(|item| usize::try_from(number(item)).unwrap());
    Page { items: numbers.collect(), has_more: page.has_more }
}

/// Text of a length in SQL.
fn text(length: usize) -> String {
    format!("printf('%.*c', {length}, 'x')")
}

fn athlete() -> (Sqlite, KeyProof) {
    let database = Sqlite::migrated();
    let key = create_athlete(&database, 1);
    (database, key)
}

/// Stores workouts with long notes: number 0 is the newest, and the first that was changed.
fn store_workouts(database: &Sqlite, key: &KeyProof) {
    for (n, length) in LONG.iter().enumerate() {
        let document = json!({
            "started_at": format!("2026-11-{}T12:00:00Z", 20 - n),
            "exercises": [{ "exercise": "pull-up", "sets": [{ "kind": "working", "reps": 10 }] }],
        });
        let content = Content::of(&serde_json::from_value(document).unwrap()).unwrap();
        let trace = TraceContext::from_random([7; 24]);
        let origin = Origin { idempotency: None, trace, now_ms: 1 };
        let id = WorkoutId(Uuid::from_u128(n as u128));
        run(workouts::create(database, key, id, &content, &origin)).unwrap();
        database.execute(&format!(
            "UPDATE workouts SET document = json_set(document, '$.notes', {}) \
             WHERE workout_id = '{id}'",
            text(*length)
        ));
    }
}

#[test]
fn workouts_end_a_page_at_its_bytes() {
    let (database, key) = athlete();
    store_workouts(&database, &key);
    check(|after| {
        let query = WorkoutQuery { from: None, to: None, after, limit: 100 };
        let page = run(workouts::list(&database, &key, &query)).unwrap();
        let last = page.items.last().map(ListedWorkout::position);
        (numbers(&page, |row| row.workout.workout_id.0.as_u128()), last)
    });
}

#[test]
fn changed_workouts_end_a_page_at_its_bytes() {
    let (database, key) = athlete();
    store_workouts(&database, &key);
    check(|after| {
        let since = Since::Change(after.unwrap_or(0));
        let page = run(workouts::changes(&database, &key, since, 100)).unwrap().page;
        let last = page.items.last().map(|row| row.change_seq);
        (numbers(&page, |row| row.workout.workout_id.0.as_u128()), last)
    });
}

#[test]
fn notifications_end_a_page_at_their_bytes() {
    let (database, key) = athlete();
    for (n, length) in LONG.iter().enumerate() {
        // The newest first in the list, the oldest first in the stream.
        for (id, at_ms) in [(n, 100 - n), (n + 100, 200 + n)] {
            database.execute(&format!(
                "INSERT INTO notifications (athlete_id, notification_id, seq, kind, title, body, \
                 data, created_at_ms, expires_at_ms) VALUES ('{}', '{}', {at_ms}, 'k', '', {}, \
                 '{{}}', {at_ms}, 1000)",
                athlete_id(1),
                Uuid::from_u128(id as u128),
                text(*length)
            ));
        }
    }
    let number = |row: &inbox::Notification| row.notification_id.as_u128() % 100;
    check(|after| {
        let start = NotificationPosition { created_at_ms: 200, notification_id: Uuid::nil() };
        let query = InboxQuery { unread_only: false, after: after.or(Some(start)), limit: 100 };
        let page = run(inbox::list(&database, &key, &query, 1)).unwrap().page;
        let last = page.items.last().map(|row| NotificationPosition {
            created_at_ms: row.created_at_ms,
            notification_id: row.notification_id,
        });
        (numbers(&page, number), last)
    });
    check(|after: Option<i64>| {
        let page = run(inbox::after_seq(&database, &key, after.unwrap_or(199), 100, 1)).unwrap();
        let last = page.items.last().map(|row| row.seq);
        (numbers(&page, number), last)
    });
}

#[test]
fn deliveries_end_a_page_at_their_bytes() {
    let (database, key) = athlete();
    let endpoint_id = Uuid::from_u128(1);
    let new = NewEndpoint {
        endpoint_id,
        url: "https://hooks.example/".to_owned(),
        description: String::new(),
        event_types: Vec::new(),
        form: "full",
        version: 1,
        signing_key: SealedKey {
            sealed: String::new(),
            signature: Signature::V1,
            expires_at_ms: None,
        },
    };
    run(endpoints::add(&database, &key, &new, 0)).unwrap();
    let attempt = json!({
        "at_ms": 1, "outcome": "failed", "status": 500, "error": null, "duration_ms": 1,
    });
    for (n, length) in LONG.iter().enumerate() {
        database.execute(&format!(
            "INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, \
             event_type, body, traceparent, created_at_ms, due_at_ms, attempts) VALUES ('{0}', \
             '{endpoint_id}', '{1}', '{1}', 'record.set', '', '', 0, 0, \
             json_array(json_set('{attempt}', '$.answer', {2})))",
            athlete_id(1),
            Uuid::from_u128(100 - n as u128),
            text(*length)
        ));
    }
    check(|after| {
        let query = DeliveryQuery { status: None, after, limit: 100 };
        let page = run(deliveries::list(&database, &key, endpoint_id, &query)).unwrap();
        let last = page.items.last().map(|row| row.delivery_id);
        (numbers(&page, |row| 100 - row.delivery_id.as_u128()), last)
    });
}

#[test]
fn patterns_end_at_their_bytes() {
    let (database, key) = athlete();
    for (n, length) in LONG.iter().enumerate() {
        database.execute(&format!(
            "INSERT INTO patterns (athlete_id, pattern_id, pattern, subject, since, confidence, \
             evidence, title, recommendation, detected_at_ms) VALUES ('{}', '{}', \
             'volume_above_mrv', 'chest', '2026-11-16', 0.7, '{{}}', {}, '', {})",
            athlete_id(1),
            Uuid::from_u128(n as u128),
            text(*length),
            100 - n
        ));
    }
    let listed = run(patterns::list(&database, &key, None, 100)).unwrap();
    assert_eq!(listed.len(), PAGES[0]);
}

fn operations() -> Sqlite {
    let database = Sqlite::migrated_operations();
    let dead_letter = |n: usize| DeadLetter {
        queue: "ai-analysis".to_owned(),
        message_id: n.to_string(),
        reason: "unavailable".to_owned(),
        attempts: 4,
        failed_at_ms: i64::try_from(n).unwrap(),
        is_transient: true,
        body: "{}".to_owned(),
    };
    let failed: Vec<_> = (0..LONG.len()).map(dead_letter).collect();
    run(dead_letters::store(&database, &failed)).unwrap();
    database
}

#[test]
fn dead_letters_end_a_page_at_their_bytes() {
    let database = operations();
    for (n, length) in LONG.iter().enumerate() {
        let at_ms = LONG.len() - 1 - n;
        database.execute(&format!(
            "UPDATE dead_letters SET note = {} WHERE failed_at_ms = {at_ms}",
            text(*length)
        ));
    }
    check(|after| {
        let filter = Filter::default();
        let (page, total) =
            run(dead_letters::list(&database, &filter, after.as_ref(), 100)).unwrap();
        assert_eq!(total, 6);
        let last = page.items.last().map(|row| DeadLetterPosition {
            failed_at_ms: row.failed_at_ms,
            dead_letter_id: row.dead_letter_id,
        });
        (numbers(&page, |row| 5 - u128::try_from(row.failed_at_ms).unwrap()), last)
    });
}

fn action(n: u128) -> Action {
    Action { id: Uuid::from_u128(n), operator: "ops".to_owned(), at_ms: 1_000_000, note: None }
}

#[test]
fn actions_end_a_page_at_their_bytes() {
    let database = operations();
    for (n, length) in LONG.iter().enumerate() {
        database.execute(&format!(
            "INSERT INTO operator_actions (at_ms, action_id, operator, action, selection) \
             VALUES ({}, '{}', 'ops', 'redrive', json_array({}))",
            100 - n,
            Uuid::from_u128(n as u128),
            text(*length)
        ));
    }
    check(|after: Option<ActionPosition>| {
        let page = run(actions::list(&database, after.as_ref(), 100)).unwrap();
        let last = page
            .items
            .last()
            .map(|row| ActionPosition { at_ms: row.at_ms, action_id: row.action_id });
        (numbers(&page, |row| row.action_id.as_u128()), last)
    });
}

/// Bodies of 1.5 MB: a claim has 4 MB.
#[test]
fn claims_of_dead_letters_end_at_their_bytes() {
    let claimed_by_operator = |database: &Sqlite, n| {
        let all = Selection::Matching(Filter::default());
        run(actions::claim(database, &action(n), &all, None, 100)).unwrap().1.len()
    };
    let claimed_by_sweep = |database: &Sqlite, n| {
        let claim = due::Claim { id: Uuid::from_u128(n), at_ms: 1_000_000 };
        run(due::claim(database, claim, 100)).unwrap().len()
    };
    let check = |claim: &dyn Fn(&Sqlite, u128) -> usize, body: usize, expected: [usize; 4]| {
        let database = operations();
        database.execute(&format!("UPDATE dead_letters SET body = {}", text(body)));
        let claimed = [1, 2, 3, 4].map(|n| claim(&database, n));
        assert_eq!(claimed, expected, "{body}");
    };
    for claim in [&claimed_by_operator as &dyn Fn(&Sqlite, u128) -> usize, &claimed_by_sweep] {
        check(claim, 1_500_000, [2, 2, 2, 0]);
        check(claim, 5_000_000, [1, 1, 1, 1]);
        check(claim, 100, [6, 0, 0, 0]);
    }
}

#[test]
fn dead_letters_are_counted_up_to_a_limit() {
    let database = operations();
    let count = |database: &Sqlite| {
        let all = Selection::Matching(Filter::default());
        let matched = run(actions::count_matching(database, &all, 1)).unwrap().matched;
        let total = run(dead_letters::list(database, &Filter::default(), None, 1)).unwrap().1;
        (matched, total)
    };
    assert_eq!(count(&database), (6, 6));
    database.execute(
        "WITH RECURSIVE n(i) AS (SELECT 10000 UNION ALL SELECT i + 1 FROM n WHERE i < 20100) \
         INSERT INTO dead_letters (dead_letter_id, queue, message_id, reason, reason_group, \
         attempts, failed_at_ms, body) \
         SELECT '00000000-0000-0000-0000-0000000' || i, 'q', i, '', '', 1, i, '' FROM n",
    );
    assert_eq!(count(&database), (dead_letters::COUNTED_MAX, dead_letters::COUNTED_MAX));
}

#[test]
fn repeated_mark_counts_dead_letters_once() {
    let database = operations();
    let all = Selection::Matching(Filter::default());
    let (_, claimed) = run(actions::claim(&database, &action(1), &all, None, 100)).unwrap();
    let ids: Vec<_> = claimed.iter().map(|it| it.dead_letter_id).collect();
    for ids in [&ids[..4], &ids[..4], &ids[4..]] {
        run(actions::mark_redriven(&database, &action(1), ids)).unwrap();
    }
    let page = run(actions::list(&database, None, 10)).unwrap();
    let affected: Vec<Value> = page.items.iter().map(|row| row.affected.into()).collect();
    assert_eq!(affected, [json!(6)]);
}
