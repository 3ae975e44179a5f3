//! Attempts on real SQL, with failing receivers and a fixed clock.

mod attempts;
mod disabling;
mod leases;

use super::*;
use futures_util::FutureExt;
use platform::{Clock, HttpError, HttpRequest, HttpResponse, Publisher};
use shared_kernel::{EventData, EventId};
use standard_webhooks::schedule::{JITTER, STEPS_S};
use standard_webhooks::{VerifyingKey, verify};
use std::rc::Rc;
use storage::webhooks::{deliveries, delivery_id};
use testkit::{
    DatabaseFault, Databases, DeferredTasks, FixedClock, FixedEntropy, Receivers, RecordingSink,
    TestVault, YieldingTimer, athlete_id, create_athlete, http_response, run,
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const OLD_SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const TRACE: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
const MINUTE_MS: i64 = 60_000;
const DAY_MS: i64 = 86_400_000;

struct Fixture {
    database: Databases,
    receivers: Rc<Receivers>,
    later: Rc<DeferredTasks>,
    clock: Rc<FixedClock>,
    sink: Rc<RecordingSink>,
    dispatcher: Dispatcher,
}

impl Fixture {
    /// Creates one athlete with `count` endpoints, `https://r{n}.example/hook`.
    fn with_endpoints(count: u128) -> Self {
        let (database, shards) = testkit::databases();
        create_athlete(&database, 1);
        let receivers = Rc::new(Receivers::responding_with(204));
        let later = Rc::new(DeferredTasks::default());
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let sink = Rc::new(RecordingSink::default());
        let dispatcher = Dispatcher {
            shards,
            http: Rc::clone(&receivers) as _,
            vault: Rc::new(TestVault::default()),
            publisher: WebhookEventPublisher::new(Publisher::new(Rc::clone(&sink) as _)),
            background: Rc::clone(&later) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::new(YieldingTimer(Rc::clone(&clock))),
            entropy: Rc::new(FixedEntropy::default()),
            environment: Environment::Public,
        };
        let fixture = Self { database, receivers, later, clock, sink, dispatcher };
        (1..=count).for_each(|n| fixture.create_endpoint(n, &url(n)));
        fixture
    }

    fn create_endpoint(&self, n: u128, url: &str) {
        let EndpointKey { athlete_id, endpoint_id } = key(n);
        let sealed = seal(n, SECRET);
        self.database.execute(&format!(
            "INSERT INTO webhook_endpoints (athlete_id, endpoint_id, url, description, event_types, \
             form, version, signing_keys, created_at_ms) VALUES ('{athlete_id}', '{endpoint_id}', \
             '{url}', '', '[]', 'full', 1, '[{{\"sealed\":\"{sealed}\",\"signature\":\"v1\",\"expires_at_ms\":null}}]', 0)"
        ));
    }

    /// Creates a delivery of the nth event that is due now.
    fn create_delivery(&self, endpoint: u128, n: u128) {
        let EndpointKey { athlete_id, endpoint_id } = key(endpoint);
        let now_ms = self.clock.now_ms();
        let event_id = EventId(Uuid::from_u128(n));
        let delivery_id = delivery_id(event_id, now_ms);
        self.database.execute(&format!(
            "INSERT INTO webhook_deliveries (athlete_id, endpoint_id, delivery_id, event_id, \
             event_type, body, traceparent, created_at_ms, due_at_ms) VALUES ('{athlete_id}', \
             '{endpoint_id}', '{delivery_id}', '{event_id}', 'record.set', '{{\"n\":{n}}}', \
             '{TRACE}', {now_ms}, {now_ms})"
        ));
    }

    /// Starts a run, and runs its background work.
    fn run(&self, endpoints: &[u128]) {
        self.start(endpoints);
        self.later.run();
    }

    fn start(&self, endpoints: &[u128]) {
        let keys: Vec<_> = endpoints.iter().map(|n| key(*n)).collect();
        assert!(run(self.dispatcher.dispatch(&keys)).is_empty());
    }

    /// Starts a run for the endpoints with due deliveries, as the sweep does.
    fn sweep(&self) {
        // The next sweep makes up for one that fails.
        let due = run(deliveries::overdue(
            self.dispatcher.shards.for_athlete(testkit::athlete_id(1)),
            self.clock.now_ms(),
            100,
        ));
        let keys: Vec<_> = due.iter().flatten().map(|due| due.key).collect();
        let _ = run(self.dispatcher.dispatch(&keys));
        self.later.run();
    }

    fn advance_ms(&self, milliseconds: i64) {
        self.clock.advance_ms(milliseconds);
    }

    /// Returns `status attempt` of each delivery.
    fn deliveries(&self) -> Vec<String> {
        self.texts(
            "SELECT status || ' ' || attempt AS text FROM webhook_deliveries ORDER BY event_id",
        )
    }

    /// Returns `outcome status error` of each attempt.
    fn attempts(&self) -> Vec<String> {
        self.texts(
            "SELECT concat_ws(' ', value ->> 'outcome', value ->> 'status', value ->> 'error') AS text \
             FROM webhook_deliveries, json_each(attempts) ORDER BY event_id, key",
        )
    }

    fn endpoints(&self) -> Vec<String> {
        self.texts(&format!(
            "SELECT concat_ws(' ', status, disabled_reason, iif(leased_until_ms > {}, 'leased', 'free')) \
             AS text FROM webhook_endpoints ORDER BY endpoint_id",
            self.clock.now_ms()
        ))
    }

    fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.database.query(sql);
        let text = |row: &String| {
            let row: serde_json::Value = serde_json::from_str(row).unwrap();
            row["text"].as_str().unwrap().to_owned()
        };
        rows.iter().map(text).collect()
    }

    /// Returns the ids of the published notifications of disabled endpoints.
    fn disabled_ids(&self) -> Vec<EventId> {
        let events = self.sink.take_events();
        let notifications =
            events.iter().filter(|e| matches!(e.data, EventData::NotificationRequested(_)));
        notifications.map(|event| event.id).collect()
    }

    /// Returns the published events.
    fn published(&self) -> Vec<String> {
        let events = self.sink.take_events();
        events
            .iter()
            .map(|event| match &event.data {
                EventData::NotificationRequested(data) => {
                    format!("{} {}", data.kind, data.data["reason"].as_str().unwrap())
                }
                EventData::WebhookDeliveryRequested(data) => format!("attempt {}", data.attempt),
                other => panic!("{other:?}"),
            })
            .collect()
    }
}

fn key(n: u128) -> EndpointKey {
    EndpointKey { athlete_id: athlete_id(1), endpoint_id: Uuid::from_u128(n) }
}

fn seal(n: u128, text: &str) -> String {
    run(TestVault::default().seal(text, &key(n).to_string())).unwrap()
}

fn url(n: u128) -> String {
    format!("https://r{n}.example/hook")
}

fn header<'a>(request: &'a HttpRequest, name: &str) -> Option<&'a str> {
    request.headers.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_str())
}

fn verifies(request: &HttpRequest, secret: &str, now_s: i64) -> bool {
    let key = VerifyingKey::parse(secret).unwrap();
    verify(
        |name| header(request, name),
        request.body.as_bytes(),
        &[key],
        u64::try_from(now_s).unwrap(),
    )
    .is_ok()
}
