//! The e-mails of an inbox on real SQL: positions, claims and results.

use proptest::prelude::*;
use serde_json::Map;
use shared_kernel::{EmailKind, EventId, NotificationKind};
use std::collections::BTreeMap;
use storage::notifications::{
    self, CLAIM_MS, ClaimedEmail, EmailResult, NewInboxRow, NewNotification, Slot,
};
use testkit::{Sqlite, athlete_id, create_athlete, run};
use uuid::Uuid;

fn inbox_row(athlete: u128, event: u128) -> NewInboxRow {
    NewInboxRow {
        athlete_id: athlete_id(athlete),
        event_id: EventId(Uuid::from_u128(event)),
        kind: EmailKind::Notification(NotificationKind::WeeklyReport),
        title: event.to_string(),
        body: String::new(),
        data: Map::new(),
        created_at_ms: 0,
        expires_at_ms: i64::from(u32::MAX),
        in_app: true,
        mail_due_at_ms: Some(0),
        slot: Slot::EXEMPT,
    }
}

fn notification(n: u128, event: u128) -> NewNotification {
    NewNotification { inbox_row: Some(inbox_row(n, event)), deliveries: Vec::new() }
}

fn failed(email: &ClaimedEmail, due_at_ms: i64) -> EmailResult {
    EmailResult {
        athlete_id: email.athlete_id,
        notification_id: email.notification_id,
        claim_ends_at_ms: email.claim_ends_at_ms,
        tries: email.mail_attempt,
        mailed_at_ms: None,
        mail_due_at_ms: Some(due_at_ms),
        mail_error: Some("rejected".to_owned()),
    }
}

fn sent(email: &ClaimedEmail, at_ms: i64) -> EmailResult {
    let mailed_at_ms = Some(at_ms);
    EmailResult { mailed_at_ms, mail_due_at_ms: None, mail_error: None, ..failed(email, 0) }
}

#[test]
fn failure_requires_a_current_claim_but_success_does_not() {
    let database = Sqlite::migrated();
    create_athlete(&database, 1);
    let claim = |now_ms| {
        run(notifications::claim_due_emails(&database, &[athlete_id(1)], now_ms)).unwrap().claimed
    };
    let record = |record| run(notifications::record_emails(&database, &[record])).unwrap();
    let state = || {
        database
            .query("SELECT mail_attempt AS try, mail_due_at_ms AS due, mailed_at_ms AS at FROM notifications")
            .remove(0)
    };
    let first =
        run(notifications::store(&database, &[notification(1, 1)], 0)).unwrap().claimed.remove(0);
    assert_eq!(claim(CLAIM_MS - 1), []);
    let second = claim(CLAIM_MS).remove(0);
    assert_eq!((first.mail_attempt, second.mail_attempt), (1, 2));
    let held = state();
    record(failed(&first, 5));
    assert_eq!(state(), held, "its claim has ended");
    record(sent(&first, 70));
    assert_eq!(state(), r#"{"at":70,"due":null,"try":1}"#, "a success is always recorded");
    record(failed(&second, 5));
    record(sent(&second, 80));
    assert_eq!(state(), r#"{"at":70,"due":null,"try":1}"#);
    assert_eq!(claim(i64::from(u32::MAX)), []);
}

#[test]
fn ended_claim_records_nothing_even_with_a_matching_try() {
    let database = Sqlite::migrated();
    create_athlete(&database, 1);
    let record = |record| run(notifications::record_emails(&database, &[record])).unwrap();
    let state =
        || database.query("SELECT mail_attempt AS try, mail_due_at_ms AS due FROM notifications");
    let first =
        run(notifications::store(&database, &[notification(1, 1)], 0)).unwrap().claimed.remove(0);
    let due = run(notifications::claim_due_emails(&database, &[athlete_id(1)], CLAIM_MS)).unwrap();
    let second = &due.claimed[0];
    assert_eq!((first.claim_ends_at_ms, second.claim_ends_at_ms), (CLAIM_MS, 2 * CLAIM_MS));
    record(EmailResult { tries: 1, ..failed(second, 900_000) });
    let postponed = [r#"{"due":900000,"try":1}"#];
    assert_eq!(state(), postponed);
    record(failed(&first, 5));
    assert_eq!(state(), postponed, "the same try under another claim");
}

proptest! {
    /// For any batches with any repeats: each inbox numbers its rows from 1 without a gap, a row
    /// keeps its `seq`, and each e-mail is claimed once.
    #[test]
    fn seq_is_unique_and_each_email_is_claimed_once(
        batches in prop::collection::vec(
            prop::collection::vec((1..=2_u128, 1..=12_u128), 0..8), 1..8
        )
    ) {
        let database = Sqlite::migrated();
        create_athlete(&database, 1);
        create_athlete(&database, 2);
        let mut places: BTreeMap<Uuid, i64> = BTreeMap::new();
        let mut claims = 0;
        for batch in &batches {
            // Each athlete has events of their own.
            let rows: Vec<_> = batch.iter().map(|(n, event)| notification(*n, n * 100 + event)).collect();
            for claimed in run(notifications::store(&database, &rows, 0)).unwrap().claimed {
                claims += 1;
                prop_assert_eq!(places.insert(claimed.notification_id, claimed.seq), None);
            }
        }
        for n in 1..=2 {
            let of_athlete = places.iter().filter(|(id, _)| id.as_u128() / 100 == n);
            let mut seqs: Vec<_> = of_athlete.map(|(_, seq)| *seq).collect();
            seqs.sort_unstable();
            let expected: Vec<_> = (1..).take(seqs.len()).collect();
            prop_assert_eq!(seqs, expected);
        }
        prop_assert_eq!(claims, database.query("SELECT 1 FROM notifications").len());
        for (id, seq) in &places {
            let kept = database.query(&format!(
                "SELECT 1 FROM notifications WHERE notification_id = '{id}' AND seq = {seq}"
            ));
            prop_assert_eq!(kept.len(), 1);
        }
    }
}
