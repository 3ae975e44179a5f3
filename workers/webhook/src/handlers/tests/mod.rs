//! The handlers on real SQL, with a recording mailer and receivers.

mod confirmation;
mod email;
mod inbox;
mod webhooks;
mod workouts;

use super::*;
use crate::email_sender::{EmailSender, Links};
use crate::publisher::WebhookEventPublisher;
use async_trait::async_trait;
use platform::consumer::RawMessage;
use platform::email::EmailError;
use platform::{Email, Mailer, Publisher, Vault};
use serde_json::Map;
use shared_kernel::MessageResult;
use shared_kernel::payload::{
    MailFellDue, NotificationRequested, PatternKind, TrainingPatternDetected,
};
use shared_kernel::{EventType, LinkKey, NotificationKind, Queue};
use standard_webhooks::Environment;
use std::cell::Cell;
use std::rc::Rc;
use storage::webhooks::EndpointKey;
use storage::{Database, DatabaseError, QueryResult, Shards, Statement};
use testkit::{
    DatabaseFault, Databases, DeferredTasks, FixedClock, FixedEntropy, IanaTimeZones, Receivers,
    RecordingMailer, RecordingSink, Sqlite, TestVault, YieldingTimer, athlete_id, consume,
    create_athlete, message,
};
use training::WeekStart;
use uuid::Uuid;

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
/// 2026-11-23T12:00:00Z, the start of the fixture's clock.
const NOON_MS: i64 = 1_795_435_200_000;

struct Fixture {
    database: Databases,
    shards: Shards,
    sink: Rc<RecordingSink>,
    receivers: Rc<Receivers>,
    later: Rc<DeferredTasks>,
    clock: Rc<FixedClock>,
    /// The latency of each round trip.
    database_latency_ms: Rc<Cell<i64>>,
    mailer: Rc<RecordingMailer>,
    registry: Registry,
}

/// A database whose round trips take time on the clock.
struct SlowDatabase {
    clock: Rc<FixedClock>,
    latency_ms: Rc<Cell<i64>>,
    database: Rc<Sqlite>,
}

#[async_trait(?Send)]
impl Database for SlowDatabase {
    async fn batch(&self, statements: Vec<Statement>) -> Result<Vec<QueryResult>, DatabaseError> {
        let results = self.database.batch(statements).await;
        self.clock.advance_ms(self.latency_ms.get());
        results
    }
}

/// A mailer whose sends take time on the clock.
struct SlowMailer {
    clock: Rc<FixedClock>,
    latency_ms: i64,
    mailer: Rc<RecordingMailer>,
}

#[async_trait(?Send)]
impl Mailer for SlowMailer {
    async fn send(&self, email: &Email) -> Result<(), EmailError> {
        self.clock.advance_ms(self.latency_ms);
        self.mailer.send(email).await
    }
}

impl Fixture {
    fn new() -> Self {
        Self::with_slow_mailer(0)
    }

    /// Creates a fixture whose mailer takes `latency_ms` per email.
    fn with_slow_mailer(latency_ms: i64) -> Self {
        let database = Databases::migrated();
        create_athlete(&database, 1);
        create_athlete(&database, 2);
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let database_latency_ms = Rc::new(Cell::new(0));
        let shards = database.shards_over(|_, database| {
            Rc::new(SlowDatabase {
                clock: Rc::clone(&clock),
                latency_ms: Rc::clone(&database_latency_ms),
                database,
            })
        });
        let mailer = Rc::new(RecordingMailer::default());
        let slow = SlowMailer { clock: Rc::clone(&clock), latency_ms, mailer: Rc::clone(&mailer) };
        let key = LinkKey::derived_from("secret").unwrap();
        let base_url = "https://api.example".to_owned();
        let email_sender = EmailSender {
            mailer: Rc::new(slow),
            clock: Rc::clone(&clock) as _,
            time_zones: Rc::new(IanaTimeZones),
            links: Some(Links { base_url, key }),
        };
        let sink = Rc::new(RecordingSink::default());
        let publisher = WebhookEventPublisher::new(Publisher::new(Rc::clone(&sink) as _));
        let notifier = Notifier {
            shards: shards.clone(),
            clock: Rc::clone(&clock) as _,
            time_zones: Rc::new(IanaTimeZones),
            email_sender,
            publisher: publisher.clone(),
            entropy: Rc::new(FixedEntropy::default()),
        };
        let (receivers, later) =
            (Rc::new(Receivers::responding_with(204)), Rc::new(DeferredTasks::default()));
        let dispatcher = Dispatcher {
            shards: shards.clone(),
            http: Rc::clone(&receivers) as _,
            vault: Rc::new(TestVault::default()),
            publisher,
            background: Rc::clone(&later) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::new(YieldingTimer(Rc::clone(&clock))),
            entropy: Rc::new(FixedEntropy::default()),
            environment: Environment::Public,
        };
        let registry = registry(notifier, dispatcher);
        Self {
            database,
            shards,
            sink,
            receivers,
            later,
            clock,
            database_latency_ms,
            mailer,
            registry,
        }
    }

    /// Creates an endpoint of the first athlete that subscribes to these types.
    fn create_endpoint(&self, n: u128, event_types: &str) {
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

    /// Consumes the published events and runs the background work. Returns the number of events.
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

    fn consume(&self, messages: &[RawMessage]) -> Vec<MessageResult> {
        consume(&self.registry, &self.shards, &self.sink, Queue::WebhookNotification, messages)
    }

    /// Consumes the event that the sweep publishes.
    fn send_due_emails(&self) {
        let due = message(MailFellDue { athlete_id: athlete_id(1) });
        assert_eq!(self.consume(&[due]), [MessageResult::Ack]);
    }

    /// Returns each row's kind and the state of its email; `due` is in minutes after noon.
    fn rows(&self) -> Vec<String> {
        self.database.query(&format!(
            "SELECT kind, in_app, mail_attempt AS tries, (mail_due_at_ms - {NOON_MS}) / {MINUTE_MS} \
             AS due, mailed_at_ms IS NOT NULL AS mailed, mail_error AS error \
             FROM notifications ORDER BY athlete_id, seq"
        ))
    }

    /// Returns the number of emails sent since the last call.
    fn emails(&self) -> usize {
        self.mailer.take().len()
    }

    fn advance_minutes(&self, minutes: i64) {
        self.clock.advance_ms(minutes * MINUTE_MS);
    }

    fn dead_letter_reason(&self) -> String {
        self.sink.take_dead_letters(Queue::WebhookNotification).remove(0).reason
    }

    fn set_preferences(&self, settings: &str) {
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
        title: "Chest volume over MRV\r\nBcc: all@example.com".to_owned(),
        recommendation: "Take 6 hard sets away.".to_owned(),
    };
    RawMessage { attempts, ..message(data) }
}

/// Requests a notification of the first athlete; the title determines the event id.
fn notification(kind: &str, title: &str) -> RawMessage {
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
fn every_event_of_the_queue_has_a_handler() {
    let handled = Fixture::new().registry.types();
    let missing: Vec<_> = EventType::ALL
        .iter()
        .filter(|event| event.queue() == Queue::WebhookNotification)
        .filter(|event| !handled.contains(event))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
