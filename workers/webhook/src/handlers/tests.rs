//! The handlers on real SQL with a recording mailer: rows, mails, claims, repeats and crashes.

use super::*;
use platform::consumer::{RawMessage, Verdict};
use serde_json::Map;
use shared_kernel::payload::{
    NotificationRequested, PatternKind, TrainingPatternDetected, WebhookDeliveryRequested,
};
use shared_kernel::routing::queue_of;
use shared_kernel::{EventId, EventType, Queue};
use testkit::{
    Fault, FixedClock, RecordingMailer, RecordingSink, Sqlite, athlete, athlete_id, consume,
    message,
};
use training::WeekStart;
use uuid::Uuid;

struct House {
    database: Rc<Sqlite>,
    shards: Shards,
    sink: RecordingSink,
    mailer: Rc<RecordingMailer>,
    registry: Registry,
}

impl House {
    fn new() -> Self {
        let (database, shards) = testkit::database();
        athlete(&database, 1);
        athlete(&database, 2);
        let mailer = Rc::new(RecordingMailer::default());
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let registry = registry(shards.clone(), Rc::clone(&mailer) as _, clock);
        Self { database, shards, sink: RecordingSink::default(), mailer, registry }
    }

    fn consume(&self, messages: &[RawMessage]) -> Vec<Verdict> {
        consume(&self.registry, &self.shards, &self.sink, Queue::WebhookNotification, messages)
    }

    fn rows(&self) -> Vec<String> {
        self.database.query(
            "SELECT kind, mail_attempt, mailed_at_ms FROM notifications ORDER BY athlete_id, title",
        )
    }

    fn dead_letter_reason(&self) -> String {
        self.sink.take_dead_letters(Queue::WebhookNotification).remove(0).reason
    }
}

fn pattern(n: u128, confidence: f64, attempts: u32) -> RawMessage {
    let data = TrainingPatternDetected {
        athlete_id: athlete_id(n),
        pattern_id: Uuid::from_u128(n),
        pattern: PatternKind::VolumeAboveMrv,
        subject: "chest".to_owned(),
        since: WeekStart::of("2026-11-16".parse().unwrap()),
        confidence,
        evidence: Map::new(),
        title: "Chest volume over MRV\r\nBcc: everybody@example.com".to_owned(),
        recommendation: "Take 6 hard sets away.".to_owned(),
    };
    RawMessage { attempts, ..message(data) }
}

#[test]
fn a_sure_pattern_is_a_row_and_one_mail_and_an_unsure_one_only_a_row() {
    let house = House::new();
    assert_eq!(house.consume(&[pattern(1, 0.8, 1), pattern(2, 0.79, 1)]), [Verdict::Ack; 2]);
    assert_eq!(
        house.rows(),
        [
            r#"{"kind":"volume_above_mrv","mail_attempt":1,"mailed_at_ms":1795435200000}"#,
            r#"{"kind":"volume_above_mrv","mail_attempt":0,"mailed_at_ms":null}"#,
        ]
    );
    let mails = house.mailer.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "athlete1@example.com");
    assert_eq!(mails[0].subject, "Chest volume over MRV Bcc: everybody@example.com");
    assert!(mails[0].text.contains("Take 6 hard sets away."));
}

#[test]
fn the_same_event_again_in_a_batch_or_later_is_one_row_and_one_mail() {
    let house = House::new();
    house.consume(&[pattern(1, 0.9, 1), pattern(1, 0.9, 1)]);
    house.consume(&[pattern(1, 0.9, 1)]);
    house.consume(&[pattern(1, 0.9, 4)]);
    assert_eq!(house.rows().len(), 1);
    assert_eq!(house.mailer.take().len(), 1);
}

#[test]
fn no_address_or_a_higher_limit_is_no_mail() {
    let house = House::new();
    house.database.execute("UPDATE athletes SET email = NULL WHERE display_name = 'Athlete 1'");
    house.database.execute("UPDATE athletes SET email_threshold = 0.95 WHERE email IS NOT NULL");
    house.consume(&[pattern(1, 1.0, 1), pattern(2, 0.9, 1)]);
    assert_eq!(house.rows().len(), 2);
    assert_eq!(house.mailer.take(), []);
}

#[test]
fn a_refused_mail_is_tried_at_the_next_attempt_and_the_row_is_there_meanwhile() {
    let house = House::new();
    house.mailer.refuse_next(1);
    assert_eq!(house.consume(&[pattern(1, 0.9, 1)]), [Verdict::Retry { delay_s: 1 }]);
    assert_eq!(house.rows().len(), 1);
    assert_eq!(house.consume(&[pattern(1, 0.9, 2)]), [Verdict::Ack]);
    assert_eq!(house.mailer.take().len(), 1);
}

#[test]
fn a_mail_refused_four_times_is_a_dead_letter_that_can_be_sent_again() {
    let house = House::new();
    house.mailer.refuse_next(4);
    for attempt in 1..=4 {
        house.consume(&[pattern(1, 0.9, attempt)]);
    }
    assert_eq!(house.dead_letter_reason(), "mail not accepted: mail service away");
    house.consume(&[pattern(1, 0.9, 1)]);
    assert_eq!(house.mailer.take().len(), 1);
}

#[test]
fn a_crash_after_the_claim_is_taken_over_by_the_next_attempt_only() {
    let house = House::new();
    // As a crash leaves it: the row is there, claimed by attempt 1, and nobody sent the mail.
    house.consume(&[pattern(1, 0.5, 1)]);
    house.database.execute("UPDATE notifications SET mail_attempt = 1");
    house.database.execute("UPDATE athletes SET email_threshold = 0.5");
    assert_eq!(house.consume(&[pattern(1, 0.5, 1)]), [Verdict::Ack]);
    assert_eq!(house.mailer.take().len(), 0, "another copy of attempt 1 wins no claim");
    assert_eq!(house.consume(&[pattern(1, 0.5, 2)]), [Verdict::Ack]);
    assert_eq!(house.mailer.take().len(), 1, "attempt 2 takes the dead claim over");
}

#[test]
fn a_mail_is_sent_again_only_when_its_record_is_lost() {
    let house = House::new();
    // The third round trip of a delivery records the mail.
    house.database.execute(
        "CREATE TRIGGER lost BEFORE UPDATE OF mailed_at_ms ON notifications \
         BEGIN SELECT raise(ABORT, 'no such table: disk'); END",
    );
    assert_eq!(house.consume(&[pattern(1, 0.9, 1)]), [Verdict::Retry { delay_s: 1 }]);
    house.database.execute("DROP TRIGGER lost");
    assert_eq!(house.consume(&[pattern(1, 0.9, 2)]), [Verdict::Ack]);
    assert_eq!(house.consume(&[pattern(1, 0.9, 3)]), [Verdict::Ack]);
    assert_eq!(house.mailer.take().len(), 2, "the window that the docs admit");
}

#[test]
fn a_database_that_is_away_is_a_retry_and_an_unknown_athlete_a_dead_letter() {
    let house = House::new();
    house.database.fail_next(&[Fault::BeforeCommit]);
    assert_eq!(house.consume(&[pattern(1, 0.9, 1)]), [Verdict::Retry { delay_s: 1 }]);
    assert_eq!(house.consume(&[pattern(9, 0.9, 1), pattern(1, 0.1, 1)]), [Verdict::Ack; 2]);
    assert_eq!(house.dead_letter_reason(), "there is no such athlete");
    assert_eq!(house.rows().len(), 1);
}

#[test]
fn a_requested_notification_is_a_row_with_its_numbers() {
    let house = House::new();
    let data = NotificationRequested {
        athlete_id: athlete_id(1),
        kind: "weekly_report".to_owned(),
        title: "Your week".to_owned(),
        body: "4 workouts".to_owned(),
        date: None,
        data: Map::from_iter([("workouts".to_owned(), 4.into())]),
    };
    assert_eq!(house.consume(&[message(data)]), [Verdict::Ack]);
    let row = house.database.query("SELECT kind, data, created_at_ms FROM notifications");
    assert_eq!(
        row,
        [r#"{"created_at_ms":1795435198000,"data":"{\"workouts\":4}","kind":"weekly_report"}"#]
    );
}

#[test]
fn a_delivery_to_an_endpoint_is_a_dead_letter_as_long_as_there_are_none() {
    let house = House::new();
    let data = WebhookDeliveryRequested {
        athlete_id: athlete_id(1),
        endpoint_id: Uuid::nil(),
        event_id: EventId(Uuid::nil()),
        attempt: 1,
    };
    assert_eq!(house.consume(&[message(data)]), [Verdict::Ack]);
    assert_eq!(house.dead_letter_reason(), "no handler answered for this event here");
}

#[test]
fn every_event_of_the_queue_has_a_handler_but_the_one_that_nobody_sends() {
    let handled = House::new().registry.types();
    let missing: Vec<_> = EventType::ALL
        .iter()
        .filter(|event| queue_of(**event) == Queue::WebhookNotification)
        .filter(|event| !handled.contains(event))
        .collect();
    assert_eq!(missing, [&EventType::WebhookDeliveryRequested]);
}
