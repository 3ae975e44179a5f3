//! The handlers on real SQL with a recording mailer: rows, mails, claims, repeats and crashes.

use super::*;
use crate::post::{Post, UnsubscribeLinks};
use crate::publisher::WebhookEventPublisher;
use async_trait::async_trait;
use platform::consumer::{RawMessage, Verdict};
use platform::mail::MailError;
use platform::{Mail, Mailer, Publisher, UnsubscribeKey, Vault};
use serde_json::Map;
use shared_kernel::payload::{
    MailFellDue, NotificationRequested, PatternKind, TrainingPatternDetected,
    WebhookDeliveryRequested,
};
use shared_kernel::routing::queue_of;
use shared_kernel::{EventId, EventType, NotificationKind, Queue};
use standard_webhooks::Environment;
use std::cell::Cell;
use std::rc::Rc;
use storage::webhooks::EndpointKey;
use storage::webhooks::deliveries::{self, Overdue};
use storage::{Database, DatabaseError, QueryResult, Shards, Statement};
use testkit::{
    DatabaseZones, Fault, FixedClock, FixedEntropy, Later, Receivers, RecordingMailer,
    RecordingSink, Sqlite, TestVault, TurnTimer, athlete, athlete_id, consume, message,
};
use training::WeekStart;
use uuid::Uuid;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// 2026-11-23T12:00:00Z, when the house opens.
const NOON_MS: i64 = 1_795_435_200_000;

struct House {
    database: Rc<Sqlite>,
    shards: Shards,
    sink: Rc<RecordingSink>,
    receivers: Rc<Receivers>,
    later: Rc<Later>,
    clock: Rc<FixedClock>,
    /// How long each round trip takes.
    database_takes_ms: Rc<Cell<i64>>,
    mailer: Rc<RecordingMailer>,
    registry: Registry,
}

/// A database that takes its time.
struct SlowDatabase {
    clock: Rc<FixedClock>,
    takes_ms: Rc<Cell<i64>>,
    database: Rc<Sqlite>,
}

#[async_trait(?Send)]
impl Database for SlowDatabase {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        let results = self.database.batch(statements).await;
        self.clock.advance_ms(self.takes_ms.get());
        results
    }
}

/// A mailer that takes its time.
struct SlowMailer {
    clock: Rc<FixedClock>,
    takes_ms: i64,
    mailer: Rc<RecordingMailer>,
}

#[async_trait(?Send)]
impl Mailer for SlowMailer {
    async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.clock.advance_ms(self.takes_ms);
        self.mailer.send(mail).await
    }
}

impl House {
    fn new() -> Self {
        Self::mailing_in(0)
    }

    fn mailing_in(takes_ms: i64) -> Self {
        let database = Rc::new(Sqlite::migrated());
        athlete(&database, 1);
        athlete(&database, 2);
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let database_takes_ms = Rc::new(Cell::new(0));
        let shards = Shards::single(Rc::new(SlowDatabase {
            clock: Rc::clone(&clock),
            takes_ms: Rc::clone(&database_takes_ms),
            database: Rc::clone(&database),
        }));
        let mailer = Rc::new(RecordingMailer::default());
        let slow = SlowMailer { clock: Rc::clone(&clock), takes_ms, mailer: Rc::clone(&mailer) };
        let key = UnsubscribeKey::derived_from("secret").unwrap();
        let base_url = "https://api.example".to_owned();
        let post = Post {
            mailer: Rc::new(slow),
            clock: Rc::clone(&clock) as _,
            time_zones: Rc::new(DatabaseZones),
            unsubscribe: Some(UnsubscribeLinks { base_url, key }),
        };
        let sink = Rc::new(RecordingSink::default());
        let publisher = WebhookEventPublisher::new(Publisher::new(Rc::clone(&sink) as _));
        let inbox = Inbox {
            shards: shards.clone(),
            clock: Rc::clone(&clock) as _,
            time_zones: Rc::new(DatabaseZones),
            post,
            publisher: publisher.clone(),
            entropy: Rc::new(FixedEntropy::default()),
        };
        let (receivers, later) = (Rc::new(Receivers::answering(204)), Rc::new(Later::default()));
        let dispatcher = Dispatcher {
            shards: shards.clone(),
            http: Rc::clone(&receivers) as _,
            vault: Rc::new(TestVault::default()),
            publisher,
            background: Rc::clone(&later) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::new(TurnTimer(Rc::clone(&clock))),
            entropy: Rc::new(FixedEntropy::default()),
            environment: Environment::Public,
        };
        let registry = registry(inbox, dispatcher);
        Self {
            database,
            shards,
            sink,
            receivers,
            later,
            clock,
            database_takes_ms,
            mailer,
            registry,
        }
    }

    /// An endpoint of the first athlete that takes these types.
    fn endpoint(&self, n: u128, event_types: &str) {
        let key = EndpointKey { athlete_id: athlete_id(1), endpoint_id: Uuid::from_u128(n) };
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let sealed = testkit::run(TestVault::default().seal(secret, &key.to_string())).unwrap();
        self.database.execute(&format!(
            "INSERT INTO webhook_endpoints (athlete_id, endpoint_id, url, description, event_types, \
             form, version, signing_keys, created_at_ms) VALUES ('{}', '{}', \
             'https://r{n}.example/hook', '', '{event_types}', 'full', 1, \
             '[{{\"sealed\":\"{sealed}\",\"signature\":\"v1\",\"expires_at_ms\":null}}]', 0)",
            key.athlete_id, key.endpoint_id
        ));
    }

    /// Consumes what was published for the webhook queue, and lets all that follows happen; answers
    /// how many events there were.
    fn consume_published(&self) -> usize {
        let events = self.sink.take_events();
        let messages: Vec<_> = events
            .iter()
            .map(|event| RawMessage {
                id: event.id.to_string(),
                body: event.encode().unwrap(),
                attempts: 1,
            })
            .collect();
        self.consume(&messages);
        self.later.run();
        events.len()
    }

    fn consume(&self, messages: &[RawMessage]) -> Vec<Verdict> {
        consume(&self.registry, &self.shards, &self.sink, Queue::WebhookNotification, messages)
    }

    /// What the sweep's event does.
    fn mails_fall_due(&self) {
        let due = message(MailFellDue { athlete_id: athlete_id(1) });
        assert_eq!(self.consume(&[due]), [Verdict::Ack]);
    }

    /// Each row as its kind, and what is known of its mail; due counts in minutes from noon.
    fn rows(&self) -> Vec<String> {
        self.database.query(&format!(
            "SELECT kind, in_app, mail_attempt AS tries, (mail_due_at_ms - {NOON_MS}) / {MINUTE_MS} \
             AS due, mailed_at_ms IS NOT NULL AS mailed, mail_error AS error \
             FROM notifications ORDER BY athlete_id, seq"
        ))
    }

    fn mails(&self) -> usize {
        self.mailer.take().len()
    }

    fn minutes_pass(&self, minutes: i64) {
        self.clock.advance_ms(minutes * MINUTE_MS);
    }

    fn dead_letter_reason(&self) -> String {
        self.sink.take_dead_letters(Queue::WebhookNotification).remove(0).reason
    }

    fn athlete_wants(&self, settings: &str) {
        self.database.execute(&format!(
            "UPDATE athletes SET {settings} WHERE athlete_id = '{}'",
            athlete_id(1)
        ));
    }
}

fn pattern(n: u128, confidence: f64, attempts: u32) -> RawMessage {
    let data = TrainingPatternDetected {
        athlete_id: athlete_id(n),
        pattern_id: Uuid::from_u128(n),
        pattern: PatternKind::VolumeAboveMrv,
        subject: "chest".to_owned(),
        since: WeekStart::containing("2026-11-16".parse().unwrap()),
        confidence,
        evidence: Map::new(),
        title: "Chest volume over MRV\r\nBcc: everybody@example.com".to_owned(),
        recommendation: "Take 6 hard sets away.".to_owned(),
    };
    RawMessage { attempts, ..message(data) }
}

/// News of a kind to the first athlete; another title is another event.
fn news(kind: &str, title: &str) -> RawMessage {
    message(NotificationRequested {
        athlete_id: athlete_id(1),
        kind: kind.to_owned(),
        title: title.to_owned(),
        body: "4 workouts".to_owned(),
        date: None,
        data: Map::from_iter([("workouts".to_owned(), 4.into())]),
    })
}

fn row(kind: NotificationKind, in_app: bool, tries: i64, due: Option<i64>, mailed: bool) -> String {
    row_with(kind, in_app, tries, due, mailed, None)
}

fn row_with(
    kind: NotificationKind,
    in_app: bool,
    tries: i64,
    due: Option<i64>,
    mailed: bool,
    error: Option<&str>,
) -> String {
    serde_json::json!({
        "kind": kind.as_str(), "in_app": i64::from(in_app), "tries": tries, "due": due,
        "mailed": i64::from(mailed), "error": error,
    })
    .to_string()
}

const OVER_MRV: NotificationKind = NotificationKind::Pattern(PatternKind::VolumeAboveMrv);

#[test]
fn a_sure_pattern_is_a_row_and_one_mail_and_an_unsure_one_only_a_row() {
    let house = House::new();
    assert_eq!(house.consume(&[pattern(1, 0.8, 1), pattern(2, 0.79, 1)]), [Verdict::Ack; 2]);
    assert_eq!(
        house.rows(),
        [row(OVER_MRV, true, 1, None, true), row(OVER_MRV, true, 0, None, false)]
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
    house.minutes_pass(2);
    house.consume(&[pattern(1, 0.9, 4)]);
    house.mails_fall_due();
    assert_eq!(house.rows().len(), 1);
    assert_eq!(house.mails(), 1);
}

#[test]
fn no_address_or_a_higher_limit_is_no_mail() {
    let house = House::new();
    house.database.execute("UPDATE athletes SET email = NULL WHERE display_name = 'Athlete 1'");
    house.database.execute("UPDATE athletes SET email_threshold = 0.95 WHERE email IS NOT NULL");
    house.consume(&[pattern(1, 1.0, 1), pattern(2, 0.9, 1)]);
    assert_eq!(house.rows().len(), 2);
    assert_eq!(house.mails(), 0);
}

#[test]
fn each_kind_goes_the_ways_that_its_athlete_chose_and_else_those_of_its_default() {
    let check = |channels: &str, kind: NotificationKind, expected: Option<(bool, bool)>| {
        let house = House::new();
        house.athlete_wants(&format!("channels = '{channels}'"));
        assert_eq!(house.consume(&[news(kind.as_str(), "News")]), [Verdict::Ack]);
        let expected = expected
            .map(|(in_app, mailed)| row(kind, in_app, i64::from(mailed), None, mailed))
            .into_iter()
            .collect::<Vec<_>>();
        assert_eq!(house.rows(), expected, "{channels} {kind:?}");
        assert_eq!(house.sink.take_dead_letters(Queue::WebhookNotification), []);
    };
    check("{}", NotificationKind::WeeklyReport, Some((true, true)));
    check("{}", NotificationKind::NewRecord, Some((true, false)));
    check(r#"{"new_record":{"email":true}}"#, NotificationKind::NewRecord, Some((true, true)));
    check(
        r#"{"weekly_report":{"email":false}}"#,
        NotificationKind::WeeklyReport,
        Some((true, false)),
    );
    check(
        r#"{"weekly_report":{"in_app":false}}"#,
        NotificationKind::WeeklyReport,
        Some((false, true)),
    );
    check(r#"{"new_record":{"in_app":false}}"#, NotificationKind::NewRecord, None);
}

#[test]
fn news_of_a_kind_that_nobody_knows_is_a_dead_letter_and_its_neighbours_are_told() {
    let house = House::new();
    let batch =
        [news("new_record", "Before"), news("horoscope", "Stars"), news("new_record", "After")];
    assert_eq!(house.consume(&batch), [Verdict::Ack; 3]);
    assert_eq!(house.rows().len(), 2);
    assert_eq!(house.dead_letter_reason(), r#"there is no news of the kind "horoscope""#);
}

#[test]
fn news_past_its_keeping_is_not_told_again() {
    let house = House::new();
    // It happened two seconds before the house opened.
    house.clock.advance_ms(30 * 24 * HOUR_MS - 2_000 - 1);
    house.consume(&[news("import_finished", "Kept")]);
    assert_eq!(house.rows().len(), 1);
    house.clock.advance_ms(1);
    assert_eq!(house.consume(&[news("import_finished", "Past")]), [Verdict::Ack]);
    house.consume(&[news("import_finished", "Kept")]);
    let rows = house.database.query("SELECT title, seq FROM notifications");
    assert_eq!(rows, [r#"{"seq":1,"title":"Kept"}"#]);
}

#[test]
fn the_inbox_loses_what_it_keeps_no_longer_and_gives_no_place_twice() {
    let house = House::new();
    let places = || house.database.query("SELECT title, seq FROM notifications ORDER BY seq");
    house.consume(&[news("import_finished", "A"), news("import_finished", "B")]);
    house.minutes_pass(31 * 24 * 60);
    house.consume(&[news("import_finished", "Past")]);
    assert_eq!(places().len(), 2, "nothing new, nothing taken away");
    house.consume(&[news("new_record", "C")]);
    assert_eq!(places(), [r#"{"seq":3,"title":"C"}"#]);
    house.database.execute(&format!("UPDATE notifications SET expires_at_ms = {NOON_MS}"));
    house.consume(&[news("new_record", "C")]);
    assert_eq!(places(), [r#"{"seq":3,"title":"C"}"#], "the last place is kept");
    house.consume(&[news("new_record", "D"), news("new_record", "C"), news("new_record", "E")]);
    assert_eq!(house.database.query("SELECT seq FROM notifications ORDER BY seq").len(), 2);
    let seqs = house.database.query("SELECT max(seq) AS seq FROM notifications");
    assert_eq!(seqs, [r#"{"seq":5}"#]);
}

#[test]
fn a_refused_mail_is_tried_after_1_5_30_and_120_minutes_and_then_given_up() {
    let house = House::new();
    house.mailer.refuse_next(5);
    let refused = Some("mail not accepted: mail service away");
    let check = |tries: i64, due: Option<i64>| {
        assert_eq!(house.rows(), [row_with(OVER_MRV, true, tries, due, false, refused)]);
    };
    assert_eq!(house.consume(&[pattern(1, 0.9, 1)]), [Verdict::Ack], "the row is the outbox");
    check(1, Some(1));
    house.mails_fall_due();
    check(1, Some(1));
    for (pause, tries, due) in
        [(1, 2, Some(6)), (5, 3, Some(36)), (30, 4, Some(156)), (120, 5, None)]
    {
        house.minutes_pass(pause);
        house.mails_fall_due();
        check(tries, due);
    }
    house.minutes_pass(24 * 60);
    house.consume(&[pattern(1, 0.9, 1)]);
    house.mails_fall_due();
    assert_eq!(house.mails(), 0);
}

#[test]
fn a_refused_mail_goes_at_its_next_try() {
    let house = House::new();
    house.mailer.refuse_next(1);
    house.consume(&[pattern(1, 0.9, 1)]);
    house.minutes_pass(1);
    house.mails_fall_due();
    assert_eq!(house.rows(), [row(OVER_MRV, true, 2, None, true)]);
    assert_eq!(house.mails(), 1);
}

#[test]
fn a_dead_claim_is_taken_over_after_a_minute_and_not_before() {
    let house = House::new();
    house.database.execute(
        "CREATE TRIGGER lost BEFORE UPDATE OF mailed_at_ms ON notifications \
         BEGIN SELECT raise(ABORT, 'no such table: disk'); END",
    );
    house.mailer.refuse_next(1);
    assert_eq!(house.consume(&[pattern(1, 0.9, 1)]), [Verdict::Ack]);
    house.database.execute("DROP TRIGGER lost");
    assert_eq!(house.rows(), [row(OVER_MRV, true, 1, Some(1), false)]);
    house.clock.advance_ms(MINUTE_MS - 1);
    house.consume(&[pattern(1, 0.9, 2)]);
    house.mails_fall_due();
    assert_eq!(house.mails(), 0, "the claim stands");
    house.clock.advance_ms(1);
    house.consume(&[pattern(1, 0.9, 3)]);
    assert_eq!(house.mails(), 1, "the claim is over");
    house.minutes_pass(2);
    house.mails_fall_due();
    assert_eq!(house.mails(), 0);
}

#[test]
fn a_mail_whose_senders_die_is_given_up_at_the_sixth_claim() {
    let house = House::new();
    house.consume(&[pattern(1, 0.5, 1)]);
    house.athlete_wants("email_threshold = 0.5");
    house
        .database
        .execute(&format!("UPDATE notifications SET mail_attempt = 5, mail_due_at_ms = {NOON_MS}"));
    house.mails_fall_due();
    assert_eq!(house.rows(), [row_with(OVER_MRV, true, 6, None, false, Some("given up"))]);
    assert_eq!(house.mails(), 0);
}

#[test]
fn a_mail_is_sent_again_only_when_its_record_is_lost() {
    let house = House::new();
    house.database.execute(
        "CREATE TRIGGER lost BEFORE UPDATE OF mailed_at_ms ON notifications \
         BEGIN SELECT raise(ABORT, 'no such table: disk'); END",
    );
    assert_eq!(house.consume(&[pattern(1, 0.9, 1)]), [Verdict::Ack]);
    house.database.execute("DROP TRIGGER lost");
    house.consume(&[pattern(1, 0.9, 2)]);
    assert_eq!(house.mails(), 1);
    house.minutes_pass(1);
    house.mails_fall_due();
    house.minutes_pass(1);
    house.mails_fall_due();
    assert_eq!(house.mails(), 1, "the window that the docs admit");
}

#[test]
fn a_database_that_fails_at_any_await_costs_no_row_and_no_mail() {
    let check = |passing: usize, fault: Fault| {
        let house = House::new();
        house.database.fail_after(passing, fault);
        for attempt in 1..=2 {
            house.consume(&[pattern(1, 0.9, attempt)]);
        }
        house.minutes_pass(1);
        house.mails_fall_due();
        assert_eq!(house.rows().len(), 1, "{passing} {fault:?}");
        assert!(house.rows()[0].contains(r#""mailed":1"#), "{passing} {fault:?}");
        assert_eq!(house.mails(), 1, "{passing} {fault:?}");
    };
    for passing in 0..4 {
        check(passing, Fault::BeforeCommit);
        check(passing, Fault::AfterCommit);
    }
}

#[test]
fn due_mails_that_are_asked_for_while_the_database_fails_are_asked_for_again() {
    let check = |passing: usize, fault: Fault, verdict: Verdict| {
        let house = House::new();
        house.mailer.refuse_next(1);
        house.consume(&[pattern(1, 0.9, 1)]);
        house.minutes_pass(1);
        house.database.fail_after(passing, fault);
        let due = message(MailFellDue { athlete_id: athlete_id(1) });
        assert_eq!(house.consume(std::slice::from_ref(&due)), [verdict], "{passing} {fault:?}");
        house.minutes_pass(1);
        assert_eq!(house.consume(&[due.clone(), due]), [Verdict::Ack; 2]);
        assert_eq!(house.mails(), 1, "{passing} {fault:?}");
    };
    check(0, Fault::BeforeCommit, Verdict::Retry { delay_s: 1 });
    check(0, Fault::AfterCommit, Verdict::Retry { delay_s: 1 });
    check(1, Fault::BeforeCommit, Verdict::Ack);
    check(1, Fault::AfterCommit, Verdict::Ack);
}

#[test]
fn in_quiet_hours_a_mail_waits_for_their_end_and_the_row_is_there_at_once() {
    let house = House::new();
    // It is 13:00 in Berlin; quiet until 13:30 there.
    house.athlete_wants(
        r#"time_zone = 'Europe/Berlin', quiet_hours = '{"from":"12:00","to":"13:30"}'"#,
    );
    house.consume(&[pattern(1, 0.9, 1)]);
    assert_eq!(house.rows(), [row(OVER_MRV, true, 0, Some(30), false)]);
    house.minutes_pass(29);
    house.mails_fall_due();
    house.consume(&[pattern(1, 0.9, 2)]);
    assert_eq!(house.mails(), 0);
    house.minutes_pass(1);
    house.mails_fall_due();
    assert_eq!(house.rows(), [row(OVER_MRV, true, 1, None, true)]);
    assert_eq!(house.mails(), 1);
}

#[test]
fn a_waiting_mail_is_held_against_what_its_athlete_wants_when_it_is_due() {
    let check = |settings: &str, expected: String| {
        let house = House::new();
        house.mailer.refuse_next(1);
        house.consume(&[pattern(1, 0.9, 1)]);
        house.minutes_pass(1);
        house.athlete_wants(settings);
        house.mails_fall_due();
        assert_eq!(house.rows(), [expected], "{settings}");
        assert_eq!(house.mails(), 0, "{settings}");
    };
    let dropped = |reason| row_with(OVER_MRV, true, 2, None, false, Some(reason));
    check("email = NULL", dropped("there is no address any more"));
    check(
        r#"channels = '{"volume_above_mrv":{"email":false}}'"#,
        dropped("mail of this kind is switched off"),
    );
    check("daily_mail_limit = 0", dropped("over the daily limit"));
    check(
        r#"quiet_hours = '{"from":"12:00","to":"12:10"}'"#,
        row(OVER_MRV, true, 1, Some(10), false),
    );
}

#[test]
fn no_more_mails_go_on_one_of_the_athletes_days_than_they_want() {
    let house = House::new();
    house.athlete_wants("daily_mail_limit = 2, time_zone = 'Asia/Tokyo'");
    let reports = |titles: &[&str]| {
        let batch: Vec<_> = titles.iter().map(|title| news("weekly_report", title)).collect();
        house.consume(&batch);
        house.mails()
    };
    assert_eq!(reports(&["A"]), 1);
    assert_eq!(reports(&["A", "B", "C"]), 1, "a repeat counts no second time");
    assert_eq!(reports(&["D"]), 0);
    let report = NotificationKind::WeeklyReport;
    let over = Some("over the daily limit");
    assert_eq!(house.rows()[3], row_with(report, true, 1, None, false, over));
    assert_eq!(house.rows().len(), 4, "each is in the inbox");
    // 24:00 in Tokyo.
    house.clock.advance_ms(3 * HOUR_MS - 1);
    assert_eq!(reports(&["E"]), 0);
    house.clock.advance_ms(1);
    assert_eq!(reports(&["F", "G", "H"]), 2);
}

#[test]
fn mails_that_would_outlast_their_claim_are_left_to_the_next_who_asks() {
    let house = House::mailing_in(20_000);
    let batch: Vec<_> =
        ["A", "B", "C", "D"].iter().map(|title| news("weekly_report", title)).collect();
    house.consume(&batch);
    assert_eq!(house.mails(), 2, "20 s are within half of the claim, 40 s are not");
    let report = NotificationKind::WeeklyReport;
    assert_eq!(house.rows()[3], row(report, true, 0, Some(0), false), "it was no try");
    house.mails_fall_due();
    assert_eq!(house.mails(), 2);
}

#[test]
fn no_mail_is_begun_on_what_a_slow_database_left_of_its_claim() {
    let report = NotificationKind::WeeklyReport;
    let check = |takes_ms: i64, mails: usize, row: String| {
        let house = House::new();
        house.database_takes_ms.set(takes_ms);
        house.consume(&[news("weekly_report", "A")]);
        assert_eq!((house.mails(), house.rows()), (mails, vec![row]), "new, {takes_ms} ms");
    };
    // Two round trips lie between the time of a claim in the write and the first mail.
    check(14_999, 1, row(report, true, 1, None, true));
    check(30_000, 0, row(report, true, 0, Some(1), false));

    let house = House::new();
    house.mailer.refuse_next(1);
    house.consume(&[news("weekly_report", "A")]);
    house.minutes_pass(1);
    house.database_takes_ms.set(30_000);
    house.mails_fall_due();
    assert_eq!(house.mails(), 0, "its claim is half over");
    house.database_takes_ms.set(29_999);
    house.mails_fall_due();
    assert_eq!(house.mails(), 1);
}

#[test]
fn at_most_twenty_mails_of_an_athlete_go_at_once_the_longest_due_first() {
    let house = House::new();
    house.athlete_wants(
        "daily_mail_limit = 100, quiet_hours = '{\"from\":\"12:00\",\"to\":\"12:30\"}'",
    );
    let batch: Vec<_> = (10..35).map(|n| news("weekly_report", &format!("Week {n}"))).collect();
    house.consume(&batch);
    house.minutes_pass(30);
    house.mails_fall_due();
    assert_eq!(house.mails(), 20);
    house.mails_fall_due();
    assert_eq!(house.mails(), 5);
}

#[test]
fn mails_of_one_athlete_are_not_sent_for_another() {
    let house = House::new();
    house.mailer.refuse_next(2);
    house.consume(&[pattern(1, 0.9, 1), pattern(2, 0.9, 1)]);
    house.minutes_pass(1);
    house.mails_fall_due();
    let mails = house.mailer.take();
    assert_eq!(mails.len(), 1);
    assert_eq!(mails[0].to, "athlete1@example.com");
}

#[test]
fn mails_of_an_athlete_who_is_gone_are_none() {
    let house = House::new();
    let due = message(MailFellDue { athlete_id: athlete_id(9) });
    assert_eq!(house.consume(&[due]), [Verdict::Ack]);
    assert_eq!(house.sink.take_dead_letters(Queue::WebhookNotification), []);
}

#[test]
fn a_batch_reads_once_writes_once_and_records_once() {
    let house = House::new();
    let trips = |messages: &[RawMessage]| {
        let before = house.database.round_trips();
        house.consume(messages);
        house.database.round_trips() - before
    };
    assert_eq!(trips(&[news("new_record", "A")]), 2);
    assert_eq!(trips(&[pattern(1, 0.9, 1), pattern(2, 0.9, 1)]), 3);
    assert_eq!(trips(&[message(MailFellDue { athlete_id: athlete_id(1) })]), 1);
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
    assert_eq!(house.consume(&[news("weekly_report", "Your week")]), [Verdict::Ack]);
    let row = house
        .database
        .query("SELECT kind, data, created_at_ms, expires_at_ms, seq FROM notifications");
    assert_eq!(
        row,
        [
            r#"{"created_at_ms":1795435198000,"data":"{\"workouts\":4}","expires_at_ms":1826971198000,"kind":"weekly_report","seq":1}"#
        ]
    );
}

#[test]
fn news_goes_to_each_endpoint_that_takes_its_type_by_an_event_of_its_own() {
    let house = House::new();
    house.endpoint(1, "[]");
    house.endpoint(2, r#"["weekly_report.made"]"#);
    house.endpoint(3, r#"["pattern.detected"]"#);
    assert_eq!(house.consume(&[news("weekly_report", "Your week")]), [Verdict::Ack]);
    assert_eq!(house.consume_published(), 2);
    let mut urls: Vec<_> = house.receivers.take().into_iter().map(|post| post.url).collect();
    urls.sort();
    assert_eq!(urls, ["https://r1.example/hook", "https://r2.example/hook"]);
}

#[test]
fn the_same_news_twice_or_shuffled_is_one_delivery() {
    let house = House::new();
    house.endpoint(1, "[]");
    let (report, record) = (news("weekly_report", "Your week"), news("new_record", "A record"));
    house.consume(&[report.clone(), record.clone(), report.clone()]);
    house.consume(&[record.clone(), report.clone()]);
    assert_eq!(house.consume_published(), 2);
    house.consume(&[record, report]);
    assert_eq!(house.consume_published(), 0);
    assert_eq!(house.receivers.take().len(), 2);
}

#[test]
fn news_that_is_published_again_later_is_the_same_delivery() {
    let house = House::new();
    house.endpoint(1, "[]");
    let first = news("new_record", "A record");
    let body = first.body.replace("T11:59:58", "T11:59:59");
    assert_ne!(body, first.body);
    house.consume(&[first.clone(), RawMessage { body: body.clone(), ..first.clone() }]);
    assert_eq!(house.consume_published(), 1);
    house.consume(&[RawMessage { body, ..first }]);
    assert_eq!(house.consume_published(), 0);
    assert_eq!(house.receivers.take().len(), 1);
}

#[test]
fn an_athlete_who_wants_no_webhooks_of_a_kind_gets_the_row_and_no_delivery() {
    let house = House::new();
    house.endpoint(1, "[]");
    house.database.execute(
        r#"UPDATE athletes SET channels = '{"weekly_report":{"webhook":false},"new_record":{"in_app":false}}'"#,
    );
    house.consume(&[news("weekly_report", "Your week"), news("new_record", "A record")]);
    let kinds = house.database.query("SELECT kind FROM notifications");
    assert_eq!(kinds, [r#"{"kind":"weekly_report"}"#]);
    let types = house.database.query("SELECT event_type FROM webhook_deliveries");
    assert_eq!(types, [r#"{"event_type":"record.broken"}"#]);
}

#[test]
fn a_crash_at_any_await_leaves_one_row_and_one_delivery_that_arrives() {
    for fault in [Fault::BeforeCommit, Fault::AfterCommit] {
        for passing in 0..3 {
            let house = House::new();
            house.endpoint(1, "[]");
            house.database.fail_after(passing, fault);
            for attempts in 1..=3 {
                house.consume(&[RawMessage { attempts, ..news("new_record", "A record") }]);
            }
            house.consume_published();
            // What was not published is the sweep's.
            let now_ms = NOON_MS + 2 * MINUTE_MS;
            house.clock.advance_ms(2 * MINUTE_MS);
            let due = testkit::run(deliveries::overdue(&*house.database, now_ms, 9)).unwrap();
            for Overdue { key: EndpointKey { athlete_id, endpoint_id }, event_id, .. } in due {
                let data =
                    WebhookDeliveryRequested { athlete_id, endpoint_id, event_id, attempt: 1 };
                house.consume(&[message(data)]);
                house.later.run();
            }
            let status = house.database.query("SELECT status FROM webhook_deliveries");
            assert_eq!(status, [r#"{"status":"delivered"}"#], "{fault:?} after {passing}");
            assert_eq!(house.database.query("SELECT kind FROM notifications").len(), 1);
        }
    }
}

#[test]
fn an_endpoint_that_is_not_there_any_more_is_nothing_to_do() {
    let house = House::new();
    let data = WebhookDeliveryRequested {
        athlete_id: athlete_id(1),
        endpoint_id: Uuid::nil(),
        event_id: EventId(Uuid::nil()),
        attempt: 1,
    };
    assert_eq!(house.consume(&[message(data)]), [Verdict::Ack]);
    assert_eq!(house.later.run(), 0);
}

#[test]
fn every_event_of_the_queue_has_a_handler() {
    let handled = House::new().registry.types();
    let missing: Vec<_> = EventType::ALL
        .iter()
        .filter(|event| queue_of(**event) == Queue::WebhookNotification)
        .filter(|event| !handled.contains(event))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
