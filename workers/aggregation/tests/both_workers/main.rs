//! The api and aggregation on one SQLite database; the tests deliver the messages between them.
//! Each test sends HTTP requests as an athlete and checks the resulting totals and events.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test panics on failure")]

mod account;
mod calendar;
mod edits;
mod export;
mod import_corrections;
mod import_limits;
mod imports;
mod records;

use aggregation::handlers::registry;
use aggregation::publisher::AggregationEventPublisher;
use api::app::App;
use api::cors::AllowedOrigins;
use api::key_usage::KeyUsage;
use api::publisher::ApiEventPublisher;
use futures::TryStreamExt;
use platform::consumer::RawMessage;
use platform::http::{Body, Content};
use platform::{Publisher, Registry, Usage};
use serde_json::{Value, json};
use shared_kernel::MessageResult;
use shared_kernel::payload::NotificationRequested;
use shared_kernel::{Event, EventData, EventType, Queue};
use standard_webhooks::Environment;
use std::rc::Rc;
use storage::Shards;
use testkit::{
    DatabaseFault, Databases, FixedClock, FixedEntropy, IanaTimeZones, RecordingSink, TestVault,
    consume, run,
};

const OPERATOR: &str = "operator";

struct Fixture {
    app: Rc<App>,
    database: Databases,
    shards: Shards,
    sink: Rc<RecordingSink>,
    registry: Registry,
    clock: Rc<FixedClock>,
}

impl Fixture {
    fn new() -> Self {
        let (database, shards) = testkit::databases();
        let sink = Rc::new(RecordingSink::default());
        let clock = Rc::new(FixedClock::at("2026-11-23T12:00:00Z"));
        let publisher = || Publisher::new(Rc::clone(&sink) as _);
        let app = Rc::new(App {
            shards: shards.clone(),
            publisher: ApiEventPublisher::new(publisher()),
            sink: Rc::clone(&sink) as _,
            clock: Rc::clone(&clock) as _,
            timer: Rc::clone(&clock) as _,
            time_zones: Rc::new(IanaTimeZones),
            rate_limiter: Rc::new(testkit::Unlimited),
            entropy: Rc::new(FixedEntropy::default()),
            operator_token: Some(OPERATOR.to_owned()),
            link_key: None,
            vault: Rc::new(TestVault::default()),
            environment: Environment::Public,
            has_public_url: true,
            key_usage: KeyUsage::new(Rc::default(), Rc::new(testkit::DeferredTasks::default())),
            allowed_origins: AllowedOrigins::default(),
            usage: Rc::new(Usage::default()),
        });
        let publisher = AggregationEventPublisher::new(publisher());
        let registry = registry(shards.clone(), publisher, Rc::clone(&clock) as _);
        Self { app, database, shards, sink, registry, clock }
    }

    /// Creates an athlete and returns a client with their API key.
    fn create_athlete(&self) -> Athlete<'_> {
        let operator = Athlete { fixture: self, key: OPERATOR.to_owned() };
        let profile = json!({ "display_name": "Ada" });
        let key = operator.send_ok("POST", "/v1/admin/athletes", &profile)["api_key"].clone();
        Athlete { fixture: self, key: key.as_str().unwrap().to_owned() }
    }

    /// Runs the sweep after a while.
    fn sweep_after_minutes(&self, minutes: i64) {
        self.clock.advance_ms(minutes * 60_000);
        run(self.app.sweep());
    }

    /// Lets aggregation consume its queue. Returns the events for other workers.
    fn consume_queue(&self) -> Vec<Event> {
        let (for_aggregation, others) = self.take_events();
        let results = self.deliver(&for_aggregation);
        assert!(results.iter().all(|result| *result == MessageResult::Ack), "{results:?}");
        let (for_aggregation, published) = self.take_events();
        assert!(for_aggregation.is_empty(), "aggregation sends itself no events");
        others.into_iter().chain(published).collect()
    }

    /// Removes and returns the events sent so far: for aggregation, and for other workers.
    fn take_events(&self) -> (Vec<Event>, Vec<Event>) {
        let events = self.sink.take_events().into_iter();
        events.partition(|event| event.event_type().queue() == Queue::VolumeAggregation)
    }

    /// Delivers a batch of events to aggregation.
    fn deliver(&self, events: &[Event]) -> Vec<MessageResult> {
        let message = |event: &Event| RawMessage {
            id: event.id.to_string(),
            body: event.encode().unwrap(),
            attempts: 1,
        };
        let messages: Vec<_> = events.iter().map(message).collect();
        let (shards, sink) = (&self.shards, &*self.sink);
        let results = consume(&self.registry, shards, sink, Queue::VolumeAggregation, &messages);
        assert_eq!(self.sink.take_dead_letters(Queue::VolumeAggregation), []);
        results
    }
}

/// An HTTP client of the api with the key of an athlete.
struct Athlete<'a> {
    fixture: &'a Fixture,
    key: String,
}

impl Athlete<'_> {
    /// Sends a request. Returns the status and the body of the response.
    fn send(&self, method: &str, path: &str, content_type: &str, body: &str) -> (u16, String) {
        let request = http::Request::builder()
            .method(method)
            .uri(format!("http://host{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .header("content-type", content_type)
            .body(Body::Complete(body.as_bytes().to_vec()))
            .unwrap();
        let response = run(self.fixture.app.handle(request));
        let status = response.status().as_u16();
        let text = match response.into_body() {
            Content::Text(text) => text,
            Content::Stream(chunks) => run(chunks.try_collect::<Vec<_>>()).unwrap().concat(),
        };
        (status, text)
    }

    /// Sends a JSON request that must succeed. Returns the body, `null` if it is empty.
    fn send_ok(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, text) = self.send(method, path, "application/json", &body.to_string());
        assert!((200..300).contains(&status), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    fn get(&self, path: &str) -> Value {
        self.send_ok("GET", path, &Value::Null)
    }

    /// Creates a workout. Returns its path.
    fn post_workout(&self, workout: &Value) -> String {
        let workout = self.send_ok("POST", "/v1/workouts", workout);
        format!("/v1/workouts/{}", workout["id"].as_str().unwrap())
    }

    /// Uploads a CSV file. Returns the import.
    fn import_csv(&self, query: &str, csv: &str) -> Value {
        let (status, text) = self.send("POST", &format!("/v1/imports{query}"), "text/csv", csv);
        assert_eq!(status, 202, "{text}");
        serde_json::from_str(&text).unwrap()
    }

    /// Reads the present state of an import.
    fn get_import(&self, import: &Value) -> Value {
        self.get(&format!("/v1/imports/{}", import["id"].as_str().unwrap()))
    }

    /// Reads the athlete's weeks, days and records, without the ids of workouts.
    fn totals(&self) -> Value {
        let records = self.get("/v1/records")["items"].as_array().unwrap().clone();
        let records = records.into_iter().map(|mut record| {
            record.as_object_mut().unwrap().remove("workout_id");
            record
        });
        json!({
            "weeks": self.get("/v1/volume/weekly?from=2024-12-01&to=2026-12-31")["weeks"],
            "days": [
                self.get("/v1/volume/daily?from=2024-12-01&to=2025-12-31")["days"],
                self.get("/v1/volume/daily?from=2026-01-01&to=2026-12-31")["days"],
            ],
            "records": records.collect::<Vec<_>>(),
        })
    }
}

/// Returns a workout with one working set of the bench press, which ends when it starts.
fn bench(started_at: &str, kg: f64, reps: u32) -> Value {
    let set = json!({ "kind": "working", "weight_kg": kg, "reps": reps });
    json!({
        "started_at": started_at,
        "ended_at": started_at,
        "exercises": [{ "exercise": "barbell-bench-press", "sets": [set] }],
    })
}

/// Returns the payloads of the requested notifications.
fn notifications(events: &[Event]) -> Vec<NotificationRequested> {
    let notification = |event: &Event| match &event.data {
        EventData::NotificationRequested(data) => Some(data.clone()),
        _ => None,
    };
    events.iter().filter_map(notification).collect()
}
