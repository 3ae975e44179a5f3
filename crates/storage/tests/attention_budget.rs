//! The attention budget on real SQL: which notifications are shown, and which are held.

#![expect(clippy::unwrap_used, reason = "a failed call fails the test")]

use proptest::prelude::*;
use serde_json::Map;
use shared_kernel::payload::PatternKind;
use shared_kernel::policy::ADVICE_RANK_MIN;
use shared_kernel::{EmailKind, EventId, NotificationKind};
use std::collections::BTreeMap;
use storage::notifications::{self, NewInboxRow, NewNotification, Slot};
use testkit::{Sqlite, athlete_id, create_athlete, run};
use uuid::Uuid;

const ACTION: NotificationKind = NotificationKind::Pattern(PatternKind::VolumeAboveMrv);
const ADVICE: NotificationKind = NotificationKind::Pattern(PatternKind::RepeatedLoad);
const PRAISE: NotificationKind = NotificationKind::NewRecord;

fn notification(event: u128, day: &str, kind: NotificationKind) -> NewNotification {
    let day = day.parse().unwrap();
    let rank = kind.slot_rank(0.8);
    let inbox_row = NewInboxRow {
        athlete_id: athlete_id(1),
        event_id: EventId(Uuid::from_u128(event)),
        kind: EmailKind::Notification(kind),
        title: event.to_string(),
        body: String::new(),
        data: Map::new(),
        created_at_ms: i64::try_from(event).unwrap(),
        expires_at_ms: i64::from(u32::MAX),
        in_app: true,
        mail_due_at_ms: Some(1),
        slot: rank.map_or(Slot::EXEMPT, |rank| Slot::claim(day, rank)),
    };
    NewNotification { inbox_row: Some(inbox_row), deliveries: Vec::new() }
}

fn database() -> Sqlite {
    let database = Sqlite::migrated();
    create_athlete(&database, 1);
    database
}

fn store(database: &Sqlite, batch: &[NewNotification]) {
    run(notifications::store(database, batch, 0)).unwrap();
}

/// The numbers of the events that are shown.
fn shown(database: &Sqlite) -> Vec<u128> {
    let rows = database.query(
        "SELECT title FROM notifications WHERE in_app = 1 AND mail_due_at_ms = 1 ORDER BY seq",
    );
    let title = |row: &String| row.chars().filter(char::is_ascii_digit).collect::<String>();
    rows.iter().map(|row| title(row).parse().unwrap()).collect()
}

/// Stores batches of (event, day, kind), and compares the shown events.
fn check(batches: &[&[(u128, &str, NotificationKind)]], expected: &[u128]) {
    let database = database();
    for _ in 0..2 {
        for batch in batches {
            let batch: Vec<_> =
                batch.iter().map(|(n, day, it)| notification(*n, day, *it)).collect();
            store(&database, &batch);
        }
        assert_eq!(shown(&database), expected, "{batches:?}");
    }
}

const MONDAY: &str = "2026-11-23";
const TUESDAY: &str = "2026-11-24";
const WEDNESDAY: &str = "2026-11-25";
const NEXT_MONDAY: &str = "2026-11-30";
const MONDAY_AFTER: &str = "2026-12-07";

#[test]
fn most_useful_notification_of_a_batch_is_shown() {
    check(&[&[(1, MONDAY, PRAISE), (2, MONDAY, ADVICE), (3, MONDAY, ACTION)]], &[3]);
    check(&[&[(1, MONDAY, ACTION), (2, MONDAY, ACTION)]], &[1]);
}

#[test]
fn day_has_one_slot_and_week_has_two() {
    check(&[&[(1, MONDAY, ACTION)], &[(2, MONDAY, ACTION)]], &[1]);
    let week: &[&[_]] =
        &[&[(1, MONDAY, ACTION)], &[(2, TUESDAY, ACTION)], &[(3, WEDNESDAY, ACTION)]];
    check(week, &[1, 2]);
    check(
        &[&[(1, MONDAY, ACTION)], &[(2, TUESDAY, ACTION)], &[(3, NEXT_MONDAY, ACTION)]],
        &[1, 2, 3],
    );
}

#[test]
fn action_takes_the_slot_of_the_day_from_unread_advice() {
    check(&[&[(1, MONDAY, ADVICE)], &[(2, MONDAY, ACTION)]], &[2]);
    check(&[&[(1, MONDAY, ADVICE)], &[(2, MONDAY, ACTION)], &[(3, MONDAY, ACTION)]], &[2]);
    check(&[&[(1, MONDAY, ADVICE)], &[(2, TUESDAY, ACTION)]], &[1, 2]);
    let database = database();
    store(&database, &[notification(1, MONDAY, ADVICE)]);
    database.execute("UPDATE notifications SET read_at_ms = 1");
    store(&database, &[notification(2, MONDAY, ACTION)]);
    assert_eq!(shown(&database), [1], "a notification that was read is not taken back");
}

#[test]
fn one_notification_without_action_is_shown_in_two_weeks() {
    check(&[&[(1, MONDAY, PRAISE)], &[(2, TUESDAY, ADVICE)], &[(3, WEDNESDAY, ACTION)]], &[1, 3]);
    check(&[&[(1, MONDAY, PRAISE)], &[(2, NEXT_MONDAY, PRAISE)]], &[1]);
    check(&[&[(1, MONDAY, PRAISE)], &[(2, MONDAY_AFTER, PRAISE)]], &[1, 2]);
}

#[test]
fn exempt_notification_is_always_shown() {
    let exempt = NotificationKind::ImportFinished;
    check(&[&[(1, MONDAY, ACTION), (2, MONDAY, exempt)], &[(3, MONDAY, exempt)]], &[1, 2, 3]);
}

#[test]
fn earlier_day_is_compared_with_the_week_after_it() {
    check(&[&[(1, NEXT_MONDAY, PRAISE)], &[(2, MONDAY, PRAISE)]], &[1]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_of_batches_stays_within_the_budget(
        batches in proptest::collection::vec(
            (0..21_u64, proptest::collection::vec((0..30_u128, 0..3_usize), 1..5)),
            1..12,
        ),
        repeats in proptest::collection::vec(any::<prop::sample::Index>(), 0..4),
    ) {
        let database = database();
        let first: chrono::NaiveDate = MONDAY.parse().unwrap();
        let batch = |(day, events): &(u64, Vec<(u128, usize)>)| -> Vec<_> {
            let day = (first + chrono::Days::new(*day)).to_string();
            let of = |(event, usefulness): &(u128, usize)| {
                notification(*event, &day, [ACTION, ADVICE, PRAISE][*usefulness])
            };
            events.iter().map(of).collect()
        };
        for each in &batches {
            store(&database, &batch(each));
        }
        let before = shown(&database);
        for index in repeats {
            store(&database, &batch(index.get(&batches)));
        }
        prop_assert_eq!(&shown(&database), &before, "a repeat changed what is shown");
        let rows = database.query(
            "SELECT slot_day, date(slot_day, 'weekday 0', '-6 days') AS week, slot_rank FROM notifications \
             WHERE held = 0",
        );
        let (mut days, mut weeks, mut advice) =
            (BTreeMap::<_, usize>::new(), BTreeMap::<_, usize>::new(), Vec::new());
        for row in rows {
            let row: serde_json::Value = serde_json::from_str(&row).unwrap();
            *days.entry(row["slot_day"].to_string()).or_default() += 1;
            *weeks.entry(row["week"].to_string()).or_default() += 1;
            if row["slot_rank"].as_i64().unwrap() >= ADVICE_RANK_MIN {
                let week: chrono::NaiveDate = row["week"].as_str().unwrap().parse().unwrap();
                advice.push(week);
            }
        }
        prop_assert!(days.values().all(|count| *count == 1), "{days:?}");
        prop_assert!(weeks.values().all(|count| *count <= 2), "{weeks:?}");
        advice.sort_unstable();
        let are_apart = advice.windows(2).all(|pair| pair[1] - pair[0] >= chrono::TimeDelta::days(14));
        prop_assert!(are_apart, "{advice:?}");
        prop_assert!(!before.is_empty());
    }
}
